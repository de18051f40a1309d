#include "policies/eviction/tenants.hpp"

#include <algorithm>

#include "policies/base/crc32c.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::eviction {
namespace {

/// floor(a * b / c) without overflow. Requires: the result fits, c > 0.
std::uint64_t portion(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b / c);
}

Status check_quotas(std::uint64_t capacity, const std::vector<Quota>& quotas, std::size_t tenants) {
  if (quotas.size() != tenants) return Error{"quotas", "must be one a tenant"};
  std::uint64_t left = capacity;
  for (std::size_t t = 0; t < tenants; ++t) {
    const std::string who = "quota of tenant " + std::to_string(t);
    if (quotas[t].weight == 0) return Error{who, "its weight must be positive"};
    if (quotas[t].min > quotas[t].max) return Error{who, "its minimum is above its maximum"};
    if (quotas[t].min > left) return Error{who, "the minima exceed the capacity"};
    left -= quotas[t].min;
  }
  return Nothing{};
}

constexpr std::uint32_t kMostTenants = 65536;

struct SavedPart {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  std::uint64_t granted = 0;
  std::uint32_t weight = 0;
  std::uint32_t unused = 0;
};
static_assert(std::has_unique_object_representations_v<SavedPart>);
constexpr std::uint32_t kUnitCharge = 1;  // flags
constexpr std::uint32_t kShrinking = 2;
struct SavedHead {
  std::uint64_t magic = 0x31544e5443464c46ULL;  // "FLFCTNT1", little-endian
  std::uint64_t capacity = 0;
  std::uint64_t max_capacity = 0;
  std::uint32_t tenants = 0;
  std::uint32_t stride = 0;
  std::uint32_t flags = 0;  ///< kUnitCharge, kShrinking
  std::uint32_t crc = 0;    ///< of what stands before it
};

}  // namespace

std::vector<std::uint64_t> fair_shares(std::uint64_t capacity, const std::vector<Quota>& quotas) {
  std::vector<std::uint64_t> shares(quotas.size(), 0);
  std::vector<bool> fixed(quotas.size(), false);
  // A round fixes those whose bound weighs more in sum, the minima or the maxima: fixing minima
  // only lowers the level of the others and fixing maxima only raises it, so nothing is fixed too
  // early.
  while (true) {
    std::uint64_t left = capacity;
    std::uint64_t weights = 0;
    for (std::size_t t = 0; t < quotas.size(); ++t) {
      if (fixed[t]) {
        left -= shares[t];
      } else {
        weights += quotas[t].weight;
      }
    }
    if (weights == 0) return shares;
    const auto fair = [&](std::size_t t) { return portion(left, quotas[t].weight, weights); };
    std::uint64_t below = 0;
    std::uint64_t above = 0;
    for (std::size_t t = 0; t < quotas.size(); ++t) {
      if (fixed[t]) continue;
      if (fair(t) < quotas[t].min) below += quotas[t].min - fair(t);
      if (fair(t) > quotas[t].max) above += fair(t) - quotas[t].max;
    }
    for (std::size_t t = 0; t < quotas.size() && below + above > 0; ++t) {
      if (fixed[t]) continue;
      const std::uint64_t bound = below >= above ? quotas[t].min : quotas[t].max;
      if (below >= above ? fair(t) >= bound : fair(t) <= bound) continue;
      shares[t] = bound;
    }
    for (std::size_t t = 0; t < quotas.size() && below + above > 0; ++t) {
      if (!fixed[t]) fixed[t] = below >= above ? fair(t) < quotas[t].min : fair(t) > quotas[t].max;
    }
    if (below + above > 0) continue;
    std::uint64_t rest = left;
    for (std::size_t t = 0; t < quotas.size(); ++t) {
      if (!fixed[t]) rest -= shares[t] = fair(t);
    }
    for (std::size_t t = 0; t < quotas.size() && rest > 0; ++t) {
      if (fixed[t] || shares[t] == quotas[t].max) continue;
      ++shares[t];
      --rest;
    }
    return shares;
  }
}

