#include "sim/cli/trace_tune.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/trace_flags.hpp"
#include "sim/cli/trace_text.hpp"
#include "sim/traces/new_file.hpp"
#include "sim/traces/tune.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::TuneReport;

struct TuneFlags {
  InputFlags input;
  CacheFlags caches;
  std::vector<std::string> ranges;
  std::uint32_t settings = 27;
  double tune_share = 0.5;
  double miss_cost = 0;
  double gb_cost = 0;
  std::string goal = "requests";
  std::string output;
  bool overwrite = false;
};

Result<traces::TuneSpec> tune_spec(const TuneFlags& flags) {
  traces::TuneSpec spec;
  const auto policies = expand_policies(flags.caches.policies);
  if (!policies) return policies.error();
  if (policies->size() != 1) return Error{"--policy", "want one policy to tune"};
  const auto capacities = parse_capacities(flags.caches.capacities);
  if (!capacities) return capacities.error();
  if (capacities->size() != 1) return Error{"--capacity", "want one size to tune for"};
  for (const std::string& text : flags.ranges) {
    auto range = traces::parse_param_range(text);
    if (!range) return range.error();
    spec.ranges.push_back(std::move(range).value());
  }
  if (policies->front().find(':') != std::string::npos) {
    return Error{"--policy", "takes no parameters here; --param says which to vary"};
  }
  spec.policy = policies->front();
  spec.capacity = capacities->front();
  spec.unit_size = flags.caches.unit_size;
  spec.settings = flags.settings;
  spec.tune_share = flags.tune_share;
  spec.seed = flags.caches.seed;
  spec.threads = flags.caches.threads;
  spec.stop = &interrupted();
  if (flags.goal == "bytes") {
    spec.request_weight = 0;
    spec.byte_weight = 1;
  } else if (flags.goal == "cost") {
    if (flags.miss_cost <= 0 && flags.gb_cost <= 0) {
      return Error{"--goal", "cost needs --miss-cost or --gb-cost above 0"};
    }
    spec.request_weight = flags.miss_cost;
    spec.byte_weight = flags.gb_cost / 1e9;
  }
  return spec;
}

std::string params_text(const Params& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    out += (out.empty() ? "" : " ") + name + "=" + value;
  }
  return out.empty() ? "the defaults" : out;
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::vector<std::string> warnings(const TuneReport& r) {
  std::vector<std::string> out;
  if (r.long_reuse > traces::kLongReuse) {
    out.push_back("the trace is shorter than the reuse horizon: " + fixed(100 * r.long_reuse, 1) +
                  " % of reuses are farther apart than a quarter of it, so that many more lie "
                  "beyond its end");
  }
  if (r.batches < traces::kLeastBatches) {
    out.push_back("the later part has only " + std::to_string(r.batches) +
                  " batches of 50 requests: too few to call any difference a gain");
  }
  if (r.turnover < traces::kLeastTurnover) {
    out.push_back("the cache evicted only " + fixed(r.turnover, 2) +
                  " times its capacity in the first part: what was tuned is mostly how it fills");
  }
  return out;
}

const char* goal_name(const std::string& goal) {
  if (goal == "bytes") return "byte miss ratio";
  return goal == "cost" ? "cost miss ratio" : "miss ratio";
}

ordered_json json_of(const TuneReport& r, const std::string& goal) {
  // The file that a host loads: without a gain it leaves the defaults.
  ordered_json params = ordered_json::object();
  if (r.gains) {
    for (const auto& [name, value] : r.best) params[name] = value;
  }
  ordered_json tried = ordered_json::object();
  for (const auto& [name, value] : r.best) tried[name] = value;
  ordered_json rungs = ordered_json::array();
  for (const traces::TuneRung& rung : r.rungs) {
    rungs.push_back({{"rate", rung.rate}, {"settings", rung.settings}});
  }
  return {{"policy", r.policy},
          {"params", params},
          {"capacity", r.capacity},
          {"unit", r.unit_objects ? "objects" : "bytes"},
          {"gain", r.gains},
          {"goal", goal_name(goal)},
          {"difference", r.gain.mean},
          {"ci95", {r.gain.low, r.gain.high}},
          {"best_on_first_part", tried},
          {"first_part", {{"default", r.tune_default}, {"best", r.tune_best}}},
          {"later_part", {{"default", r.report_default}, {"best", r.report_best}}},
          {"rungs", rungs},
          {"bootstrap",
           {{"kind", "circular block, percentile"},
            {"batches", r.batches},
            {"block", r.block},
            {"resamples", r.resamples}}},
          {"trace",
           {{"requests", r.requests},
            {"tune_requests", r.tune_requests},
            {"digest", hex(r.digest)},
            {"long_reuse", r.long_reuse},
            {"first_requests", r.first_requests},
            {"turnover", r.turnover}}},
          {"warnings", warnings(r)}};
}

