/// Prototypes of placement_policies.def and what its policies share (private to
/// policies/placement).
#pragma once

#include "policies/base/hash.hpp"
#include "policies/placement/placement.hpp"

namespace fleetcache::placement {

#define PLACEMENT_POLICY(ident, name, summary, source) \
  Result<std::unique_ptr<Map>> build_##ident(const Config&, const std::vector<Member>&);
#include "policies/placement/placement_policies.def"
#undef PLACEMENT_POLICY

/// Number of different failure domains.
std::uint32_t count_domains(const std::vector<Member>& members);

/// Whether a member may be the next owner after `chosen` others: not yet one, and of a domain of
/// which there is none yet if `fresh_domain` is wanted.
inline bool may_own(const std::vector<Member>& members, std::uint32_t candidate,
                    const std::uint32_t* out, std::uint32_t chosen, bool fresh_domain) {
  for (std::uint32_t k = 0; k < chosen; ++k) {
    if (out[k] == candidate) return false;
    if (fresh_domain && members[out[k]].domain == members[candidate].domain) return false;
  }
  return true;
}

}  // namespace fleetcache::placement
