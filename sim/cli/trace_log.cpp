#include "sim/cli/trace_log.hpp"

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/traces/log_file.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/replay.hpp"

namespace fleetcache::cli {
namespace {

struct LogFlags {
  std::string file;
  std::string format = "auto";
  std::string columns;
  std::string policy;
  std::string capacity;
  std::string output;
  std::string progress = "auto";
  std::uint32_t tenants = 1;
  std::uint32_t entries = 0;
  std::uint64_t seed = 0;
  bool unit_size = false;
  bool overwrite = false;
};

Result<traces::RecordSpec> record_spec(const LogFlags& flags) {
  traces::RecordSpec spec;
  const auto wish = traces::parse_policy(flags.policy);
  if (!wish) return wish.error();
  eviction::Config& config = spec.origin.config;
  if (traces::parse_unsigned(flags.capacity, config.capacity) != traces::NumberFault::kOk) {
    const auto bytes = scenario::parse_bytes(flags.capacity);
    if (!bytes) return Error{"--capacity", bytes.error().what};
    config.capacity = *bytes;
  }
  spec.origin.policy = wish->name;
  spec.origin.tenants = flags.tenants;
  config.params = wish->params;
  config.seed = flags.seed;
  config.unit_charge = flags.unit_size;
  config.max_entries = flags.entries;
  if (flags.unit_size && flags.entries == 0) {
    config.max_entries = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(config.capacity, 0xfffffff0U / std::max(1U, flags.tenants)));
  }
  spec.unit_size = flags.unit_size;
  spec.overwrite = flags.overwrite;
  spec.stop = &interrupted();
  return spec;
}

void run_log(Session& session, const LogFlags& flags) {
  traces::ReadOptions options;
  const auto format = traces::parse_format(flags.format);
  if (!format) return fail(session, kBadInput, format.error().text());
  options.format = *format;
  if (!flags.columns.empty()) {
    auto columns = traces::parse_columns(flags.columns);
    if (!columns) return fail(session, kBadInput, columns.error().text());
    options.columns = std::move(*columns);
  }
  auto spec = record_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::record_log(flags.file, options, *spec, flags.output);
  progress.reset();
  if (!report) {
    const bool stopped = interrupted().load();
    return fail(session, stopped ? interrupt_exit_code() : kBadInput, report.error().text());
  }
  std::fprintf(stderr,
               "%s: %" PRIu64 " requests, %" PRIu64 " hits, %" PRIu64
               " records in %s, answers %016" PRIx64 "\n",
               flags.output.c_str(), report->requests, report->hits, report->records,
               scenario::print_bytes(report->bytes).c_str(), report->outputs_hash);
}

std::string hex(std::uint64_t word) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, word);
  return text;
}

/// "same", "different", "gaps" (nothing differs, but not all could be checked) or "cut short".
std::string state_of(const log::LogReport& r) {
  if (r.difference) return "different";
  if (r.gaps > 0) return "gaps";
  return r.complete ? "same" : "cut short";
}

nlohmann::ordered_json to_json(const log::LogReport& r) {
  nlohmann::ordered_json j = {{"state", state_of(r)},
                              {"policy", r.origin.policy},
                              {"capacity", r.origin.config.capacity},
                              {"tenants", r.origin.tenants},
                              {"records", r.records},
                              {"marks", r.marks},
                              {"complete", r.complete},
                              {"gaps", r.gaps},
                              {"lost", r.lost},
                              {"unchecked", r.unchecked},
                              {"dropped_touches", r.dropped_touches},
                              {"inputs_hash", hex(r.inputs_hash)},
                              {"outputs_hash", hex(r.outputs_hash)}};
  if (!r.difference) return j;
  const log::Difference& d = *r.difference;
  j["difference"] = {{"record", d.record},
                     {"call", d.call},
                     {"logged", d.logged},
                     {"replayed", d.replayed},
                     {"agreed_until", d.agreed_until},
                     {"agreed_state", hex(d.agreed_state)},
                     {"logged_state", d.logged_state == 0 ? "" : hex(d.logged_state)},
                     {"replayed_state", hex(d.replayed_state)},
                     {"replayed_summary", d.replayed_summary}};
  return j;
}