Result<std::size_t> TenantCache::memory_bytes(std::string_view policy, const Config& config,
                                              std::uint32_t tenants) {
  Config each = config;
  each.max_capacity = config.max_capacity != 0 ? config.max_capacity : config.capacity;
  const Result<std::size_t> one = Cache::memory_bytes(policy, each);
  if (!one) return one.error();
  return *one * tenants + sizeof(Part) * tenants;
}

Result<TenantCache> TenantCache::create(std::string_view policy, const Config& config,
                                        std::uint32_t tenants) {
  if (tenants == 0 || tenants > kMostTenants) return Error{"tenants", "must be 1 to 65536"};
  Config each = config;
  each.max_capacity = config.max_capacity != 0 ? config.max_capacity : config.capacity;
  if (std::uint64_t{config.max_entries} * tenants >= Handle::kNone) {
    return Error{"tenants", "times max_entries must be below 2^32 - 1"};
  }
  TenantCache whole;
  whole.capacity_ = config.capacity;
  whole.max_capacity_ = each.max_capacity;
  whole.stride_ = config.max_entries;
  whole.unit_charge_ = config.unit_charge;
  const auto shares = fair_shares(config.capacity, std::vector<Quota>(tenants));
  whole.parts_.reserve(tenants);
  for (std::uint32_t t = 0; t < tenants; ++t) {
    each.capacity = shares[t] != 0 ? shares[t] : 1;
    each.seed = t == 0 ? config.seed : mix64(config.seed + t);
    Result<Cache> cache = Cache::create(policy, each);
    if (!cache) return cache.error();
    cache->set_limit(shares[t]);  // 0 where there are more tenants than units
    whole.parts_.push_back({std::move(*cache), {}, shares[t], shares[t]});
  }
  return whole;
}

Status TenantCache::set_quotas(const std::vector<Quota>& quotas) {
  const Status status = check_quotas(capacity_, quotas, parts_.size());
  if (!status) return status;
  const auto shares = fair_shares(capacity_, quotas);
  for (std::size_t t = 0; t < parts_.size(); ++t) {
    parts_[t].quota = quotas[t];
    parts_[t].share = shares[t];
    grant(parts_[t], parts_[t].granted);
  }
  return status;
}

// ---- handles --------------------------------------------------------------------------------

Handle TenantCache::outer(std::uint32_t tenant, Handle h) const {
  return h ? Handle{tenant * stride_ + h.index, h.generation} : h;
}
Victim TenantCache::outer(std::uint32_t tenant, Victim v) const {
  v.handle = outer(tenant, v.handle);
  return v;
}
/// Turns the handles in `meta` into those of its tenant's cache; false for another tenant's.
bool TenantCache::localise(Meta& meta) const {
  for (Handle* h : {&meta.parent, &meta.mate}) {
    if (!*h) continue;
    if (!known(*h) || tenant_of(*h) != meta.tenant) return false;
    *h = inner(*h);
  }
  return true;
}

Handle TenantCache::find(std::uint32_t tenant, ObjectId id, ObjectId id_high) const {
  return outer(tenant, parts_[tenant].cache.find(id, id_high));
}
bool TenantCache::live(Handle h) const { return known(h) && part_of(h).cache.live(inner(h)); }
Victim TenantCache::describe(Handle h) const {
  return known(h) ? outer(tenant_of(h), part_of(h).cache.describe(inner(h))) : Victim{};
}
bool TenantCache::access(TimePoint now, Handle h, std::int64_t next_access) {
  return known(h) && part_of(h).cache.access(now, inner(h), next_access);
}
bool TenantCache::erase(TimePoint now, Handle h) {
  return known(h) && part_of(h).cache.erase(now, inner(h));
}
bool TenantCache::pin(Handle h) { return known(h) && part_of(h).cache.pin(inner(h)); }
bool TenantCache::unpin(Handle h) { return known(h) && part_of(h).cache.unpin(inner(h)); }
bool TenantCache::set_expiry(Handle h, TimePoint expires) {
  return known(h) && part_of(h).cache.set_expiry(inner(h), expires);
}
bool TenantCache::set_lease(Handle h, TimePoint leased_until, TimePoint soft_until) {
  return known(h) && part_of(h).cache.set_lease(inner(h), leased_until, soft_until);
}
bool TenantCache::set_cost(Handle h, std::uint32_t cost) {
  return known(h) && part_of(h).cache.set_cost(inner(h), cost);
}
void TenantCache::miss(TimePoint now, const Meta& meta) {
  parts_[meta.tenant].cache.miss(now, meta);
}

