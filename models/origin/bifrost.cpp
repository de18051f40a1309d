#include "models/origin/bifrost.hpp"

#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::models {

PathCapacity bifrost_capacity(const BifrostLimits& limits, BytesPerSecond front_end,
                              double bytes_per_plan) {
  FLEETCACHE_CHECK(limits.eligible >= 0 && limits.eligible <= 1, "eligible outside [0, 1]");
  FLEETCACHE_CHECK(limits.fallback >= 0 && limits.fallback <= 1, "fallback outside [0, 1]");
  const double direct = limits.eligible * (1 - limits.fallback);
  PathCapacity out{BytesPerSecond(std::numeric_limits<double>::infinity()), OriginLimit::kNone};
  const auto bound = [&out](double throughput, OriginLimit limit) {
    if (throughput < out.throughput.count) out = {BytesPerSecond(throughput), limit};
  };
  if (direct > 0) bound(limits.stamp.count / direct, OriginLimit::kStamp);
  if (direct < 1) bound(front_end.count / (1 - direct), OriginLimit::kFrontEnd);
  if (limits.eligible > 0 && limits.plan_requests.count > 0) {
    bound(limits.plan_requests.count * bytes_per_plan / limits.eligible, OriginLimit::kPlan);
  }
  return out;
}

}  // namespace fleetcache::models
