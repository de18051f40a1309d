/// Rates of failure of many parts.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Mean time to interruption of a job on `parts` parts that each fail at `rate` (exponential).
/// Requires: parts > 0, rate > 0.
inline Duration mean_time_to_interruption(double parts, PerSecond rate) {
  return from_seconds(1 / (parts * rate.count));
}

/// Rate of one part from a count of failures over part-time, e.g. 419 over 54 days x 16,384 GPUs.
inline PerSecond failure_rate(double failures, double parts, Duration observed) {
  return PerSecond(failures / (parts * to_seconds(observed)));
}

/// Share of time a part is up: mttf / (mttf + mttr).
inline double availability(Duration time_to_failure, Duration time_to_repair) {
  return to_seconds(time_to_failure) / (to_seconds(time_to_failure) + to_seconds(time_to_repair));
}

/// Time to read `lost` again over the slowest rate that takes part.
inline Duration refill_time(double lost_bytes, BytesPerSecond slowest) {
  return from_seconds(lost_bytes / slowest.count);
}

}  // namespace fleetcache::models
