#include "sim/cli/trace_import.hpp"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/import.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::cli {
namespace {

struct ImportFlags {
  std::string file;
  std::string format = "auto";
  std::string columns;
  std::string output = "-";
  std::string key;
  std::string chunk = "4MiB";
  std::string token_bytes;
  std::vector<std::string> class_bytes;
  std::string medium;
  std::string progress = "auto";
  bool removals = false;
  bool overwrite = false;
  bool list = false;
  unsigned sessions = 1;
};

/// "0", "4MiB": a plain number is bytes.
Result<std::uint64_t> parse_amount(const std::string& flag, const std::string& text) {
  std::uint64_t plain = 0;
  if (traces::parse_unsigned(text, plain) == traces::NumberFault::kOk) return plain;
  const auto bytes = scenario::parse_bytes(text);
  if (bytes) return *bytes;
  return Error{flag, bytes.error().what};
}

Result<traces::ReadOptions> read_options(const ImportFlags& flags) {
  traces::ReadOptions options;
  const auto format = traces::parse_format(flags.format);
  if (!format) return format.error();
  options.format = *format;
  if (!flags.columns.empty()) {
    auto columns = traces::parse_columns(flags.columns);
    if (!columns) return columns.error();
    options.columns = std::move(columns).value();
  }
  const auto chunk = parse_amount("--chunk", flags.chunk);
  if (!chunk) return chunk.error();
  options.chunk_bytes = *chunk;
  if (!flags.token_bytes.empty()) {
    const auto token = parse_amount("--token-bytes", flags.token_bytes);
    if (!token) return token.error();
    options.token_bytes = *token;
  }
  options.medium = flags.medium;
  options.removals = flags.removals;
  options.sessions = flags.sessions;
  return options;
}

/// A key itself, or "@FILE" for the first line of a file: keys on a command line can be seen.
Result<std::string> read_key(const std::string& text) {
  if (!text.starts_with('@')) return text;
  std::ifstream file(text.substr(1), std::ios::binary);
  std::string key;
  if (!std::getline(file, key)) return Error{"--anonymise", "cannot read " + text.substr(1)};
  if (key.ends_with('\r')) key.pop_back();
  return key;
}

Result<traces::ImportSpec> import_spec(const ImportFlags& flags) {
  traces::ImportSpec spec;
  spec.output = flags.output;
  spec.overwrite = flags.overwrite;
  spec.stop = &interrupted();
  if (!flags.key.empty()) {
    const auto key = read_key(flags.key);
    if (!key) return key.error();
    auto anonymiser = traces::Anonymiser::create(*key);
    if (!anonymiser) return anonymiser.error();
    spec.anonymiser = std::move(anonymiser).value();
  }
  for (const std::string& text : flags.class_bytes) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{"--class-bytes",
                   traces::quoted(text) + " is not CLASS=BYTES, such as lora=150MB"};
    }
    const auto bytes = parse_amount("--class-bytes", text.substr(equals + 1));
    if (!bytes) return bytes.error();
    spec.class_bytes.push_back({text.substr(0, equals), *bytes});
  }
  if (spec.output == "-" && ::isatty(STDOUT_FILENO) != 0) {
    return Error{"--output", "standard output is a terminal; name a file or pipe it"};
  }
  return spec;
}

void print_list() {
  for (const traces::FormatInfo& info : traces::formats()) {
    std::printf("%-15.*s %.*s\n", static_cast<int>(info.name.size()), info.name.data(),
                static_cast<int>(info.summary.size()), info.summary.data());
  }
}

/// On stderr, for stdout may be the trace.
void print_report(const ImportFlags& flags, const traces::ImportReport& report) {
  for (const traces::Note& note : report.info.notes) {
    if (note.count == 0) continue;
    std::fprintf(stderr, "note: %" PRIu64 " %s\n", note.count, note.what.c_str());
  }
  if (report.backward > 0) {
    std::fprintf(stderr,
                 "note: %" PRIu64 " requests earlier than the one before them kept in place\n",
                 report.backward);
  }
  const std::string format(traces::format_name(report.info.format));
  // Without sizes every request counts 1, which is no amount of bytes.
  const bool sized = report.info.has_sizes || !flags.class_bytes.empty();
  const std::string bytes = sized ? " of " + scenario::print_bytes(report.bytes) : "";
  std::fprintf(stderr,
               "%s: %" PRIu64 " requests (%" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64
               " deletes)%s, %" PRIu64 " tenants, from %s; %s written\n",
               flags.output == "-" ? "standard output" : flags.output.c_str(), report.requests,
               report.reads, report.writes, report.deletes, bytes.c_str(), report.tenants,
               format.c_str(), scenario::print_bytes(report.file_bytes).c_str());
}

void run_import(Session& session, const ImportFlags& flags) {
  if (flags.list) return print_list();
  if (flags.file.empty()) {
    return fail(session, kBadInput, "trace import: want a file, - for standard input, or --list");
  }
  const auto options = read_options(flags);
  if (!options) return fail(session, kBadInput, options.error().text());
  auto spec = import_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  auto reader = traces::open_trace(flags.file, *options);
  if (!reader) return fail(session, kBadInput, reader.error().text());
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::import_trace(**reader, std::move(spec).value());
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  if (report->stopped) {
    return fail(session, interrupt_exit_code(), "interrupted: no trace was written");
  }
  print_report(flags, *report);
}

}  // namespace

void add_trace_import(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("import", "logs of other systems as a trace file (fctrace)");
  const auto flags = std::make_shared<ImportFlags>();
  verb->add_option("file", flags->file, "log or trace, plain or .zst; - is standard input");
  verb->add_option("--input-format", flags->format, "auto, or one that --list shows");
  verb->add_flag("--list", flags->list, "show the formats and end");
  verb->add_option("--columns", flags->columns,
                   "of CSV: time=ts:ms,id=key:text,size=3,tenant=account:text,class=,op=,follows=,"
                   "parent=,next=");
  verb->add_option("-o,--output", flags->output,
                   "the trace to write; - is standard output (default)");
  verb->add_flag("--overwrite", flags->overwrite, "replace an existing file");
  verb->add_option("--anonymise", flags->key,
                   "keyed hashes of ids and tenants; a key of 16 bytes or more, or @FILE with one");
  verb->add_option("--chunk", flags->chunk,
                   "logs of blobs and files: size of the objects they are cut into (4MiB); 0 takes "
                   "an access as one object");
  verb->add_option("--token-bytes", flags->token_bytes,
                   "KV events and sessions: bytes of KV state a token");
  verb->add_option("--class-bytes", flags->class_bytes,
                   "sizes of classes that have none: checkpoint=6.5GB,lora=150MB")
      ->delimiter(',');
  verb->add_option("--medium", flags->medium,
                   "KV events: of this medium alone (that of the first)");
  verb->add_flag("--removals", flags->removals, "KV events: blocks let go are deletes");
  verb->add_option("--sessions", flags->sessions, "KV sessions: open at once (1)")
      ->check(CLI::Range(1U, 1024U));
  verb->add_option("--progress", flags->progress, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb->callback([flags, &session] { run_import(session, *flags); });
}

}  // namespace fleetcache::cli