// ---- whom to evict from ---------------------------------------------------------------------

void TenantCache::grant(Part& part, std::uint64_t capacity) {
  part.granted = capacity;
  const std::uint64_t nominal = part.share > capacity ? part.share : capacity;
  if (part.cache.capacity() != nominal && nominal != 0) (void)part.cache.resize(nominal);
  part.cache.set_limit(capacity);
}

/// A maximum that was lowered takes hold as entries go.
void TenantCache::keep_to_maximum(Part& part) {
  if (part.granted <= part.quota.max) return;
  grant(part, std::max(part.quota.max, part.cache.used()));
}

/// Lets a tenant grow by what it needs, out of what nobody holds and what others leave idle.
void TenantCache::lend(std::uint32_t tenant, std::uint64_t charge) {
  Part& part = parts_[tenant];
  keep_to_maximum(part);
  const std::uint64_t wanted = part.cache.used() + charge;
  if (wanted <= part.granted || wanted > part.quota.max || wanted > capacity_) return;
  std::uint64_t granted = wanted - part.granted;  // of all, once this one has got it
  for (const Part& each : parts_) granted += each.granted;
  for (Part& other : parts_) {
    if (granted <= capacity_) break;
    if (&other == &part) continue;
    const std::uint64_t used = other.cache.used();
    const std::uint64_t idle = other.granted > used ? other.granted - used : 0;
    const std::uint64_t taken = idle < granted - capacity_ ? idle : granted - capacity_;
    grant(other, other.granted - taken);
    granted -= taken;
  }
  if (granted <= capacity_) grant(part, wanted);
}

/// After `before`, the tenant furthest over its share, counting what comes in; ties to the lowest.
TenantCache::Donor TenantCache::next_donor(const Meta* incoming, Donor before) const {
  Donor best;
  for (std::uint32_t t = 0; t < tenants(); ++t) {
    const bool own = incoming != nullptr && incoming->tenant == t;
    const std::uint64_t used = parts_[t].cache.used() + (own ? charge_of(*incoming) : 0);
    const std::uint64_t excess = used > parts_[t].share ? used - parts_[t].share : 0;
    const bool asked = before.tenant != Handle::kNone &&
                       (excess > before.excess || (excess == before.excess && t <= before.tenant));
    if (excess == 0 || asked) continue;
    if (best.tenant == Handle::kNone || excess > best.excess) best = {t, excess};
  }
  return best;
}

bool TenantCache::must_evict(const Meta* incoming, std::uint32_t tenant) {
  if (tenants() == 1) return parts_[0].cache.must_evict(incoming);
  if (incoming == nullptr) {
    if (shrinking_) {  // what goes after a resize is not to be filled again
      for (Part& part : parts_) grant(part, part.cache.used());
      shrinking_ = used() > capacity_;
    }
    return used() > capacity_ || parts_[tenant].cache.must_evict(nullptr);
  }
  Part& part = parts_[incoming->tenant];
  if (shrinking_) (void)must_evict(nullptr);
  lend(incoming->tenant, charge_of(*incoming));
  return part.cache.must_evict(incoming);
}

