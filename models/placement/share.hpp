/// How unevenly placement spreads keys over owners.
#pragma once

#include <vector>

namespace fleetcache::models {

/// Standard deviation of one owner's share of the keys over the mean share, when owners are placed
/// by `points` independent points each (a ring's virtual nodes) and `keys` keys fall to an owner on
/// average: sqrt(1 / points + 1 / keys). Requires: both > 0.
/// Source: the share is Beta(points, ...), nearly Gamma(points) / points; keys add Poisson noise.
double share_deviation(double points, double keys);

/// Owners in `strata` equal parts by their share, a normal law with mean 1 and deviation `sigma`:
/// the cumulative part of the keys that falls to the first, the first two, ... of them; the last is
/// 1. With sigma 0 all parts are equal. Shares below 1 % of the mean count as 1 %.
/// Requires: sigma >= 0, strata >= 1. O(strata). Checked by: tests/unit/models/share_test.cpp.
std::vector<double> cumulative_shares(double sigma, unsigned strata);

}  // namespace fleetcache::models
