/// From the flags of `run` to what it would do: what `run` prices and does, and `check` prices.
#pragma once

#include "policies/base/result.hpp"
#include "sim/cli/run_flags.hpp"
#include "sim/cli/study.hpp"
#include "sim/cli/study_cost.hpp"
#include "sim/cli/study_rung.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

/// Of --max-memory and --max-time. A companion has none: the run that started it was weighed.
Result<Limits> limits_of(const RunFlags& flags);

/// The rule of --until; nothing without one. Fails for a metric that no run of the scenario
/// reports.
Result<std::optional<StopRule>> stop_rule_of(const RunFlags& flags, const scenario::Scenario& s);

/// What would run at a rung where one run takes `one`: which seeds, variants and companions.
/// Requires: check_run_flags and stop_rule_of passed.
StudyOptions plan_at(const RunFlags& flags, world::Rung rung, const world::Estimate& one);

/// The same in closed form.
StudyOptions plan_closed(const RunFlags& flags);

/// What all runs of the command take at a rung. `flags` and `loaded` must outlive it.
Price price_of(const RunFlags& flags, const scenario::Loaded& loaded);

}  // namespace fleetcache::cli
