/// Money: what idle accelerators, moved bytes and worn devices cost.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

constexpr double kHoursPerMonth = 730;

/// Dollars a month of `gpus` accelerators that stand still a share `stall` of the time.
inline Money stall_cost_per_month(double gpus, Money gpu_hour, double stall) {
  return Money(gpus * gpu_hour.count * stall * kHoursPerMonth);
}

/// Dollars a month of a constant rate at a price for each 1e9 bytes.
inline Money transfer_cost_per_month(BytesPerSecond rate, Money per_gb) {
  return Money(rate.count / 1e9 * kHoursPerMonth * 3600 * per_gb.count);
}

/// Dollars of a mean rate over some time at a price for each 1e9 bytes.
inline Money transfer_cost(BytesPerSecond rate, Duration time, Money per_gb) {
  return Money(rate.count / 1e9 * to_seconds(time) * per_gb.count);
}

}  // namespace fleetcache::models
