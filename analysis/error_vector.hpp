/// How far a figure may be off, component by component. The components add up: a verdict is drawn
/// only when its margin is larger than the sum.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// Relative errors that no run of ours can estimate. They are declarations: every term made from
/// them is marked external and says where it is from.
struct ExternalErrors {
  /// Fluid flows against packets, on times and rates. A design target, not a measurement.
  double fluid = 0.05;
  /// Closed forms against simulation in steady state: the gate that a closed form has to pass.
  double model = 0.05;
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

/// Half width of the 95 % interval of a metric over seeds; absent when the run cannot tell.
std::optional<double> seed_error(const Metric& metric);

}  // namespace fleetcache::analysis
