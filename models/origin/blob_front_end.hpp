/// Capacity of the classic Blob path of one region, what binds it and how many accounts it takes.
#pragma once

#include <cstdint>
#include <string_view>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Limits of one storage account and of the region's front-end fleet.
struct FrontEndLimits {
  PerSecond requests;           ///< per account
  BytesPerSecond egress;        ///< per account
  BytesPerSecond ingress;       ///< per account
  Bytes capacity;               ///< per account
  BytesPerSecond fleet_egress;  ///< of all accounts of the region; 0 = not a limit
};

/// What limits an origin path.
enum class OriginLimit : std::uint8_t {
  kNone,
  kRequests,
  kEgress,
  kIngress,
  kCapacity,
  kFleetEgress,
  kStamp,
  kPlan,
  kFrontEnd,
};
std::string_view name(OriginLimit limit);

struct PathCapacity {
  BytesPerSecond throughput;
  OriginLimit limit = OriginLimit::kNone;
};

/// Most bytes a second that `accounts` deliver in reads of `object` bytes: min(accounts x egress,
/// accounts x requests x object, fleet egress). Ties go to the limit named first.
/// Requires: accounts >= 1, object > 0. Valid for: keys spread evenly over accounts and partitions.
/// Source: published account scale targets, docs/models/origin-front-end.md.
PathCapacity front_end_capacity(const FrontEndLimits& limits, std::uint32_t accounts, Bytes object);

/// What a region asks of its accounts.
struct OriginDemand {
  BytesPerSecond egress;
  PerSecond requests;
  BytesPerSecond ingress;
  double stored_bytes = 0;  ///< a double: exabytes fit, sums of regions too
};

struct AccountPlan {
  std::uint64_t accounts = 0;  ///< at least 1
  OriginLimit limit = OriginLimit::kNone;
  std::uint64_t by_egress = 0, by_requests = 0, by_ingress = 0, by_capacity = 0;
  bool fleet_exceeded = false;  ///< no number of accounts is enough
};

/// max(ceil(egress / account), ceil(requests / account), ceil(ingress / account), ceil(bytes /
/// capacity)) and which of them it is; ties go to egress, requests, ingress, capacity in that
/// order.
AccountPlan accounts_needed(const FrontEndLimits& limits, const OriginDemand& demand);

}  // namespace fleetcache::models
