// Requests, eviction and single entries of fcp_cache.
#include "policies/abi/cache.hpp"

namespace fleetcache::abi {
namespace {

/// Reads the object of a call. FCP_E_INVALID also for a tenant that there is not.
fcp_status read_meta(const fcp_cache* cache, const fcp_meta* in, Meta& out) {
  if (cache == nullptr) return FCP_E_INVALID;
  const fcp_status status = from_c(in, out);
  if (status != FCP_OK) return status;
  return out.tenant < cache->tenants ? FCP_OK : FCP_E_INVALID;
}

/// The host's eligibility question, and the end of the search once enough is taken.
struct Asking {
  const fcp_want* want;
  const fcp_cache* cache;

  eviction::Verdict answer(const Victim& candidate) {
    const fcp_victim seen = to_c(candidate, tenant_of(cache, candidate.handle));
    const fcp_verdict verdict = want->eligible(want->context, &seen);
    const bool known = verdict >= FCP_TAKE && verdict <= FCP_STOP;
    return known ? static_cast<eviction::Verdict>(verdict) : eviction::Verdict::kStop;
  }
};
static_assert(static_cast<int>(eviction::Verdict::kTake) == FCP_TAKE &&
              static_cast<int>(eviction::Verdict::kSkip) == FCP_SKIP &&
              static_cast<int>(eviction::Verdict::kSkipRotate) == FCP_SKIP_ROTATE &&
              static_cast<int>(eviction::Verdict::kSkipTouch) == FCP_SKIP_TOUCH &&
              static_cast<int>(eviction::Verdict::kStop) == FCP_STOP);

/// The core fills the caller's own array with its smaller struct; from the last to the first each
/// then grows into the caller's.
static_assert(sizeof(Victim) <= sizeof(fcp_victim) && alignof(Victim) <= alignof(fcp_victim));
void widen(const fcp_cache* cache, fcp_victim* out, std::size_t count) {
  const auto* found = reinterpret_cast<const unsigned char*>(out);
  for (std::size_t k = count; k-- > 0;) {
    Victim victim;
    std::memcpy(&victim, found + k * sizeof(Victim), sizeof victim);
    out[k] = to_c(victim, tenant_of(cache, victim.handle));
  }
}

fcp_status reserve(fcp_cache* cache, TimePoint now, const fcp_want* in, fcp_victim* out,
                   std::size_t capacity, std::size_t* count) {
  fcp_want want = {};
  if (in != nullptr && !read_struct(in, sizeof want, want)) return FCP_E_VERSION;
  if (want.one_tenant != 0 && want.tenant >= cache->tenants) return FCP_E_INVALID;
  Meta meta;
  eviction::Want inside;
  if (want.incoming != nullptr) {
    const fcp_status status = read_meta(cache, want.incoming, meta);
    if (status != FCP_OK) return status;
    inside.incoming = &meta;
  }
  if (want.max_scan != 0) inside.max_scan = want.max_scan;
  Asking asking{&want, cache};
  const eviction::Eligible eligible = [&asking](const Victim& v) { return asking.answer(v); };
  if (want.eligible != nullptr) inside.eligible = &eligible;
  inside.enough = want.charge;
  auto* space = reinterpret_cast<Victim*>(out);
  if (cache->one) {
    *count = cache->one->reserve(now, inside, space, capacity);
  } else if (want.one_tenant != 0) {
    *count = cache->many->reserve_of(want.tenant, now, inside, space, capacity);
  } else {
    *count = cache->many->reserve(now, inside, space, capacity);
  }
  widen(cache, out, *count);
  return FCP_OK;
}

/// Handles of the other binding, some at a time: `call` gets a core's array of each piece.
template <class Call>
void in_pieces(const fcp_handle* handles, std::size_t from, std::size_t to, const Call& call) {
  constexpr std::size_t kPiece = 64;
  Handle piece[kPiece];
  while (from < to) {
    const std::size_t count = to - from < kPiece ? to - from : kPiece;
    for (std::size_t k = 0; k < count; ++k) piece[k] = from_c(handles[from + k]);
    call(piece, count);
    from += count;
  }
}

fcp_status insert(fcp_cache* cache, TimePoint now, const Meta& meta, fcp_handle* out) {
  return with(cache, [&](auto& c) -> fcp_status {
    Handle h;
    if constexpr (std::is_same_v<decltype(c), Cache&>) {
      h = c.find(meta.id, meta.id_high);
    } else {
      h = c.find(meta.tenant, meta.id, meta.id_high);
    }
    *out = to_c(h);
    if (h) return FCP_E_EXISTS;
    if (!c.admissible(meta)) return FCP_E_REFUSED;
    if (c.must_evict(&meta)) return FCP_E_FULL;
    *out = to_c(c.admit(now, meta));
    return *out != 0 ? FCP_OK : FCP_E_REFUSED;
  });
}

fcp_status admit(fcp_cache* cache, TimePoint now, const Meta& meta, fcp_on_victim on_victim,
                 void* context, fcp_handle* out) {
  struct Telling {
    fcp_cache* cache;
    fcp_on_victim call;
    void* context;
  } telling{cache, on_victim, context};
  eviction::OnVictim tell;
  if (on_victim != nullptr) {
    tell = [t = &telling](const Victim& v) {
      const fcp_victim victim = to_c(v, tenant_of(t->cache, v.handle));
      t->call(t->context, &victim);
    };
  }
  return with(cache, [&](auto& c) -> fcp_status {
    const Handle h = c.admit(now, meta, tell);
    *out = to_c(h);
    if (h) return FCP_OK;
    return c.admissible(meta) ? FCP_E_BUSY : FCP_E_REFUSED;
  });
}

/// A change of a live entry that needs a feature.
template <class Call>
fcp_status change(fcp_cache* cache, std::uint32_t feature, const Call& call) {
  if (cache == nullptr) return FCP_E_INVALID;
  if ((cache->features & feature) == 0) return FCP_E_UNSUPPORTED;
  return with(cache, call) ? FCP_OK : FCP_E_STALE;
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;
using abi::from_c;
using abi::to_c;
using abi::with;

extern "C" {

fcp_handle fcp_find(const fcp_cache* cache, uint32_t tenant, uint64_t id,
                    uint64_t id_high) noexcept {
  if (cache == nullptr || tenant >= cache->tenants) return 0;
  if (cache->one) return to_c(cache->one->find(id, id_high));
  return to_c(cache->many->find(tenant, id, id_high));
}

size_t fcp_find_n(const fcp_cache* cache, uint32_t tenant, const uint64_t* ids,
                  const uint64_t* ids_high, size_t count, fcp_handle* out) noexcept {
  if (ids == nullptr || out == nullptr) return 0;
  std::size_t found = 0;
  for (std::size_t k = 0; k < count; ++k) {
    out[k] = fcp_find(cache, tenant, ids[k], ids_high == nullptr ? 0 : ids_high[k]);
    found += out[k] != 0 ? 1 : 0;
  }
  return found;
}

int fcp_live(const fcp_cache* cache, fcp_handle handle) noexcept {
  if (cache == nullptr) return 0;
  return with(cache, [&](const auto& c) { return c.live(from_c(handle)); }) ? 1 : 0;
}

fcp_status fcp_describe(const fcp_cache* cache, fcp_handle handle, fcp_victim* out) noexcept {
  if (cache == nullptr || out == nullptr) return FCP_E_INVALID;
  const eviction::Victim v = with(cache, [&](const auto& c) { return c.describe(from_c(handle)); });
  if (!v.handle) return FCP_E_STALE;
  *out = to_c(v, abi::tenant_of(cache, v.handle));
  return FCP_OK;
}

fcp_status fcp_access(fcp_cache* cache, int64_t now_ns, fcp_handle handle,
                      int64_t next_access) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return with(cache, [&](auto& c) { return c.access({now_ns}, from_c(handle), next_access); })
             ? FCP_OK
             : FCP_E_STALE;
}

size_t fcp_access_n(fcp_cache* cache, int64_t now_ns, const fcp_handle* handles,
                    size_t count) noexcept {
  if (cache == nullptr || handles == nullptr) return 0;
  return with(cache, [&](auto& c) {
    std::size_t hits = 0;
    for (std::size_t k = 0; k < count; ++k) {
      hits += c.access({now_ns}, from_c(handles[k])) ? 1 : 0;
    }
    return hits;
  });
}

fcp_status fcp_miss(fcp_cache* cache, int64_t now_ns, const fcp_meta* meta) noexcept {
  eviction::Meta m;
  const fcp_status status = abi::read_meta(cache, meta, m);
  if (status == FCP_OK) with(cache, [&](auto& c) { c.miss({now_ns}, m); });
  return status;
}

int fcp_must_evict(fcp_cache* cache, const fcp_meta* incoming) noexcept {
  if (cache == nullptr) return 0;
  if (incoming == nullptr) {
    return with(cache, [](auto& c) { return c.must_evict(nullptr); }) ? 1 : 0;
  }
  eviction::Meta m;
  if (abi::read_meta(cache, incoming, m) != FCP_OK) return 0;
  return with(cache, [&](auto& c) { return c.must_evict(&m); }) ? 1 : 0;
}

fcp_status fcp_insert(fcp_cache* cache, int64_t now_ns, const fcp_meta* meta,
                      fcp_handle* out) noexcept {
  eviction::Meta m;
  const fcp_status status = abi::read_meta(cache, meta, m);
  if (status != FCP_OK) return status;
  if (out == nullptr) return FCP_E_INVALID;
  return abi::insert(cache, {now_ns}, m, out);
}

fcp_status fcp_admit(fcp_cache* cache, int64_t now_ns, const fcp_meta* meta,
                     fcp_on_victim on_victim, void* context, fcp_handle* out) noexcept {
  eviction::Meta m;
  const fcp_status status = abi::read_meta(cache, meta, m);
  if (status != FCP_OK) return status;
  if (out == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0),
                      [&] { return abi::admit(cache, {now_ns}, m, on_victim, context, out); });
}

int32_t fcp_request(fcp_cache* cache, int64_t now_ns, const fcp_meta* meta) noexcept {
  eviction::Meta m;
  const fcp_status status = abi::read_meta(cache, meta, m);
  if (status != FCP_OK) return status;
  return with(cache, [&](auto& c) { return c.request({now_ns}, m); }) ? 1 : 0;
}

fcp_status fcp_request_n(fcp_cache* cache, const fcp_lookup* lookups, size_t count, uint8_t* hits,
                         uint64_t* hit_count) noexcept {
  if (cache == nullptr || (lookups == nullptr && count != 0)) return FCP_E_INVALID;
  const auto* inside = reinterpret_cast<const eviction::Lookup*>(lookups);
  std::uint64_t found = 0;
  if (cache->one) {
    found = cache->one->request_batch(inside, count, reinterpret_cast<bool*>(hits));
  } else {
    eviction::Meta m;
    for (std::size_t k = 0; k < count; ++k) {
      m.id = inside[k].id;
      m.charge = inside[k].charge;
      m.next_access = inside[k].next_access;
      const bool hit = cache->many->request(inside[k].now, m);
      found += hit ? 1 : 0;
      if (hits != nullptr) hits[k] = hit ? 1 : 0;
    }
  }
  if (hit_count != nullptr) *hit_count = found;
  return FCP_OK;
}

fcp_status fcp_reserve(fcp_cache* cache, int64_t now_ns, const fcp_want* want, fcp_victim* out,
                       size_t capacity, size_t* count) noexcept {
  if (cache == nullptr || out == nullptr || count == nullptr) return FCP_E_INVALID;
  *count = 0;
  return abi::guarded(abi::Message(nullptr, 0),
                      [&] { return abi::reserve(cache, {now_ns}, want, out, capacity, count); });
}

fcp_status fcp_expire(fcp_cache* cache, int64_t now_ns, fcp_victim* out, size_t capacity,
                      size_t* count) noexcept {
  if (cache == nullptr || out == nullptr || count == nullptr) return FCP_E_INVALID;
  auto* space = reinterpret_cast<eviction::Victim*>(out);
  *count = with(cache, [&](auto& c) { return c.expire({now_ns}, space, capacity); });
  abi::widen(cache, out, *count);
  return FCP_OK;
}

fcp_status fcp_commit(fcp_cache* cache, int64_t now_ns, const fcp_handle* handles,
                      size_t count) noexcept {
  if (cache == nullptr || (handles == nullptr && count != 0)) return FCP_E_INVALID;
  abi::in_pieces(handles, 0, count, [&](const eviction::Handle* piece, std::size_t n) {
    with(cache, [&](auto& c) { c.commit({now_ns}, piece, n); });
  });
  return FCP_OK;
}

fcp_status fcp_abort(fcp_cache* cache, int64_t now_ns, const fcp_handle* handles,
                     size_t count) noexcept {
  if (cache == nullptr || (handles == nullptr && count != 0)) return FCP_E_INVALID;
  // Pieces from the last to the first: the core puts back in reverse.
  std::size_t to = count;
  while (to > 0) {
    const std::size_t from = to > 64 ? to - 64 : 0;
    abi::in_pieces(handles, from, to, [&](const eviction::Handle* piece, std::size_t n) {
      with(cache, [&](auto& c) { c.abort({now_ns}, piece, n); });
    });
    to = from;
  }
  return FCP_OK;
}

fcp_status fcp_erase(fcp_cache* cache, int64_t now_ns, fcp_handle handle) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return with(cache, [&](auto& c) {
    const eviction::Handle h = from_c(handle);
    if (c.erase({now_ns}, h)) return FCP_OK;
    return c.describe(h).handle ? FCP_E_BUSY : FCP_E_STALE;
  });
}

fcp_status fcp_pin(fcp_cache* cache, fcp_handle handle) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return with(cache, [&](auto& c) {
    if (c.pin(from_c(handle))) return FCP_OK;
    return c.live(from_c(handle)) ? FCP_E_FULL : FCP_E_STALE;
  });
}

fcp_status fcp_unpin(fcp_cache* cache, fcp_handle handle) noexcept {
  if (cache == nullptr) return FCP_E_INVALID;
  return with(cache, [&](auto& c) {
    if (c.unpin(from_c(handle))) return FCP_OK;
    return c.live(from_c(handle)) ? FCP_E_INVALID : FCP_E_STALE;
  });
}

fcp_status fcp_set_expiry(fcp_cache* cache, fcp_handle handle, int64_t expires_ns) noexcept {
  return abi::change(cache, FCP_TTL,
                     [&](auto& c) { return c.set_expiry(from_c(handle), {expires_ns}); });
}

fcp_status fcp_set_lease(fcp_cache* cache, fcp_handle handle, int64_t leased_until_ns,
                         int64_t soft_until_ns) noexcept {
  return abi::change(cache, FCP_LEASES, [&](auto& c) {
    return c.set_lease(from_c(handle), {leased_until_ns}, {soft_until_ns});
  });
}

fcp_status fcp_set_cost(fcp_cache* cache, fcp_handle handle, uint32_t cost) noexcept {
  return abi::change(cache, FCP_COSTS, [&](auto& c) { return c.set_cost(from_c(handle), cost); });
}

}  // extern "C"
