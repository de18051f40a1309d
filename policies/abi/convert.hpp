/// The eviction structs of the two bindings, turned into each other (private to policies/abi).
#pragma once

#include <cstddef>

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_eviction.h"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::abi {

/// Index + 1 below, so that 0 is no entry.
inline fcp_handle to_c(eviction::Handle h) {
  return h ? (std::uint64_t{h.generation} << 32U) | (std::uint64_t{h.index} + 1) : 0;
}
inline eviction::Handle from_c(fcp_handle h) {
  return {static_cast<std::uint32_t>(h) - 1U,
          static_cast<std::uint32_t>(h) == 0 ? 0 : static_cast<std::uint32_t>(h >> 32U)};
}

inline eviction::Meta from_c_fields(const fcp_meta& m) {
  eviction::Meta meta;
  meta.id = m.id;
  meta.charge = m.charge;
  meta.next_access = m.next_access;
  meta.id_high = m.id_high;
  meta.cost = m.cost;
  meta.tenant = m.tenant;
  meta.klass = m.klass;
  meta.depth = m.depth;
  meta.expires = {m.expires_ns};
  meta.leased_until = {m.leased_until_ns};
  meta.soft_until = {m.soft_until_ns};
  meta.parent = from_c(m.parent);
  meta.mate = from_c(m.mate);
  return meta;
}
/// FCP_E_INVALID for NULL, FCP_E_VERSION for a struct that does not fit.
inline fcp_status from_c(const fcp_meta* in, eviction::Meta& out) {
  if (in == nullptr) return FCP_E_INVALID;
  if (in->struct_size == sizeof(fcp_meta)) {
    out = from_c_fields(*in);
    return FCP_OK;
  }
  fcp_meta whole = FCP_META_INIT;
  if (!read_struct(in, sizeof(fcp_meta), whole)) return FCP_E_VERSION;
  out = from_c_fields(whole);
  return FCP_OK;
}

inline fcp_victim to_c(const eviction::Victim& v, std::uint32_t tenant) {
  return {to_c(v.handle), v.id, v.id_high, v.charge, tenant, 0};
}

// A batch is handed on as it stands.
static_assert(sizeof(fcp_lookup) == sizeof(eviction::Lookup) &&
              offsetof(fcp_lookup, now_ns) == offsetof(eviction::Lookup, now) &&
              offsetof(fcp_lookup, id) == offsetof(eviction::Lookup, id) &&
              offsetof(fcp_lookup, charge) == offsetof(eviction::Lookup, charge) &&
              offsetof(fcp_lookup, next_access) == offsetof(eviction::Lookup, next_access));
static_assert(sizeof(bool) == sizeof(std::uint8_t));
constexpr bool same(std::uint32_t c, std::uint32_t core) { return c == core; }
static_assert(same(FCP_KINDS * 2 - 1, eviction::kAllFeatures) &&
              same(FCP_WIDE_IDS, eviction::kWideIds) && same(FCP_COSTS, eviction::kCosts) &&
              same(FCP_TTL, eviction::kTtl) && same(FCP_LEASES, eviction::kLeases) &&
              same(FCP_PREFIX, eviction::kPrefix) && same(FCP_GROUPS, eviction::kGroups) &&
              same(FCP_KINDS, eviction::kKinds));

}  // namespace fleetcache::abi
