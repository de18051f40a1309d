/// What is no error of a scenario, but is hardly meant: for `check`.
#pragma once

#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

/// Names of the metrics that a run of the scenario can report, of either rung.
std::vector<std::string> metric_names(const scenario::Scenario& scenario);

/// Objectives on metrics that no run reports, objects too large for a cache tier, variants that ask
/// for a rung of their own, and what `unplayed` says. Each stands at the place in the file and the
/// path of the key.
std::vector<Error> warnings(const scenario::Loaded& loaded);

/// Planned events that the horizon leaves out or cuts off; at most one line each.
std::vector<Error> unplayed(const scenario::Loaded& loaded);

/// Request traces that are no Mooncake JSONL. Reads the first request of each only.
std::vector<Error> trace_errors(const scenario::Loaded& loaded);

}  // namespace fleetcache::cli
