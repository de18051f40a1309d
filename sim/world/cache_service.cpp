#include "sim/world/cache_service.hpp"

#include <algorithm>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::world {
namespace {

/// What an admission policy that asks for it is told of the tier.
admission::Load load_of(TimePoint now, eviction::Cache& tier, std::uint32_t uses,
                        const eviction::Meta& meta) {
  admission::Load load;
  if ((uses & admission::kUsesFree) != 0) {
    const double used = static_cast<double>(tier.used()) / static_cast<double>(tier.capacity());
    load.free_ppm = used < 1 ? static_cast<std::uint32_t>((1 - used) * 1e6) : 0;
  }
  if ((uses & admission::kUsesVictim) == 0 || !tier.must_evict(&meta)) return load;
  eviction::Victim victim;
  if (tier.reserve(now, &meta, &victim, 1) == 1) {
    tier.abort(now, &victim.handle, 1);
    load.would_evict = true;
    load.victim = victim.id;
  }
  return load;
}

}  // namespace

std::uint32_t CacheService::instance_of(const Domain& domain, NodeId owner,
                                        std::uint64_t object) const {
  if (pooled()) return 0;
  if (!strata()) return member_of(domain, owner);
  // A hash of its own: neither placement nor the sample of keys may decide the stratum.
  const double u = static_cast<double>(mix64(object ^ 0x7374726174616bULL) >> 11) * 0x1.0p-53;
  const auto at = std::upper_bound(domain.key_bound.begin(), domain.key_bound.end(), u);
  return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(
      at - domain.key_bound.begin(), static_cast<std::ptrdiff_t>(domain.key_bound.size()) - 1));
}

bool CacheService::lost(const Instance& instance, std::uint32_t tier, eviction::Handle handle,
                        NodeId owner) const {
  if (!strata()) return false;
  const Filled& filled = instance.filled[tier][handle.index];
  const std::uint32_t stamp = stamps_[stamp_of(owner, tier)];
  return filled.stamp != stamp && filled.before != stamp;
}

NodeId CacheService::owner(DomainId id, std::uint64_t object) const {
  const Domain& domain = domains_[id];
  if (domain.away == domain.members.size()) return kNobody;
  if (domain.members.size() == 1 || !domain.map) return domain.members.front();
  if (last_owner_.domain != id || last_owner_.object != object ||
      last_owner_.changes != map_changes_) {
    last_owner_ = {id, object, map_changes_, look_up_owner(domain, object)};
  }
  return last_owner_.owner;
}

NodeId CacheService::look_up_owner(const Domain& domain, std::uint64_t object) const {
  const std::uint32_t first = domain.map->owner(object);
  if (!strata() || domain.alive[first]) return domain.members[first];
  // As the map without them would: the next one in the order of preference who is there.
  const auto all = static_cast<std::uint32_t>(domain.members.size());
  std::vector<std::uint32_t> next;
  for (std::uint32_t count = std::min(8U, all);; count = std::min(4 * count, all)) {
    next.resize(count);
    domain.map->owners(object, next.data(), count);
    const auto there = std::find_if(next.begin(), next.end(),
                                    [&](std::uint32_t m) { return domain.alive[m] != 0; });
    if (there != next.end()) return domain.members[*there];
    FLEETCACHE_CHECK(count < all, "not everybody is away");
  }
}

std::uint32_t CacheService::member_of(const Domain& domain, NodeId node) const {
  const auto found = std::lower_bound(domain.members.begin(), domain.members.end(), node);
  FLEETCACHE_CHECK(found != domain.members.end() && *found == node, "a node of this domain");
  return static_cast<std::uint32_t>(found - domain.members.begin());
}

std::optional<Location> CacheService::find(DomainId id, std::uint64_t object) const {
  const Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return std::nullopt;
  Location where;
  where.domain = id;
  where.node = owner(id, object);
  if (where.node == kNobody) return std::nullopt;
  where.instance = instance_of(domain, where.node, object);
  const Instance& instance = domain.instances[where.instance];
  if (muted(where.node)) return std::nullopt;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    const eviction::Handle handle = instance.tiers[tier].find(object);
    if (!handle || lost(instance, tier, handle, where.node)) continue;
    where.tier = tier;
    where.epoch = strata() ? stamps_[stamp_of(where.node, tier)] : instance.epochs[tier];
    where.medium = settings_->tiers[tier].medium;
    where.handle = handle;
    return where;
  }
  return std::nullopt;
}

