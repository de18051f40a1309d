/// The follow-on of the direct path. Nothing is public, so by default it is a factor on capacity
/// and latency; a mechanism is a caller's assumption.
#pragma once

#include "models/origin/bifrost.hpp"

namespace fleetcache::models {

struct DeltaZeroFactors {
  double capacity = 1;  ///< on the stamp throughput and the plan service
  double latency = 1;   ///< on the first byte
};

/// The direct path's limits with the factor applied. Requires: factors > 0.
inline BifrostLimits with_deltazero(BifrostLimits limits, const DeltaZeroFactors& factors) {
  limits.stamp = limits.stamp * factors.capacity;
  limits.plan_requests = limits.plan_requests * factors.capacity;
  return limits;
}

}  // namespace fleetcache::models
