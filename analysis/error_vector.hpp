/// How far a figure may be off, component by component. The components add up: a verdict is drawn
/// only when its margin is larger than the sum.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/evidence.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// The terms of the metrics named in `metrics`, in their order. Every simulated figure: seed,
/// warmup, and fluid when transfers move it (counts and byte totals have none: the fluid model
/// moves when bytes flow, and only through that which). Rungs bundled and fleet add bundle and
/// window, fleet adds placement, sample, representative, skip and tail; closed forms have model,
/// what moves with their inputs (evidence.hpp, `moved`) and failures. A figure of all training jobs
/// has the components of theirs (aggregate_terms.hpp).
std::vector<ErrorTerm> error_vector(const std::map<std::string, Metric>& figures,
                                    const std::vector<std::string>& metrics,
                                    const Evidence& evidence);

/// Sum of the estimated terms of a metric.
double total_error(const std::vector<ErrorTerm>& terms, const std::string& metric);
/// True when a component that the metric should have could not be estimated.
bool has_unknown_error(const std::vector<ErrorTerm>& terms, const std::string& metric);

/// Half width of the 95 % interval of a metric: over seeds, else over at least 10 batches with as
/// many degrees of freedom less one; absent when there is neither.
std::optional<double> seed_error(const Metric& metric);

}  // namespace fleetcache::analysis
