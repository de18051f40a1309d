/// Which resource binds, and which do not matter.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// Below this utilisation (mean and 99th percentile) a resource is idle. That is no proof that it
/// has no effect: a faster link shortens each transfer, however few there are.
inline constexpr double kIdle = 0.01;

/// Share of useful compute from which a GPU counts as fed: compute binds when every job reaches it.
inline constexpr double kComputeBinds = 0.97;

/// When every `gpu.JOB` is at least `kComputeBinds` busy, the busiest of them: nothing in the data
/// path holds it up. Otherwise the data-path station of highest mean utilisation (without any, the
/// busiest station); ties go to the higher p99, then to the first name. The
/// p99 of a link is that of an instantaneous share: one flow alone on it is 100 %, which says that
/// there are bursts, not that they hold anything up. `plus_10_percent` is left empty, with the
/// reason.
Binding find_binding(const std::map<std::string, Station>& stations);

/// Parameters that set only stations below `kIdle`, sorted, each once.
std::vector<std::string> idle_parameters(const std::map<std::string, Station>& stations);

/// Parameters whose +10 % was really evaluated and moved none of the `judged` metrics by more than
/// the metric's error. Where the error is not known, and for closed forms (whose error is common to
/// both answers), only no change at all counts. Empty when nothing was raised or judged.
std::vector<std::string> without_effect(const Result& result, const std::vector<Objective>& judged);

/// True for `gpu.JOB`, whose utilisation is the share of time with useful compute.
bool is_compute(const std::string& station);

/// Station names, highest mean utilisation first (as in `find_binding`), at most `limit`.
std::vector<std::string> busiest(const std::map<std::string, Station>& stations, std::size_t limit);

/// Metrics that differ between two runs by more than a relative 1e-9, each with before and after.
std::map<std::string, std::pair<double, double>> changed_metrics(
    const std::map<std::string, Metric>& before, const std::map<std::string, Metric>& after);

}  // namespace fleetcache::analysis
