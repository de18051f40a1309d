/// Which resource binds, and which do not matter.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// Below this utilisation (99th percentile) a resource had no effect.
inline constexpr double kIdle = 0.01;

/// The station of highest p99 utilisation; ties go to the higher mean, then to the first name.
/// `plus_10_percent` is left empty, with the reason.
Binding find_binding(const std::map<std::string, Station>& stations);

/// Parameters that set only stations below `kIdle`, sorted, each once.
std::vector<std::string> without_effect(const std::map<std::string, Station>& stations);

/// Station names, busiest first, at most `limit`.
std::vector<std::string> busiest(const std::map<std::string, Station>& stations, std::size_t limit);

/// Metrics that differ between two runs by more than a relative 1e-9, each with before and after.
std::map<std::string, std::pair<double, double>> changed_metrics(
    const std::map<std::string, Metric>& before, const std::map<std::string, Metric>& after);

}  // namespace fleetcache::analysis
