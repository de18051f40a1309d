/// One cache for several tenants (or datasets, or classes), fair over any eviction policy: each
/// tenant has a cache of its own, and capacity moves between them.
///
/// A tenant is entitled to a share of the capacity: by weight, at least its minimum, at most its
/// maximum. Space that others leave idle is lent to whoever asks. When there is none, the tenant
/// furthest over its share gives way, so one within its share never loses an entry to another, and
/// with one tenant the decisions are those of the plain policy. Source: borrow and reclaim as in
/// LMCache's IsolatedLRU and Mooncake's quotas; weighted max-min shares.
///
/// Handles are those of one cache: the tenant is part of the index. Ids are looked up by tenant, so
/// tenants do not see each other's objects.
#pragma once

#include <limits>
#include <vector>

#include "policies/eviction/eviction.hpp"

namespace fleetcache::eviction {

struct Quota {
  std::uint64_t min = 0;  ///< guaranteed; the minima of all must fit into the capacity
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  std::uint32_t weight = 1;  ///< > 0
};

/// Weighted max-min shares: every tenant gets its weight's part of the capacity, those below their
/// minimum or above their maximum get that instead, and the rest is divided among the others again.
/// Whole units, the remainder to the lowest tenants. Sums to the capacity unless all are at their
/// maximum. Requires: sum of min <= capacity, min <= max. O(tenants^2).
std::vector<std::uint64_t> fair_shares(std::uint64_t capacity, const std::vector<Quota>& quotas);

/// The calls of Cache with tenants. Costs over Cache: O(1) a hit, O(tenants) a decision on whom to
/// evict from. Memory: that of one Cache a tenant, each with room for `max_entries`; pages of those
/// that stay small are never touched. Not thread-safe.
class TenantCache {
 public:
  /// Fails as Cache::create does, and for 0 tenants or more handles than 32 bits can name.
  static Result<TenantCache> create(std::string_view policy, const Config& config,
                                    std::uint32_t tenants);
  static Result<std::size_t> memory_bytes(std::string_view policy, const Config& config,
                                          std::uint32_t tenants);

  std::uint32_t tenants() const { return static_cast<std::uint32_t>(parts_.size()); }
  /// New quotas, one a tenant, all or none. Nothing is evicted at once.
  Status set_quotas(const std::vector<Quota>& quotas);
  const Quota& quota(std::uint32_t tenant) const { return parts_[tenant].quota; }
  /// What a tenant is entitled to.
  std::uint64_t share(std::uint32_t tenant) const { return parts_[tenant].share; }
  std::uint64_t used(std::uint32_t tenant) const { return parts_[tenant].cache.used(); }
  std::uint32_t entries(std::uint32_t tenant) const { return parts_[tenant].cache.entries(); }
  const Stats& stats(std::uint32_t tenant) const { return parts_[tenant].cache.stats(); }

  /// Requires of every `tenant` and Meta::tenant below: < tenants().
  Handle find(std::uint32_t tenant, ObjectId id, ObjectId id_high = 0) const;
  std::uint32_t tenant_of(Handle h) const { return h.index / stride_; }
  bool live(Handle h) const;
  Victim describe(Handle h) const;
  bool access(TimePoint now, Handle h, std::int64_t next_access = -1);
  void miss(TimePoint now, const Meta& meta);
  /// A parent or mate of another tenant is not admissible.
  bool admissible(const Meta& meta) const;
  /// Lends idle space first; then as Cache::must_evict. `tenant` is looked at when there is no
  /// `incoming`.
  bool must_evict(const Meta* incoming, std::uint32_t tenant = 0);
  /// Victims for `incoming` come from one tenant a call: the one furthest over its share of those
  /// that have an entry to give. Without `incoming`: after a resize.
  std::size_t reserve(TimePoint now, const Want& want, Victim* out, std::size_t capacity);
  /// Victims of one tenant.
  std::size_t reserve_of(std::uint32_t tenant, TimePoint now, const Want& want, Victim* out,
                         std::size_t capacity);
  std::size_t expire(TimePoint now, Victim* out, std::size_t capacity);
  void commit(TimePoint now, const Handle* handles, std::size_t count);
  void abort(TimePoint now, const Handle* handles, std::size_t count);
  /// Null for what the policy does not store in the space that its tenant has now.
  Handle insert(TimePoint now, const Meta& meta);
  bool erase(TimePoint now, Handle h);
  bool pin(Handle h);
  bool unpin(Handle h);
  bool set_expiry(Handle h, TimePoint expires);
  bool set_lease(Handle h, TimePoint leased_until, TimePoint soft_until = {});
  bool set_cost(Handle h, std::uint32_t cost);
  /// As Cache::admit and Cache::request, for Meta::tenant.
  Handle admit(TimePoint now, const Meta& meta, const OnVictim& on_victim = {});
  bool request(TimePoint now, const Meta& meta);

  /// As Cache's; shares are worked out anew.
  Result<std::uint64_t> resize(std::uint64_t capacity);
  Status set_params(const Params& params);
  bool save(const Writer& write) const;
  static Result<TenantCache> restore(const Reader& read, const ExternalPolicy* external = nullptr);
  void restart(const Alive& alive);

  std::uint64_t capacity() const { return capacity_; }
  std::uint32_t features() const { return parts_.front().cache.features(); }
  std::uint64_t used() const;
  std::uint32_t entries() const;
  const PolicyInfo& policy() const { return parts_.front().cache.policy(); }
  /// Cache::audit of every tenant, and that their capacities do not exceed the whole.
  std::string audit() const;
  std::uint64_t state_hash() const;

 private:
  struct Part {
    Cache cache;
    Quota quota;
    std::uint64_t share = 0;
    std::uint64_t granted = 0;  ///< what it may hold now: the limit of its cache
  };
  TenantCache() = default;
  Part& part_of(Handle h) { return parts_[tenant_of(h)]; }
  const Part& part_of(Handle h) const { return parts_[tenant_of(h)]; }
  bool known(Handle h) const { return h && tenant_of(h) < tenants(); }
  Handle inner(Handle h) const { return {h.index % stride_, h.generation}; }
  Handle outer(std::uint32_t tenant, Handle h) const;
  Victim outer(std::uint32_t tenant, Victim v) const;
  bool localise(Meta& meta) const;
  std::uint64_t charge_of(const Meta& meta) const { return unit_charge_ ? 1 : meta.charge; }
  void grant(Part& part, std::uint64_t capacity);
  void keep_to_maximum(Part& part);
  void lend(std::uint32_t tenant, std::uint64_t charge);
  /// A tenant that may have to give, in the order in which they are asked.
  struct Donor {
    std::uint32_t tenant = Handle::kNone;
    std::uint64_t excess = 0;
  };
  Donor next_donor(const Meta* incoming, Donor before) const;
  std::size_t reserve_outer(std::uint32_t tenant, TimePoint now, const Want& want, Victim* out,
                            std::size_t capacity);
  bool evict_for(TimePoint now, const Meta& meta, const OnVictim& on_victim);

  std::vector<Part> parts_;
  std::uint64_t capacity_ = 0;
  std::uint64_t max_capacity_ = 0;
  std::uint32_t stride_ = 1;
  bool unit_charge_ = false;
  bool shrinking_ = false;  ///< more is resident than the capacity, since a resize
};

}  // namespace fleetcache::eviction
