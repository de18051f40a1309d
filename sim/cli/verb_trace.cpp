// `trace stats|replay|synth`: traces without a fleet around them.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "policies/eviction/eviction.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/trace_import.hpp"
#include "sim/cli/trace_regions.hpp"
#include "sim/cli/trace_report.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/synth.hpp"

namespace fleetcache::cli {
namespace {

using traces::Capacity;
using traces::ReplayReport;

/// Flags of every verb that reads a trace.
struct InputFlags {
  std::string file;
  std::string format = "auto";
  std::string columns;
  std::string progress = "auto";
  std::string output = "table";
};

struct ReplayFlags : InputFlags {
  std::vector<std::string> policies;
  std::vector<std::string> capacities;
  bool unit_size = false;
  bool recompute_next = false;
  bool timing = false;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  std::uint64_t seed = 0;
};

struct SynthFlags {
  std::string kind;
  std::string file;
  bool overwrite = false;
  traces::SynthOptions options;
};

void add_input_flags(CLI::App& verb, InputFlags& flags, const std::vector<std::string>& formats) {
  verb.add_option("trace", flags.file, "trace file, plain or .zst; - is standard input")
      ->required();
  verb.add_option("--input-format", flags.format,
                  "auto, oracleGeneral, csv, mooncake, ids or lis (auto: by name, then content)");
  verb.add_option("--columns", flags.columns,
                  "of CSV, by header name or position: time=ts:ms,id=2,size=bytes,next=4");
  verb.add_option("--progress", flags.progress, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb.add_option("--format", flags.output, "of the result")->check(CLI::IsMember(formats));
}

Result<traces::ReadOptions> read_options(const InputFlags& flags) {
  traces::ReadOptions options;
  const auto format = traces::parse_format(flags.format);
  if (!format) return format.error();
  options.format = *format;
  if (flags.columns.empty()) return options;
  auto columns = traces::parse_columns(flags.columns);
  if (!columns) return columns.error();
  options.columns = std::move(columns).value();
  return options;
}

/// "5000", "30GiB" or "10%".
Result<Capacity> parse_capacity(const std::string& text) {
  Capacity capacity;
  std::uint64_t plain = 0;
  const auto fault = traces::parse_unsigned(text, plain);
  if (fault == traces::NumberFault::kOk) {
    capacity.amount = plain;
  } else if (fault != traces::NumberFault::kNotANumber) {
    return Error{"--capacity", traces::describe(fault, text)};
  } else if (text.ends_with('%')) {
    std::int64_t share = 0;  // a percent is 10 000 millionths
    const auto wrong =
        traces::parse_scaled(std::string_view(text).substr(0, text.size() - 1), 4, share);
    if (wrong != traces::NumberFault::kOk || share == 0 || share > 100'000'000) {
      return Error{"--capacity", traces::quoted(text) +
                                     " is not a share of the working set above 0 % and up to "
                                     "10000 %"};
    }
    capacity.share_millionths = static_cast<std::uint64_t>(share);
    return capacity;
  } else {
    const auto bytes = scenario::parse_bytes(text);
    if (!bytes) {
      return Error{"--capacity", bytes.error().what +
                                     "; want objects (5000), bytes (30GiB) or a share of the "
                                     "working set (10%)"};
    }
    capacity.amount = *bytes;
    capacity.in_bytes = true;
  }
  if (capacity.amount == 0) {
    return Error{"--capacity", traces::quoted(text) + " holds nothing; want more than 0"};
  }
  return capacity;
}

Status check_policy(const std::string& text) {
  const auto wish = traces::parse_policy(text);
  if (!wish) return wish.error();
  if (eviction::find_policy(wish->name) != nullptr) return Nothing{};
  std::vector<std::string> known = {"s3fifo"};
  std::string list;
  for (const eviction::PolicyInfo& info : eviction::policies()) {
    known.emplace_back(info.name);
    list += (list.empty() ? "" : ", ") + std::string(info.name);
  }
  const std::string near = nearest(wish->name, known);
  return Error{"--policy", "there is no policy " + traces::quoted(wish->name) +
                               (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                               " (known: " + list + ")"};
}

Result<traces::ReplaySpec> replay_spec(const ReplayFlags& flags) {
  traces::ReplaySpec spec;
  for (const std::string& policy : flags.policies) {
    if (const Status s = check_policy(policy); !s) return s.error();
  }
  for (const std::string& text : flags.capacities) {
    const auto capacity = parse_capacity(text);
    if (!capacity) return capacity.error();
    spec.capacities.push_back(*capacity);
  }
  spec.policies = flags.policies;
  spec.unit_size = flags.unit_size;
  spec.recompute_next = flags.recompute_next;
  spec.threads = std::max(1U, flags.threads);
  spec.seed = flags.seed;
  spec.stop = &interrupted();
  return spec;
}

void note(std::uint64_t requests, const std::string& what) {
  if (requests == 0) return;
  std::fprintf(stderr, "note: %llu requests %s\n", static_cast<unsigned long long>(requests),
               what.c_str());
}

/// What the counts alone do not tell.
void print_notes(const ReplayReport& report) {
  note(report.dropped, "of size 0 were left out");
  for (const traces::ReplayRow& row : report.rows) {
    const std::string cache =
        row.policy + " at " +
        (report.unit_objects ? std::to_string(row.capacity) : scenario::print_bytes(row.capacity));
    // Most often a capacity meant in objects over a trace with sizes.
    const bool most = row.too_large > row.requests / 2 && !report.unit_objects;
    note(row.too_large, "are for objects larger than the cache, never stored: " + cache +
                            (most ? " (--unit-size takes every size as 1)" : ""));
    const auto wish = traces::parse_policy(row.policy);
    const bool evicts = !wish || eviction::find_policy(wish->name)->evicts;
    if (!evicts || row.not_stored <= row.too_large) continue;
    note(row.not_stored - row.too_large,
         "missed and were not stored by the policy's own limit on sizes: " + cache);
  }
}

/// Requests a CPU second of each cache, and of the whole process with reading and all.
void print_timing(const ReplayReport& report) {
  double requests = 0;
  for (const traces::ReplayRow& row : report.rows) {
    requests += static_cast<double>(row.requests);
    std::fprintf(stderr, "timing: %s at %llu: %.1f M requests per CPU second\n", row.policy.c_str(),
                 static_cast<unsigned long long>(row.capacity),
                 static_cast<double>(row.requests) / std::max(row.cpu_s, 1e-9) / 1e6);
  }
  timespec cpu{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const double process_s = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  std::fprintf(stderr,
               "timing: reading %.3f CPU s, process %.3f CPU s, all rows with reading: %.1f M "
               "requests per CPU second\n",
               report.read_cpu_s, process_s, requests / process_s / 1e6);
}

void run_replay(Session& session, const ReplayFlags& flags) {
  const auto options = read_options(flags);
  if (!options) return fail(session, kBadInput, options.error().text());
  auto spec = replay_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::replay(flags.file, *options, *spec);
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  print_notes(*report);
  std::fputs(render_replay(*report, flags.output).c_str(), stdout);
  if (flags.timing) print_timing(*report);
  if (report->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

void run_stats(Session& session, const InputFlags& flags) {
  const auto options = read_options(flags);
  if (!options) return fail(session, kBadInput, options.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  const auto stats = traces::trace_stats(
      flags.file, *options,
      {&interrupted(), [&progress](double done) { progress->update(0, done); }});
  progress.reset();
  if (!stats) return fail(session, kBadInput, stats.error().text());
  note(stats->dropped, "of size 0 were left out");
  std::fputs(render_stats(*stats, flags.output).c_str(), stdout);
  if (stats->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

void run_synth(Session& session, SynthFlags flags) {
  const auto kind = traces::parse_synth_kind(flags.kind);
  if (!kind) return fail(session, kBadInput, kind.error().text());
  flags.options.kind = *kind;
  const auto ids = traces::synthesize(flags.options);
  if (!ids) return fail(session, kBadInput, ids.error().text());
  const Status written = traces::write_oracle_general(flags.file, *ids, flags.overwrite);
  if (!written) return fail(session, kBadInput, written.error().text());
  std::fprintf(stderr, "%s: %zu requests written\n", flags.file.c_str(), ids->size());
}

void add_replay(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("replay", "miss counts of policies at capacities");
  const auto flags = std::make_shared<ReplayFlags>();
  add_input_flags(*verb, *flags, {"table", "json", "md", "csv"});
  verb->add_option("--policy", flags->policies,
                   "policies, as `fleetcache policies` lists them; parameters: slru:segments=5")
      ->required()
      ->delimiter(',');
  verb->add_option("--capacity", flags->capacities,
                   "5000 (objects, or bytes where sizes count), 30GiB or 10% of the working set")
      ->required()
      ->delimiter(',');
  verb->add_flag("--unit-size", flags->unit_size, "take every size as 1; capacities are objects");
  verb->add_flag("--recompute-next", flags->recompute_next,
                 "ignore the next accesses in the trace (belady)");
  verb->add_option("--threads", flags->threads, "independent rows at once; changes no result")
      ->check(CLI::Range(1U, 1024U));
  verb->add_option("--seed", flags->seed, "of policies that draw");
  verb->add_flag("--timing", flags->timing, "requests per CPU second on stderr");
  verb->callback([flags, &session] { run_replay(session, *flags); });
}

void add_stats(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("stats", "popularity, sizes, reuse, LRU miss-ratio curve");
  const auto flags = std::make_shared<InputFlags>();
  add_input_flags(*verb, *flags, {"table", "json"});
  verb->callback([flags, &session] { run_stats(session, *flags); });
}

void add_synth(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("synth", "write a synthetic trace (oracleGeneral)");
  const auto flags = std::make_shared<SynthFlags>();
  verb->add_option("--kind", flags->kind, "zipf, loop or epoch")->required();
  verb->add_option("--objects", flags->options.objects, "ids are 1..N")->required();
  verb->add_option("--requests", flags->options.requests, "of zipf and loop");
  verb->add_option("--epochs", flags->options.epochs, "of epoch: every id once in each");
  verb->add_option("--seed", flags->options.seed, "of zipf and epoch (42)");
  verb->add_option("-o,--output", flags->file, "the file to write")->required();
  verb->add_flag("--overwrite", flags->overwrite, "replace an existing file");
  verb->callback([flags, &session] { run_synth(session, *flags); });
}

}  // namespace

void add_trace(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("trace", "traces: statistics, policy replay, synthesis");
  verb->require_subcommand(1);
  add_stats(*verb, session);
  add_replay(*verb, session);
  add_synth(*verb, session);
  add_trace_regions(*verb, session);
  add_trace_import(*verb, session);
}

}  // namespace fleetcache::cli