std::string text_of(const TuneReport& r, const std::string& goal) {
  std::string out = r.policy + " at " + capacity_text(r.capacity, r.unit_objects) +
                    (r.unit_objects ? " objects" : "") + ", " + goal_name(goal) + "\n\n";
  Table table = {{"", "first part (tuned on)", "later part (judged on)"}};
  table.push_back(
      {"requests", std::to_string(r.tune_requests), std::to_string(r.requests - r.tune_requests)});
  table.push_back({"the defaults", fixed(r.tune_default, 4), fixed(r.report_default, 4)});
  table.push_back({r.best.empty() ? "best: the defaults" : "best", fixed(r.tune_best, 4),
                   fixed(r.report_best, 4)});
  out += aligned(table) + "\n";
  if (r.gains) {
    out += "gain: " + fixed(r.gain.mean, 4) + " (95 %: " + fixed(r.gain.low, 4) + " to " +
           fixed(r.gain.high, 4) + ") with " + params_text(r.best) + "\n";
  } else if (r.best.empty()) {
    out += "no gain: the defaults were best on the first part\n";
  } else {
    out += "no gain: " + params_text(r.best) + " was best on the first part; on the later part " +
           fixed(r.gain.mean, 4) + " (95 %: " + fixed(r.gain.low, 4) + " to " +
           fixed(r.gain.high, 4) + ")\n";
  }
  out += "\ninterval: circular block bootstrap, " + std::to_string(r.batches) +
         " batches in blocks of " + std::to_string(r.block) + ", " + std::to_string(r.resamples) +
         " resamples\nsettings:";
  for (const traces::TuneRung& rung : r.rungs) {
    out += " " + std::to_string(rung.settings) + " on " + fixed(100 * rung.rate, 1) + " %,";
  }
  out.back() = ' ';
  out += "of the objects; varied:";
  for (const traces::ParamRange& range : r.ranges) out += " " + range.name;
  out += "\nfirst requests, which no setting can hit: " + fixed(100 * r.first_requests, 1) +
         " % of the later part\n";
  for (const std::string& warning : warnings(r)) out += "\nwarning: " + warning + "\n";
  return out;
}

void run_tune(Session& session, const TuneFlags& flags) {
  const auto options = read_options(flags.input);
  if (!options) return fail(session, kBadInput, options.error().text());
  auto spec = tune_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  // What cannot be written is better known before the work than after it.
  std::unique_ptr<traces::NewFile> file;
  if (!flags.output.empty()) {
    if (!flags.overwrite && std::filesystem::exists(flags.output)) {
      return fail(session, kBadInput, flags.output + ": exists already; --overwrite replaces it");
    }
    file = std::make_unique<traces::NewFile>(flags.output);
    if (const Status s = file->create(); !s) return fail(session, kBadInput, s.error().text());
  }
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.input.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::tune(flags.input.file, *options, *spec);
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  if (report->partial) {
    return fail(session, interrupt_exit_code(), "interrupted: nothing is tuned");
  }
  if (report->unit_objects && flags.gb_cost > 0) {
    return fail(session, kBadInput, "--gb-cost: the trace is replayed in objects");
  }
  const std::string json = json_of(*report, flags.goal).dump(2) + "\n";
  if (file) {
    Status written = file->write(json.data(), json.size());
    if (written) written = file->publish(flags.overwrite);
    if (!written) return fail(session, kBadInput, written.error().text());
  }
  std::fputs((flags.input.output == "json" ? json : text_of(*report, flags.goal)).c_str(), stdout);
}

}  // namespace

void add_trace_tune(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("tune",
                                    "parameters of a policy: tuned on the first part of a "
                                    "trace, judged on the later part");
  const auto flags = std::make_shared<TuneFlags>();
  add_input_flags(*verb, flags->input, {"table", "json"});
  add_cache_flags(*verb, flags->caches);
  verb->remove_option(verb->get_option("--recompute-next"));
  verb->add_option("--param", flags->ranges,
                   "small_ratio=0.02..0.5: vary these alone (all that the policy states a range "
                   "for)");
  verb->add_option("--settings", flags->settings, "tried, the defaults among them")
      ->check(CLI::Range(2U, 10000U));
  verb->add_option("--tune-share", flags->tune_share, "of the requests to tune on")
      ->check(CLI::Range(0.05, 0.95));
  verb->add_option("--goal", flags->goal, "misses of requests, bytes or cost")
      ->check(CLI::IsMember({"requests", "bytes", "cost"}));
  verb->add_option("--miss-cost", flags->miss_cost, "cost of a missed request")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--gb-cost", flags->gb_cost, "cost of 10^9 missed bytes")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("-o,--output", flags->output, "parameter file to write (JSON)");
  verb->add_flag("--overwrite", flags->overwrite, "replace an existing file");
  verb->callback([flags, &session] { run_tune(session, *flags); });
}

}  // namespace fleetcache::cli