std::size_t TenantCache::reserve_outer(std::uint32_t tenant, TimePoint now, const Want& want,
                                       Victim* out, std::size_t capacity) {
  struct Context {
    const TenantCache* whole;
    std::uint32_t tenant;
    const Eligible* host;
  } const context{this, tenant, want.eligible};
  // One pointer is captured, so that the wrapper needs no memory of its own.
  const Eligible wrapped = [c = &context](const Victim& v) {
    return (*c->host)(c->whole->outer(c->tenant, v));
  };
  Want inside = want;
  Meta meta;
  if (want.incoming != nullptr && want.incoming->tenant == tenant) {
    meta = *want.incoming;
    inside.incoming = localise(meta) ? &meta : nullptr;
  } else {
    inside.incoming = nullptr;
  }
  if (want.eligible != nullptr) inside.eligible = &wrapped;
  const std::size_t found = parts_[tenant].cache.reserve(now, inside, out, capacity);
  for (std::size_t k = 0; k < found; ++k) out[k] = outer(tenant, out[k]);
  return found;
}

std::size_t TenantCache::reserve_of(std::uint32_t tenant, TimePoint now, const Want& want,
                                    Victim* out, std::size_t capacity) {
  return reserve_outer(tenant, now, want, out, capacity);
}

std::size_t TenantCache::reserve(TimePoint now, const Want& want, Victim* out,
                                 std::size_t capacity) {
  if (tenants() == 1) return reserve_outer(0, now, want, out, capacity);
  if (want.incoming != nullptr) {
    const Part& part = parts_[want.incoming->tenant];
    const std::uint64_t after = part.cache.used() + charge_of(*want.incoming);
    if (after <= part.granted || after > part.quota.max) {  // its own queue or quota is in the way
      return reserve_outer(want.incoming->tenant, now, want, out, capacity);
    }
  }
  for (Donor donor = next_donor(want.incoming, {}); donor.tenant != Handle::kNone;
       donor = next_donor(want.incoming, donor)) {
    const std::size_t found = reserve_outer(donor.tenant, now, want, out, capacity);
    if (found != 0) return found;
  }
  return 0;
}

std::size_t TenantCache::expire(TimePoint now, Victim* out, std::size_t capacity) {
  std::size_t found = 0;
  for (std::uint32_t t = 0; t < tenants() && found < capacity; ++t) {
    const std::size_t more = parts_[t].cache.expire(now, out + found, capacity - found);
    for (std::size_t k = found; k < found + more; ++k) out[k] = outer(t, out[k]);
    found += more;
  }
  return found;
}

void TenantCache::commit(TimePoint now, const Handle* handles, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    if (!known(handles[k])) continue;
    const Handle h = inner(handles[k]);
    part_of(handles[k]).cache.commit(now, &h, 1);
  }
}

void TenantCache::abort(TimePoint now, const Handle* handles, std::size_t count) {
  for (std::size_t k = count; k-- > 0;) {
    if (!known(handles[k])) continue;
    const Handle h = inner(handles[k]);
    part_of(handles[k]).cache.abort(now, &h, 1);
  }
}

// ---- what comes in --------------------------------------------------------------------------

bool TenantCache::admissible(const Meta& meta) const {
  Meta local = meta;
  const Part& part = parts_[meta.tenant];
  return localise(local) && charge_of(meta) <= part.quota.max && charge_of(meta) <= capacity_ &&
         (tenants() > 1 || part.cache.admissible(local));
}

Handle TenantCache::insert(TimePoint now, const Meta& meta) {
  Meta local = meta;
  Cache& cache = parts_[meta.tenant].cache;
  if (!localise(local) || !cache.admissible(local)) return {};
  return outer(meta.tenant, cache.insert(now, local));
}

