/// Capacity of the direct read path (no front end, no table layer). Nothing about it is public:
/// every number here is a parameter of the caller.
#pragma once

#include "models/origin/blob_front_end.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

struct BifrostLimits {
  BytesPerSecond stamp;     ///< throughput of the region's stamps to direct readers
  PerSecond plan_requests;  ///< read plans a second
  double eligible = 1;      ///< share of the demand that can be read directly
  double fallback = 0;      ///< probability that a direct read ends at the front end after all
};

/// Most bytes a second that a region can read when every eligible read takes the direct path and
/// the rest the front end. With d = eligible (1 - fallback): total = min(stamp / d, front_end /
/// (1 - d), plan_requests x bytes_per_plan / eligible). `bytes_per_plan`: what one node reads under
/// one plan before its lease ends. Requires: shares in [0, 1].
PathCapacity bifrost_capacity(const BifrostLimits& limits, BytesPerSecond front_end,
                              double bytes_per_plan);

}  // namespace fleetcache::models
