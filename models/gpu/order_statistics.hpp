/// What a synchronous step of N nodes sees of each node: the slowest.
#pragma once

namespace fleetcache::models {

/// H_n = 1 + 1/2 + ... + 1/n: the mean of the slowest of n exponential reads, in their mean. Exact
/// sum to 1,000, then the asymptotic series (error below 1e-15). Checked by: V13.
double harmonic(double n);
/// 1 - (1 - m)^N: probability that a step of N nodes sees at least one miss, without cancellation.
/// Requires: 0 <= m <= 1, N >= 0. Valid for: independent misses. Checked by: V16.
double probability_any(double n, double m);
/// The uniform whose F^-1 is the slowest of n: u^(1/n). Requires: 0 < u < 1. One draw stands for n.
double uniform_of_max(double u, double n);

}  // namespace fleetcache::models
