/// How far a figure may be off, component by component. The components add up: a verdict is drawn
/// only when its margin is larger than the sum.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// Errors that no run of ours can estimate: every term made from them is marked external and says
/// where it is from. Those of closed forms are a stored table by family of figures: the largest
/// disagreement with simulation in docs/analytic.md, rounded up. Change both together.
struct ExternalErrors {
  /// Fluid flows against packets, on times and rates; of the smaller side of a share. A design
  /// target, not a measurement.
  double fluid = 0.05;
  /// Least error of a share (0.1 percentage points), also at 0 and at 100 %.
  double share_floor = 0.001;
  double model_stall = 0.25;  ///< stall, goodput: part of the stall (7.5 / 9.2, 15.0 / 19.5 %)
  double model_stall_floor = 0.02;  ///< and at least these 2 percentage points
  double model_hit_ratio = 0.06;    ///< percentage points (62.2 / 67.9 %)
  double model_time = 0.40;         ///< times (676 / 926 ms)
  double model = 0.05;              ///< what was not compared
};

/// The terms of the metrics named in `metrics`, in their order. Simulated: seed, warmup, fluid;
/// otherwise: model. Counts and byte totals carry no fluid term: the fluid model moves when bytes
/// flow, and only through that which.
std::vector<ErrorTerm> error_vector(const std::map<std::string, Metric>& figures,
                                    const std::vector<std::string>& metrics, bool simulated,
                                    const ExternalErrors& external = {});

/// Sum of the estimated terms of a metric.
double total_error(const std::vector<ErrorTerm>& terms, const std::string& metric);
/// True when a component that the metric should have could not be estimated.
bool has_unknown_error(const std::vector<ErrorTerm>& terms, const std::string& metric);

/// Half width of the 95 % interval of a metric: over seeds, else over at least 10 batches with as
/// many degrees of freedom less one; absent when there is neither.
std::optional<double> seed_error(const Metric& metric);

}  // namespace fleetcache::analysis