void CacheService::touch(TimePoint now, const Location& where) {
  now = now + stepped_;
  if (!valid(where)) return;
  const eviction::Victim entry = cache(where).describe(where.handle);
  admission::Policy& policy =
      domains_[where.domain].instances[where.instance].admission[where.tier];
  eviction::Cache& tier = cache(where);
  if (!tier.access(now, where.handle)) return;
  policy.seen(now, {entry.id, entry.charge}, true);
  const eviction::OnVictim count = [this](const eviction::Victim& victim) {
    ++*evictions_;
    *evicted_bytes_ += victim.charge;
  };
  // Policies with limits of their own (SLRU) may have to let go after a hit.
  while (tier.must_evict(nullptr) && tier.evict(now, nullptr, &count)) {
  }
}

void CacheService::miss(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes) {
  now = now + stepped_;
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return;
  const NodeId node = owner(id, object);
  if (node == kNobody) return;
  Instance& instance = domain.instances[instance_of(domain, node, object)];
  eviction::Meta meta;
  meta.id = object;
  meta.charge = bytes;
  for (eviction::Cache& tier : instance.tiers) tier.miss(now, meta);
  for (admission::Policy& policy : instance.admission) policy.seen(now, {object, bytes}, false);
}

void CacheService::pin(const Location& where) {
  if (valid(where)) cache(where).pin(where.handle);
}

void CacheService::unpin(const Location& where) {
  // Over strata the entry may be there still, though its owner lost it; handles know their entry.
  if (strata() || valid(where)) cache(where).unpin(where.handle);
}

bool CacheService::admit(TimePoint now, Instance& instance, std::uint32_t tier, NodeId owner,
                         std::uint64_t object, std::uint64_t bytes) {
  now = now + stepped_;
  eviction::Cache& into = instance.tiers[tier];
  std::uint32_t before = kNoStamp;
  if (const eviction::Handle there = into.find(object)) {
    if (!lost(instance, tier, there, owner)) return false;
    if (strata()) {
      const Filled& old = instance.filled[tier][there.index];
      before = is_void(old.stamp) ? old.before : old.stamp;
    }
    if (!into.erase(now, there)) return false;
  }
  eviction::Meta meta;
  meta.id = object;
  meta.charge = bytes;
  admission::Policy& policy = instance.admission[tier];
  const admission::Load load = load_of(now, into, policy.policy().uses, meta);
  if (policy.decide(now, {object, bytes}, load) != admission::Decision::kAdmit) {
    collector_->count("cache.not_admitted");
    return false;
  }
  const auto handle = into.admit(now, meta, [this](const eviction::Victim& victim) {
    ++*evictions_;
    *evicted_bytes_ += victim.charge;
  });
  if (!handle) {
    collector_->count("cache.refused");
    return false;
  }
  if (strata()) {
    std::vector<Filled>& filled = instance.filled[tier];
    if (filled.size() <= handle.index) filled.resize(handle.index + 1);
    filled[handle.index] = {stamps_[stamp_of(owner, tier)], handle.generation,
                            is_void(before) ? kNoStamp : before};
  }
  return true;
}

bool CacheService::fill(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes,
                        probes::TrafficClass traffic) {
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return false;
  const NodeId node = owner(id, object);
  if (node == kNobody || muted(node)) return false;
  Instance& instance = domain.instances[instance_of(domain, node, object)];
  bool on_nvme = false;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    if (is_offline(node, tier)) continue;
    if (!admit(now, instance, tier, node, object, bytes)) continue;
    const bool nvme = settings_->tiers[tier].medium == scenario::Medium::kNvme;
    on_nvme = on_nvme || nvme;
    collector_->written(nvme ? probes::Medium::kNvme : probes::Medium::kDram, traffic, bytes);
  }
  return on_nvme;
}

void CacheService::promote(TimePoint now, const Location& where, std::uint64_t object,
                           std::uint64_t bytes) {
  if (!valid(where)) return;
  Instance& instance = domains_[where.domain].instances[where.instance];
  for (std::uint32_t tier = 0; tier < where.tier; ++tier) {
    if (is_offline(where.node, tier)) continue;
    if (admit(now, instance, tier, where.node, object, bytes)) {
      ++*promotions_;
    }
  }
}