void print_text(const log::LogReport& r) {
  std::printf("%s, capacity %" PRIu64 ": %" PRIu64 " records re-executed, %" PRIu64
              " marks compared\n",
              r.origin.policy.c_str(), r.origin.config.capacity, r.records, r.marks);
  std::printf("inputs %s  answers %s\n", hex(r.inputs_hash).c_str(), hex(r.outputs_hash).c_str());
  if (r.dropped_touches > 0) {
    std::printf("the host dropped %" PRIu64 " touches before the core saw them\n",
                r.dropped_touches);
  }
  if (r.gaps > 0) {
    std::printf("%" PRIu64 " gaps, %" PRIu64 " records lost; %" PRIu64
                " records after the first gap were not checked\n",
                r.gaps, r.lost, r.unchecked);
  }
  if (!r.complete) std::printf("the log has no end: its node died, or is still writing\n");
  if (!r.difference) {
    std::printf("%s\n", r.gaps > 0 ? "no difference as far as the first gap" : "no difference");
    return;
  }
  const log::Difference& d = *r.difference;
  std::printf("\nfirst difference: record %" PRIu64 "\n", d.record);
  std::printf("  call      %s\n", d.call.c_str());
  std::printf("  logged    %s\n", d.logged.c_str());
  std::printf("  replayed  %s\n", d.replayed.c_str());
  if (d.agreed_until > 0) {
    std::printf("  both states were %s at record %" PRIu64 "\n", hex(d.agreed_state).c_str(),
                d.agreed_until);
  } else {
    std::printf("  no mark before it\n");
  }
  std::printf("  state of the log at its next mark  %s\n",
              d.logged_state == 0 ? "(none)" : hex(d.logged_state).c_str());
  std::printf("  state of the replay                %s\n", hex(d.replayed_state).c_str());
  std::printf("  replay: %s\n", d.replayed_summary.c_str());
}

void run_replay_log(Session& session, const std::string& file, const std::string& format,
                    const std::string& mode) {
  auto progress = std::make_unique<Progress>(progress_mode(mode), 1);
  const auto report =
      traces::replay_log_file(file, [&](double done) { progress->update(0, done); });
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  if (format == "json") {
    std::printf("%s\n", to_json(*report).dump(2).c_str());
  } else {
    print_text(*report);
  }
  if (report->difference) session.exit_code = kMissed;
}

}  // namespace

void add_trace_log(CLI::App& trace, Session& session) {
  auto* log = trace.add_subcommand("log", "replay a trace and write every decision to a log");
  const auto flags = std::make_shared<LogFlags>();
  log->add_option("trace", flags->file, "trace file, plain or .zst; - is standard input")
      ->required();
  log->add_option("--input-format", flags->format, "auto, or as `trace import --list` says");
  log->add_option("--columns", flags->columns, "of CSV, by header name or position");
  log->add_option("--policy", flags->policy, "one policy; parameters: slru:segments=5")->required();
  log->add_option("--capacity", flags->capacity, "5000 (objects or bytes) or 30GiB")->required();
  log->add_flag("--unit-size", flags->unit_size, "take every size as 1; the capacity is objects");
  log->add_option("--max-entries", flags->entries, "most objects at once (4194304)");
  log->add_option("--tenants", flags->tenants, "tenants of equal weight, by the trace's tenant")
      ->check(CLI::Range(1U, 1024U));
  log->add_option("--seed", flags->seed, "of policies that draw");
  log->add_option("-o,--output", flags->output, "the log to write")->required();
  log->add_flag("--overwrite", flags->overwrite, "replace an existing file");
  log->add_option("--progress", flags->progress, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  log->callback([flags, &session] { run_log(session, *flags); });

  auto* replay = trace.add_subcommand(
      "replay-log", "re-execute a decision log; exit 1 and both states at the first difference");
  const auto file = std::make_shared<std::string>();
  const auto format = std::make_shared<std::string>("table");
  const auto mode = std::make_shared<std::string>("auto");
  replay->add_option("log", *file, "decision log, plain or .zst; - is standard input")->required();
  replay->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
  replay->add_option("--progress", *mode, "on stderr: auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  replay->callback([=, &session] { run_replay_log(session, *file, *format, *mode); });
}

}  // namespace fleetcache::cli
