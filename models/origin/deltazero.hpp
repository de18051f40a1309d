/// The follow-on of the direct path. Nothing is public about either, so it is a factor on capacity
/// and one on latency; every number here is a parameter of the caller.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// The figures of the direct path that the follow-on may change.
struct DirectPath {
  BytesPerSecond stamp;     ///< throughput of the region's stamps to direct readers
  PerSecond plan_requests;  ///< read plans a second
  Duration plan_time;
  Duration first_byte_p50, first_byte_p99;
};

struct DeltaZeroFactors {
  double capacity = 1;  ///< on the stamp throughput only: plans come from the same plan service
  double latency = 1;   ///< on the plan time and the first byte
};

/// The direct path with the factors applied. Requires: factors > 0.
inline DirectPath with_deltazero(DirectPath path, const DeltaZeroFactors& factors) {
  path.stamp = path.stamp * factors.capacity;
  for (Duration* time : {&path.plan_time, &path.first_byte_p50, &path.first_byte_p99})
    *time = from_seconds(to_seconds(*time) * factors.latency);
  return path;
}

}  // namespace fleetcache::models
