/// What the walker soaks: one Cache, or a TenantCache, under the same calls.
#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include "policies/eviction/tenants.hpp"

namespace fleetcache::soak {

using eviction::Handle;
using eviction::Meta;
using eviction::ObjectId;
using eviction::Victim;

/// The calls that only a Cache has are added by the walker where `kPlain`.
class OneCache {
 public:
  static constexpr bool kPlain = true;
  OneCache(std::string_view policy, const eviction::Config& config, std::uint32_t)
      : cache(eviction::Cache::create(policy, config).value()) {}

  eviction::Cache cache;

  Handle find(std::uint32_t, ObjectId id, ObjectId high) const { return cache.find(id, high); }
  std::uint64_t used(std::uint32_t) const { return cache.used(); }
  eviction::Cache& whole() { return cache; }
  void replace(eviction::Cache other) { cache = std::move(other); }
  static Result<eviction::Cache> restore(const eviction::Reader& read) {
    return eviction::Cache::restore(read);
  }
  Status set_quotas(const std::vector<eviction::Quota>&) { return Nothing{}; }
  std::uint64_t most(std::uint32_t) const { return cache.capacity(); }
};

class ManyTenants {
 public:
  static constexpr bool kPlain = false;
  ManyTenants(std::string_view policy, const eviction::Config& config, std::uint32_t tenants)
      : cache(eviction::TenantCache::create(policy, config, tenants).value()) {}

  eviction::TenantCache cache;

  Handle find(std::uint32_t tenant, ObjectId id, ObjectId high) const {
    return cache.find(tenant, id, high);
  }
  std::uint64_t used(std::uint32_t tenant) const { return cache.used(tenant); }
  eviction::TenantCache& whole() { return cache; }
  void replace(eviction::TenantCache other) { cache = std::move(other); }
  static Result<eviction::TenantCache> restore(const eviction::Reader& read) {
    return eviction::TenantCache::restore(read);
  }
  Status set_quotas(const std::vector<eviction::Quota>& quotas) { return cache.set_quotas(quotas); }
  std::uint64_t most(std::uint32_t tenant) const { return cache.quota(tenant).max; }
};

}  // namespace fleetcache::soak
