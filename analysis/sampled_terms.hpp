/// The components of the error that only a sampled or bundled rung has. Each is an estimate from
/// companion runs with the seed of the base; the arithmetic stands at each function.
#pragma once

#include <string>

#include "analysis/evidence.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// From the re-solve threshold ε, whose error is one-sided and linear in ε: twice the difference to
/// ε/2, or the difference to 2ε.
ErrorTerm window_term(const std::string& name, const Metric& metric, const Evidence& evidence);

/// From which keys and readers were drawn. Full: the larger of Student's t times the spread over
/// the salts (base included) and twice the difference to doubled samples. Quick: a quarter of the
/// samples doubles the spread, so half of t times the spread of the quarters.
ErrorTerm sample_term(const std::string& name, const Metric& metric, const Evidence& evidence);

/// From standing in for n nodes with a few: bias C/n (Gast, Van Houdt, SIGMETRICS 2017). Full:
/// against 2n, C/n = 2 |x(2n) - x(n)|. Quick: against the mean of the quarters, C/n =
/// |x(n/4) - x(n)| / 3.
ErrorTerm representative_term(const std::string& name, const Metric& metric,
                              const Evidence& evidence);

/// From steady stretches that were stepped over, as the run measured it. Unknown when it stepped
/// and did not measure this figure. Requires: evidence.stepped_s > 0.
ErrorTerm skip_term(const std::string& name, const Evidence& evidence);

/// Fewest draws for each reader whose slowest is told: below, the tail is extrapolated.
inline constexpr double kDrawsPerReader = 10;
/// The job of a figure whose tail is extrapolated, with its draws; null when none is.
const TailSample* extrapolated_tail(const std::string& name, const Evidence& evidence);
/// Requires: extrapolated_tail(name, evidence) != nullptr.
ErrorTerm tail_term(const std::string& name, const Evidence& evidence);

}  // namespace fleetcache::analysis
