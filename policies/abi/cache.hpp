/// What stands behind fcp_cache (private to policies/abi): a Cache, or a TenantCache where there
/// are several tenants. This file and `with` are all that knows there are two.
#pragma once

#include <optional>

#include "policies/abi/convert.hpp"
#include "policies/eviction/tenants.hpp"

struct fcp_cache {
  std::optional<fleetcache::eviction::Cache> one;
  std::optional<fleetcache::eviction::TenantCache> many;  ///< where `one` is empty
  std::uint32_t tenants = 1;
  std::uint32_t features = 0;
  fleetcache::abi::Memory memory;
  void* state = nullptr;  ///< taken from `memory` for the state, else null
  std::size_t state_bytes = 0;
};

namespace fleetcache::abi {

using eviction::Cache;
using eviction::Config;
using eviction::Handle;
using eviction::Meta;
using eviction::TenantCache;
using eviction::Victim;

/// Calls `call` with the cache that is there.
template <class Object, class Call>
auto with(Object* cache, const Call& call) {
  return cache->one ? call(*cache->one) : call(*cache->many);
}

inline std::uint32_t tenant_of(const fcp_cache* cache, Handle h) {
  return cache->one ? 0 : cache->many->tenant_of(h);
}

/// A caller's configuration as the core's. FCP_OK or what is wrong with it.
fcp_status read_config(const fcp_cache_config* in, fcp_cache_config& whole, Config& config,
                       const Message& message);

}  // namespace fleetcache::abi
