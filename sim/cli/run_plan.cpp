#include "sim/cli/run_plan.hpp"

#include <algorithm>
#include <limits>

#include "sim/cli/check_warnings.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

// With `--seeds auto`, short runs are repeated under other seeds: five give a useful interval.
constexpr std::uint32_t kSeedsAuto = 5;
constexpr double kShortRun_s = 3;

analysis::Effort effort_of(const std::string& name) {
  if (name == "none") return analysis::Effort::kNone;
  return name == "full" ? analysis::Effort::kFull : analysis::Effort::kQuick;
}

std::uint32_t seeds_of(const RunFlags& flags, const world::Estimate& one) {
  if (flags.single) return 1;
  std::uint32_t seeds = 1;
  const std::string& asked = flags.reps.empty() ? flags.seeds : flags.reps;
  if (!flags.until.empty() && flags.reps.empty()) {
    seeds = kRepsFirst;
  } else if (asked == "auto") {
    seeds = one.cpu_seconds <= kShortRun_s ? kSeedsAuto : 1;
  } else {
    seeds = static_cast<std::uint32_t>(*scenario::parse_count(asked));
  }
  // Four more seeds: publication wants their spread, however long a run takes.
  return flags.error == "full" ? std::max(seeds, kSeedsAuto) : seeds;
}

}  // namespace

Result<Limits> limits_of(const RunFlags& flags) {
  const auto memory = scenario::parse_bytes(flags.max_memory);
  if (!memory) return Error{"--max-memory", memory.error().text()};
  const auto time = scenario::parse_duration(flags.max_time);
  if (!time) return Error{"--max-time", time.error().text()};
  Limits limits{static_cast<double>(*memory), static_cast<double>(*time) / 1e9, flags.max_memory,
                flags.max_time};
  // More samples may take a little more than the base.
  if (flags.single) limits.memory_bytes = limits.cpu_s = std::numeric_limits<double>::infinity();
  return limits;
}

Result<std::optional<StopRule>> stop_rule_of(const RunFlags& flags, const scenario::Scenario& s) {
  if (flags.until.empty()) return std::optional<StopRule>();
  auto rule = parse_stop_rule(flags.until);
  if (!rule) return rule.error();
  const auto known = metric_names(s);
  if (std::find(known.begin(), known.end(), rule->metric) == known.end()) {
    const std::string near = nearest(rule->metric, known);
    return Error{"--until", "no run of this scenario reports '" + rule->metric + "'" +
                                (near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
  return std::optional<StopRule>(std::move(rule).value());
}

StudyOptions plan_closed(const RunFlags& flags) {
  StudyOptions options;
  options.analytic = true;
  options.what = flags.what;
  options.settings = flags.settings;
  options.single = flags.single;
  options.run = flags.run;
  options.run.step_over = !flags.no_step_over;
  options.effort = effort_of(flags.error);
  options.variants = !flags.no_variants && !flags.single && flags.variant.empty();
  options.what_if = !flags.no_what_if && !flags.single;
  options.progress = flags.quiet ? ProgressMode::kNone : progress_mode(flags.progress);
  return options;
}

StudyOptions plan_at(const RunFlags& flags, world::Rung rung, const world::Estimate& one) {
  StudyOptions options = plan_closed(flags);
  options.analytic = false;
  options.run.rung = rung;
  options.seeds = seeds_of(flags, one);
  options.average = !flags.reps.empty() || !flags.until.empty();
  if (!flags.until.empty()) {
    if (auto rule = parse_stop_rule(flags.until)) options.until = std::move(rule).value();
    options.seeds_max = flags.reps_max;
  }
  return options;
}

Price price_of(const RunFlags& flags, const scenario::Loaded& loaded) {
  return [&flags, &loaded](world::Rung rung) {
    const world::Estimate one = world::estimate(loaded.scenario, rung, flags.run.sample_factor,
                                                flags.run.representative_factor);
    return cost_of(loaded, plan_at(flags, rung, one), one);
  };
}

}  // namespace fleetcache::cli
