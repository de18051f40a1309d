#include "models/origin/blob_front_end.hpp"

#include <cmath>

#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

// A ratio that is a whole number up to rounding must not cost an account more.
std::uint64_t ceil_ratio(double demand, double limit) {
  if (demand <= 0) return 0;
  FLEETCACHE_CHECK(limit > 0, "a demand against a limit of zero");
  return static_cast<std::uint64_t>(std::ceil(demand / limit * (1 - 1e-12)));
}

}  // namespace

std::string_view name(OriginLimit limit) {
  switch (limit) {
    case OriginLimit::kNone:
      return "none";
    case OriginLimit::kRequests:
      return "requests";
    case OriginLimit::kEgress:
      return "egress";
    case OriginLimit::kIngress:
      return "ingress";
    case OriginLimit::kCapacity:
      return "capacity";
    case OriginLimit::kFleetEgress:
      return "fleet egress";
    case OriginLimit::kStamp:
      return "stamp";
    case OriginLimit::kPlan:
      return "plan service";
    case OriginLimit::kFrontEnd:
      return "front end";
  }
  return "none";
}

PathCapacity front_end_capacity(const FrontEndLimits& limits, std::uint32_t accounts,
                                Bytes object) {
  FLEETCACHE_CHECK(accounts >= 1 && object.count > 0,
                   "front_end_capacity needs accounts and bytes");
  PathCapacity out{BytesPerSecond(accounts * limits.egress.count), OriginLimit::kEgress};
  const double by_requests = accounts * limits.requests.count * static_cast<double>(object.count);
  if (by_requests < out.throughput.count) {
    out = {BytesPerSecond(by_requests), OriginLimit::kRequests};
  }
  if (limits.fleet_egress.count > 0 && limits.fleet_egress < out.throughput) {
    out = {limits.fleet_egress, OriginLimit::kFleetEgress};
  }
  return out;
}

AccountPlan accounts_needed(const FrontEndLimits& limits, const OriginDemand& demand) {
  AccountPlan plan;
  plan.by_egress = ceil_ratio(demand.egress.count, limits.egress.count);
  plan.by_requests = ceil_ratio(demand.requests.count, limits.requests.count);
  plan.by_ingress = ceil_ratio(demand.ingress.count, limits.ingress.count);
  plan.by_capacity = ceil_ratio(demand.stored_bytes, static_cast<double>(limits.capacity.count));
  const auto raise = [&plan](std::uint64_t count, OriginLimit limit) {
    if (count <= plan.accounts) return;
    plan.accounts = count;
    plan.limit = limit;
  };
  raise(plan.by_egress, OriginLimit::kEgress);
  raise(plan.by_requests, OriginLimit::kRequests);
  raise(plan.by_ingress, OriginLimit::kIngress);
  raise(plan.by_capacity, OriginLimit::kCapacity);
  if (plan.accounts == 0) plan.accounts = 1;
  plan.fleet_exceeded =
      limits.fleet_egress.count > 0 && demand.egress.count > limits.fleet_egress.count;
  return plan;
}

}  // namespace fleetcache::models
