/// Failures and repairs of one thing over a span of time.
#pragma once

#include <vector>

#include "policies/base/rng.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// One outage: [at, at + lasts).
struct Outage {
  TimePoint at;
  Duration lasts;
};

/// An alternating renewal process from time 0, when the thing works: exponential times to failure
/// of mean `mtbf`, exponential repairs of mean `repair`, until `horizon`. The last outage may end
/// after it. Two draws an outage and one more; a longer horizon keeps the outages of a shorter one.
/// Requires: mtbf > 0, repair > 0. O(outages). Valid for: failures without memory; infant mortality
/// and wear are not in it. Source: Ross, Introduction to Probability Models, ch. 7.
/// Checked by: tests/unit/models/outages_test.cpp.
std::vector<Outage> outages(Duration mtbf, Duration repair, TimePoint horizon, Rng& rng);

}  // namespace fleetcache::models
