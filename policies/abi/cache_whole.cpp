// What is asked of, or done to, a whole fcp_cache.
#include "policies/abi/cache.hpp"

namespace fleetcache::abi {
namespace {

void add(fcp_stats& sum, const eviction::Stats& stats) {
  sum.hits += stats.hits;
  sum.misses += stats.misses;
  sum.inserts += stats.inserts;
  sum.evictions += stats.evictions;
  sum.aborts += stats.aborts;
  sum.ghost_hits += stats.ghost_hits;
  sum.evicted_charge += stats.evicted_charge;
  sum.expired += stats.expired;
  sum.scanned += stats.scanned;
  sum.skipped += stats.skipped;
}

/// The ten numbers of the core's Stats all stand in fcp_stats.
static_assert(sizeof(eviction::Stats) == 10 * sizeof(std::uint64_t));

fcp_status stats_of(const fcp_cache* cache, std::uint32_t tenant, fcp_stats* out) {
  fcp_stats sum = {};
  if (cache->one) {
    sum.entries = cache->one->entries();
    sum.used = cache->one->used();
    sum.capacity = cache->one->capacity();
    add(sum, cache->one->stats());
  } else if (tenant == FCP_ALL_TENANTS) {
    const TenantCache& many = *cache->many;
    sum.entries = many.entries();
    sum.used = many.used();
    sum.capacity = many.capacity();
    for (std::uint32_t t = 0; t < cache->tenants; ++t) add(sum, many.stats(t));
  } else {
    sum.entries = cache->many->entries(tenant);
    sum.used = cache->many->used(tenant);
    sum.capacity = cache->many->share(tenant);
    add(sum, cache->many->stats(tenant));
  }
  return write_struct(sum, sizeof sum, out) ? FCP_OK : FCP_E_VERSION;
}

fcp_status set_quotas(fcp_cache* cache, const fcp_quota* in, std::uint32_t count,
                      const Message& message) {
  std::vector<eviction::Quota> quotas;
  for (std::uint32_t t = 0; t < count; ++t) quotas.push_back({in[t].min, in[t].max, in[t].weight});
  const Status status = cache->many->set_quotas(quotas);
  return status ? FCP_OK : message.fail(status.error());
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;
using abi::with;

extern "C" {

fcp_status fcp_resize(fcp_cache* cache, uint64_t capacity, uint64_t* over) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    const Result<std::uint64_t> excess = with(cache, [&](auto& c) { return c.resize(capacity); });
    if (!excess) return FCP_E_INVALID;
    if (over != nullptr) *over = *excess;
    return FCP_OK;
  });
}

fcp_status fcp_set_params(fcp_cache* cache, const fcp_param* params, uint32_t count, char* message,
                          size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (cache == nullptr) return text.fail(FCP_E_INVALID, "cache: is NULL");
  return abi::guarded(text, [&] {
    Params wanted;
    if (!abi::read_params(params, count, wanted)) {
      return text.fail(FCP_E_INVALID, "params: has a NULL in it");
    }
    const Status status = with(cache, [&](auto& c) { return c.set_params(wanted); });
    return status ? fcp_status{FCP_OK} : text.fail(status.error());
  });
}

fcp_status fcp_set_quotas(fcp_cache* cache, const fcp_quota* quotas, uint32_t count, char* message,
                          size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (cache == nullptr || quotas == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  if (cache->one) {
    return text.fail(FCP_E_UNSUPPORTED, "quotas: this cache was made without tenants");
  }
  return abi::guarded(text, [&] { return abi::set_quotas(cache, quotas, count, text); });
}

fcp_status fcp_get_stats(const fcp_cache* cache, uint32_t tenant, fcp_stats* out) noexcept {
  if (cache == nullptr || out == nullptr) return FCP_E_INVALID;
  if (tenant != FCP_ALL_TENANTS && tenant >= cache->tenants) return FCP_E_INVALID;
  return abi::stats_of(cache, tenant, out);
}

fcp_status fcp_restart(fcp_cache* cache, fcp_alive alive, void* context) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    eviction::Alive ask;
    if (alive != nullptr) {
      ask = [&](const eviction::Victim& v) {
        const fcp_victim entry = abi::to_c(v, abi::tenant_of(cache, v.handle));
        return alive(context, &entry) != 0;
      };
    }
    with(cache, [&](auto& c) { c.restart(ask); });
    return FCP_OK;
  });
}

fcp_status fcp_audit(const fcp_cache* cache, char* message, size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (cache == nullptr) return text.fail(FCP_E_INVALID, "cache: is NULL");
  return abi::guarded(text, [&] {
    const std::string fault = with(cache, [](const auto& c) { return c.audit(); });
    return fault.empty() ? fcp_status{FCP_OK} : text.fail(FCP_E_INTERNAL, fault);
  });
}

uint64_t fcp_state_hash(const fcp_cache* cache) noexcept {
  return cache == nullptr ? 0 : with(cache, [](const auto& c) { return c.state_hash(); });
}

}  // extern "C"