void CacheService::depart(NodeId node) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  std::uint8_t& alive = domain.alive[member_of(domain, node)];
  domain.away += alive;
  alive = 0;
  ++map_changes_;
  const Status mapped = rebuild_map(domain);
  FLEETCACHE_CHECK(mapped.ok(), "a subset of valid members is valid");
}

void CacheService::lose(TimePoint now, NodeId node) {
  lose_tiers(now, node, true, scenario::Medium::kDram);
}

void CacheService::lose(TimePoint now, NodeId node, scenario::Medium medium) {
  lose_tiers(now, node, false, medium);
}

// Copies that are gone and keep their place would be as good as a smaller cache, and to a policy
// that protects what was read often worse: it would go on protecting them. One owner in 64 bounds
// that at 1.6 % of the room, and the cost at 64 sweeps for the loss of everything.
void CacheService::drop_lost(TimePoint now, Domain& domain) {
  constexpr std::uint32_t kOneIn = 64;
  if (++domain.losses * kOneIn < domain.members.size()) return;
  domain.losses = 0;
  for (Instance& instance : domain.instances) {
    for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
      const std::vector<Filled>& filled = instance.filled[tier];
      for (std::uint32_t i = 0; i < filled.size(); ++i) {
        // A copy that is being sent is gone too: its reader has what it asked for already.
        if (void_[filled[i].stamp] && is_void(filled[i].before))
          instance.tiers[tier].erase(now, {i, filled[i].generation});
      }
    }
  }
}

void CacheService::lose_tiers(TimePoint now, NodeId node, bool all, scenario::Medium medium) {
  if (!enabled()) return;
  for (std::uint32_t tier = 0; tier < settings_->tiers.size(); ++tier) {
    if (!all && settings_->tiers[tier].medium != medium) continue;
    std::uint32_t& stamp = stamps_[stamp_of(node, tier)];
    void_[stamp] = true;
    stamp = static_cast<std::uint32_t>(void_.size());
    void_.push_back(false);
  }
  Domain& domain = domains_[domain_of_[node]];
  if (domain.instances.empty() || pooled()) return;
  if (strata()) return drop_lost(now + stepped_, domain);
  Instance& instance = domain.instances[member_of(domain, node)];
  auto empty = make_instance(domain, 1);
  FLEETCACHE_CHECK(empty.ok(), "an instance that was built once can be built again");
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    if (!all && settings_->tiers[tier].medium != medium) continue;
    instance.tiers[tier] = std::move(empty->tiers[tier]);
    instance.admission[tier] = std::move(empty->admission[tier]);
    ++instance.epochs[tier];
  }
}

void CacheService::set_offline(NodeId node, scenario::Medium medium, bool offline) {
  const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(medium));
  offline_[node] =
      static_cast<std::uint8_t>(offline ? offline_[node] | bit : offline_[node] & ~bit);
}

void CacheService::join(NodeId node) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  std::uint8_t& alive = domain.alive[member_of(domain, node)];
  domain.away -= alive == 0 ? 1 : 0;
  alive = 1;
  ++map_changes_;
  const Status mapped = rebuild_map(domain);
  FLEETCACHE_CHECK(mapped.ok(), "the original members are valid");
}

std::uint64_t CacheService::used_bytes(std::uint32_t tier) const {
  std::uint64_t sum = 0;
  for (const Domain& domain : domains_) {
    for (const Instance& instance : domain.instances) sum += instance.tiers[tier].used();
  }
  return sum;
}

std::uint64_t CacheService::capacity_bytes(std::uint32_t tier) const {
  std::uint64_t sum = 0;
  for (const Domain& domain : domains_) {
    for (const Instance& instance : domain.instances) sum += instance.tiers[tier].capacity();
  }
  return sum;
}

std::string CacheService::audit() const {
  for (const Domain& domain : domains_) {
    for (const Instance& instance : domain.instances) {
      for (const eviction::Cache& tier : instance.tiers) {
        std::string broken = tier.audit();
        if (!broken.empty()) return broken;
      }
    }
  }
  return {};
}

std::uint64_t CacheService::state_hash() const {
  Digest digest;
  for (const Domain& domain : domains_) {
    for (const Instance& instance : domain.instances) {
      for (const eviction::Cache& tier : instance.tiers) digest.add(tier.state_hash());
    }
  }
  return digest.value();
}

}  // namespace fleetcache::world