bool TenantCache::evict_for(TimePoint now, const Meta& meta, const OnVictim& on_victim) {
  struct Context {
    const TenantCache* whole;
    std::uint32_t tenant;
    const OnVictim* host;
  } context{this, 0, &on_victim};
  const OnVictim wrapped = [c = &context](const Victim& v) {
    if (*c->host) (*c->host)(c->whole->outer(c->tenant, v));
  };
  const Part& part = parts_[meta.tenant];
  const std::uint64_t after = part.cache.used() + charge_of(meta);
  if (after <= part.granted || after > part.quota.max) {
    context.tenant = meta.tenant;
    Meta local = meta;
    return localise(local) && parts_[meta.tenant].cache.evict(now, &local, &wrapped);
  }
  for (Donor donor = next_donor(&meta, {}); donor.tenant != Handle::kNone;
       donor = next_donor(&meta, donor)) {
    context.tenant = donor.tenant;
    Meta local = meta;
    const Meta* incoming = donor.tenant == meta.tenant && localise(local) ? &local : nullptr;
    if (parts_[donor.tenant].cache.evict(now, incoming, &wrapped)) return true;
  }
  return false;
}

Handle TenantCache::admit(TimePoint now, const Meta& meta, const OnVictim& on_victim) {
  if (tenants() == 1) return parts_[0].cache.admit(now, meta, on_victim);
  Part& part = parts_[meta.tenant];
  Meta local = meta;
  if (!localise(local)) return {};
  const Handle known_handle = part.cache.find(meta.id, meta.id_high);
  if (known_handle) {
    if (shrinking_) (void)must_evict(nullptr);
    keep_to_maximum(part);
    struct Context {
      const TenantCache* whole;
      std::uint32_t tenant;
      const OnVictim* host;
    } const context{this, meta.tenant, &on_victim};
    const OnVictim wrapped = [c = &context](const Victim& v) {
      if (*c->host) (*c->host)(c->whole->outer(c->tenant, v));
    };
    return outer(meta.tenant, part.cache.admit(now, local, wrapped));
  }
  if (!admissible(meta)) return {};
  while (must_evict(&meta)) {
    if (!evict_for(now, meta, on_victim)) return {};
  }
  return part.cache.admissible(local) ? outer(meta.tenant, part.cache.insert(now, local))
                                      : Handle{};
}

bool TenantCache::request(TimePoint now, const Meta& meta) {
  Part& part = parts_[meta.tenant];
  if (tenants() == 1) return part.cache.request(now, meta);
  const Handle h = part.cache.find(meta.id, meta.id_high);
  if (h && part.cache.access(now, h, meta.next_access)) {
    while (part.cache.must_evict(nullptr) && part.cache.evict(now, nullptr)) {
    }
    return true;
  }
  part.cache.miss(now, meta);
  (void)admit(now, meta);
  return false;
}

// ---- the whole ------------------------------------------------------------------------------

Result<std::uint64_t> TenantCache::resize(std::uint64_t capacity) {
  if (capacity == 0) return Error{"capacity", "must be positive"};
  if (capacity > max_capacity_) return Error{"capacity", "is above what this cache was made for"};
  if (tenants() == 1) {
    capacity_ = parts_[0].granted = capacity;
    return parts_[0].cache.resize(capacity);
  }
  std::vector<Quota> quotas;
  for (const Part& part : parts_) quotas.push_back(part.quota);
  const Status status = check_quotas(capacity, quotas, parts_.size());
  if (!status) return status.error();
  capacity_ = capacity;
  const auto shares = fair_shares(capacity, quotas);
  for (std::size_t t = 0; t < parts_.size(); ++t) {
    parts_[t].share = shares[t];
    grant(parts_[t], parts_[t].cache.used());
  }
  shrinking_ = used() > capacity;
  return shrinking_ ? used() - capacity : 0;
}

Status TenantCache::set_params(const Params& params) {
  // Every tenant runs the same policy with the same memory, so the first one fails or none does.
  for (Part& part : parts_) {
    const Status status = part.cache.set_params(params);
    if (!status) return status;
  }
  return Nothing{};
}

