/// Which of a run's many figures lead the answer.
#pragma once

#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// Names of the metrics to show and to give errors for: those of the objectives, then goodput and
/// stall, time to first token, hit ratios and the origin's load, each group sorted by name. A run
/// that simulated nothing has few figures: all are headlines.
std::vector<std::string> headlines(const std::map<std::string, Metric>& metrics,
                                   const std::vector<Objective>& objectives, bool simulated);

}  // namespace fleetcache::analysis
