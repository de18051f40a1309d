#include "models/origin/bifrost.hpp"

#include <limits>

#include "models/numeric.hpp"
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

double path_time_s(const PathLaw& path, BytesPerSecond load, Bytes size) {
  const double rho = load.count / path.capacity.count;
  if (rho >= 1) return std::numeric_limits<double>::infinity();
  return to_seconds(path.latency) +
         static_cast<double>(size.count) / (path.stream.count * (1 - rho));
}

double wardrop_share(const PathLaw& a, const PathLaw& b, BytesPerSecond demand, Bytes size) {
  FLEETCACHE_CHECK(demand.count < a.capacity.count + b.capacity.count,
                   "a demand above both capacities has no equilibrium");
  if (demand.count <= 0) return path_time_s(a, demand, size) <= path_time_s(b, demand, size);
  // a's time grows with its share and b's falls, so the difference is increasing. Where both are
  // infinite (the share leaves b above capacity), more must go to a.
  const auto a_minus_b = [&](double share) {
    const double time_b = path_time_s(b, BytesPerSecond(demand.count * (1 - share)), size);
    if (time_b == std::numeric_limits<double>::infinity()) {
      return -std::numeric_limits<double>::infinity();
    }
    return path_time_s(a, BytesPerSecond(demand.count * share), size) - time_b;
  };
  if (a_minus_b(0) >= 0) return 0;
  if (a_minus_b(1) <= 0) return 1;
  return bisect_increasing(a_minus_b, 0.0, 0.0, 1.0);
}

}  // namespace fleetcache::models
