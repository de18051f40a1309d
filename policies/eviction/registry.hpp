/// The policies of eviction_policies.def, by position (private to policies/eviction).
#pragma once

#include <cstddef>

#include "policies/eviction/make_ops.hpp"

namespace fleetcache::eviction {

#define EVICTION_POLICY(ident, name, summary) extern const EvictionOps ident##_ops;
#define EVICTION_ALIAS(alias, name)
#include "policies/eviction/eviction_policies.def"
#undef EVICTION_POLICY
#undef EVICTION_ALIAS

const EvictionOps& ops_at(std::size_t position);

}  // namespace fleetcache::eviction