bool TenantCache::save(const Writer& write) const {
  SavedHead head;
  head.capacity = capacity_;
  head.max_capacity = max_capacity_;
  head.tenants = tenants();
  head.stride = stride_;
  head.flags = (unit_charge_ ? kUnitCharge : 0U) | (shrinking_ ? kShrinking : 0U);
  head.crc = crc32c(&head, offsetof(SavedHead, crc));
  if (!write(&head, sizeof head)) return false;
  for (const Part& part : parts_) {
    SavedPart saved;
    saved.min = part.quota.min;
    saved.max = part.quota.max;
    saved.weight = part.quota.weight;
    saved.granted = part.granted;
    const std::uint32_t crc = crc32c(&saved, sizeof saved);
    if (!write(&saved, sizeof saved) || !write(&crc, sizeof crc)) return false;
    if (!part.cache.save(write)) return false;
  }
  return true;
}

Result<TenantCache> TenantCache::restore(const Reader& read, const ExternalPolicy* external) {
  SavedHead head;
  const std::uint64_t magic = head.magic;
  if (!read(&head, sizeof head)) return Error{"snapshot", "is truncated"};
  if (head.magic != magic || head.crc != crc32c(&head, offsetof(SavedHead, crc)) ||
      head.stride == 0 || head.tenants == 0 || head.tenants > kMostTenants) {
    return Error{"snapshot", "is damaged or of another format"};
  }
  TenantCache whole;
  whole.capacity_ = head.capacity;
  whole.max_capacity_ = head.max_capacity;
  whole.stride_ = head.stride;
  whole.unit_charge_ = (head.flags & kUnitCharge) != 0;
  whole.shrinking_ = (head.flags & kShrinking) != 0;
  std::vector<Quota> quotas;
  for (std::uint32_t t = 0; t < head.tenants; ++t) {
    SavedPart saved;
    std::uint32_t crc = 0;
    if (!read(&saved, sizeof saved) || !read(&crc, sizeof crc)) {
      return Error{"snapshot", "is truncated"};
    }
    if (crc != crc32c(&saved, sizeof saved)) return Error{"snapshot", "has a damaged quota"};
    Result<Cache> cache = Cache::restore(read, external);
    if (!cache) return cache.error();
    quotas.push_back({saved.min, saved.max, saved.weight});
    whole.parts_.push_back({std::move(*cache), quotas.back(), 0, saved.granted});
  }
  const Status status = check_quotas(whole.capacity_, quotas, whole.parts_.size());
  if (!status || whole.parts_.empty()) return Error{"snapshot", "has quotas that do not fit"};
  const auto shares = fair_shares(whole.capacity_, quotas);
  for (std::size_t t = 0; t < shares.size(); ++t) whole.parts_[t].share = shares[t];
  return whole;
}

void TenantCache::restart(const Alive& alive) {
  for (std::uint32_t t = 0; t < tenants(); ++t) {
    if (!alive) {
      parts_[t].cache.restart({});
      continue;
    }
    parts_[t].cache.restart([&](const Victim& v) { return alive(outer(t, v)); });
  }
}

std::uint64_t TenantCache::used() const {
  std::uint64_t sum = 0;
  for (const Part& part : parts_) sum += part.cache.used();
  return sum;
}
std::uint32_t TenantCache::entries() const {
  std::uint32_t sum = 0;
  for (const Part& part : parts_) sum += part.cache.entries();
  return sum;
}

std::string TenantCache::audit() const {
  std::uint64_t granted = 0;
  for (const Part& part : parts_) {
    const std::string fault = part.cache.audit();
    if (!fault.empty()) return fault;
    if (part.granted > part.cache.capacity()) return "a grant is above the capacity";
    granted += part.granted;
  }
  if (granted > capacity_ && !shrinking_) return "more is granted than there is";
  return {};
}

std::uint64_t TenantCache::state_hash() const {
  if (tenants() == 1) return parts_[0].cache.state_hash();
  Digest digest;
  for (const Part& part : parts_) {
    digest.add(part.granted);
    digest.add(part.share);
    digest.add(part.cache.state_hash());
  }
  return digest.value();
}

}  // namespace fleetcache::eviction
