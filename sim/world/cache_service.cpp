#include "sim/world/cache_service.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "topologies/clusters.hpp"

namespace fleetcache::world {
namespace {

/// AKS cluster of every node, or cell of clusters, numbered through. Fails when a rack is larger
/// than a cluster. O(nodes).
Result<std::vector<std::uint32_t>> clusters_of(const Platform& platform,
                                               const scenario::Cache& settings) {
  std::vector<std::uint32_t> cluster_of(platform.nodes(), 0);
  const std::uint32_t per_cell =
      settings.scope == scenario::Scope::kCell ? settings.cell_clusters : 1;
  std::uint32_t number = 0;
  for (RegionId region = 0; region < platform.fleet().region_count(); ++region) {
    const auto clusters =
        topologies::partition(platform.fleet(), platform.region(region).fabric.cluster_nodes);
    if (!clusters) return clusters.error();
    std::uint32_t in_region = 0;
    for (const topologies::Cluster& cluster : *clusters) {
      if (cluster.region != region) continue;
      if (in_region++ % per_cell == 0) ++number;
      std::fill(cluster_of.begin() + cluster.first, cluster_of.begin() + cluster.last, number);
    }
  }
  return cluster_of;
}

/// Entities that share copies have the same group number within their pool.
std::uint64_t group_of(const Platform& platform, scenario::Scope scope,
                       const std::vector<std::uint32_t>& clusters, NodeId node) {
  switch (scope) {
    case scenario::Scope::kNode:
      return node;
    case scenario::Scope::kRack:
      return platform.fleet().rack_of(node);
    case scenario::Scope::kPod:
      return platform.fleet().pod_of(node);
    case scenario::Scope::kCluster:
    case scenario::Scope::kCell:
      return clusters[node];
    case scenario::Scope::kRegion:
    case scenario::Scope::kGlobal:  // other regions are asked over the WAN, see DataPath
      return 0;
  }
  return 0;
}

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

Result<std::unique_ptr<CacheService>> CacheService::build(const scenario::Scenario& scenario,
                                                          const Platform& platform,
                                                          const std::vector<Catalogue>& catalogues,
                                                          probes::Collector& collector) {
  std::unique_ptr<CacheService> service(new CacheService(scenario, platform, collector));
  const Status built = service->build_domains(catalogues);
  if (!built) return built.error();
  return service;
}

Status CacheService::build_domains(const std::vector<Catalogue>& catalogues) {
  domain_of_.assign(platform_->nodes(), 0);
  std::vector<std::uint32_t> clusters;
  if (settings_->scope == scenario::Scope::kCluster || settings_->scope == scenario::Scope::kCell) {
    auto numbered = clusters_of(*platform_, *settings_);
    if (!numbered) return numbered.error();
    clusters = std::move(numbered).value();
  }
  std::map<std::pair<std::uint32_t, std::uint64_t>, DomainId> known;  // (pool, group)
  for (std::uint32_t pool = 0; pool < platform_->pools().size(); ++pool) {
    const PoolRange& range = platform_->pools()[pool];
    for (NodeId node = range.first; node < range.first + range.nodes; ++node) {
      const auto key = std::make_pair(pool, group_of(*platform_, settings_->scope, clusters, node));
      const auto [entry, fresh] = known.try_emplace(key, static_cast<DomainId>(domains_.size()));
      if (fresh) domains_.emplace_back().catalogue = catalogues[pool];
      domain_of_[node] = entry->second;
      domains_[entry->second].members.push_back(node);
    }
  }
  if (!enabled()) return Nothing{};
  for (Domain& domain : domains_) {
    domain.alive.assign(domain.members.size(), 1);
    const Status mapped = rebuild_map(domain);
    if (!mapped) return mapped;
    if (domain.catalogue.objects == 0) continue;  // nobody reads here: no metadata to hold
    const std::size_t instances = pooled() ? 1 : domain.members.size();
    for (std::size_t i = 0; i < instances; ++i) {
      auto instance = make_instance(domain);
      if (!instance) return instance.error();
      domain.instances.push_back(std::move(instance).value());
    }
  }
  return Nothing{};
}

Result<CacheService::Instance> CacheService::make_instance(const Domain& domain) const {
  Instance instance;
  const std::size_t sharers = pooled() ? 1 : domain.members.size();
  for (const scenario::CacheTier& tier : settings_->tiers) {
    // An owner holds its share of the keys; twice that and some leaves room for uneven placement
    // and for members that left.
    const std::uint64_t share = domain.catalogue.objects / sharers * 2 + 1024;
    const std::uint64_t fits = tier.capacity.count / domain.catalogue.bytes_min + 1;
    eviction::Config config;
    config.capacity = tier.capacity.count;
    config.max_entries = static_cast<std::uint32_t>(
        std::min<std::uint64_t>({fits, share, domain.catalogue.objects + 1, 0x7fffffffU}));
    config.seed = scenario_->seed;
    for (const auto& parameter : tier.parameters) config.params.push_back(parameter);
    auto cache = eviction::Cache::create(tier.eviction, config);
    if (!cache) return cache.error();
    instance.tiers.push_back(std::move(cache).value());
    admission::Config rule;
    rule.seed = scenario_->seed;
    rule.entries = config.max_entries;
    auto policy = admission::Policy::create(tier.admission, rule);
    if (!policy) return policy.error();
    instance.admission.push_back(std::move(policy).value());
    instance.epochs.push_back(0);
  }
  return instance;
}

Status CacheService::rebuild_map(Domain& domain) {
  // A node that is down stays a member, so that only its own keys move, and come back with it.
  std::vector<placement::Member> members;
  bool any_up = false;
  for (std::uint32_t i = 0; i < domain.members.size(); ++i) {
    placement::Member member;
    member.id = domain.members[i];
    member.domain = platform_->fleet().rack_of(domain.members[i]);
    member.state = domain.alive[i] ? placement::State::kUp : placement::State::kDown;
    any_up = any_up || domain.alive[i] != 0;
    members.push_back(member);
  }
  if (!any_up) {
    domain.map.reset();
    return Nothing{};
  }
  placement::Config config;
  config.virtual_nodes = settings_->virtual_nodes;
  config.seed = scenario_->seed;
  auto map = placement::build(settings_->placement, config, members);
  if (!map) return map.error();
  domain.map = std::move(map).value();
  return Nothing{};
}

NodeId CacheService::owner(DomainId id, std::uint64_t object) const {
  const Domain& domain = domains_[id];
  if (domain.members.size() == 1 || !domain.map) return domain.members.front();
  return domain.members[domain.map->owner(object)];
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
  where.instance = pooled() ? 0 : member_of(domain, where.node);
  const Instance& instance = domain.instances[where.instance];
  if (muted(where.node)) return std::nullopt;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    const eviction::Handle handle = instance.tiers[tier].find(object);
    if (!handle) continue;
    where.tier = tier;
    where.epoch = instance.epochs[tier];
    where.medium = settings_->tiers[tier].medium;
    where.handle = handle;
    return where;
  }
  return std::nullopt;
}

void CacheService::touch(TimePoint now, const Location& where) {
  if (!valid(where)) return;
  const eviction::Victim entry = cache(where).describe(where.handle);
  admission::Policy& policy =
      domains_[where.domain].instances[where.instance].admission[where.tier];
  eviction::Cache& tier = cache(where);
  if (!tier.access(now, where.handle)) return;
  policy.seen(now, {entry.id, entry.charge}, true);
  const eviction::OnVictim count = [this](const eviction::Victim& victim) {
    collector_->count("cache.evictions");
    collector_->count("cache.evicted_bytes", victim.charge);
  };
  // Policies with limits of their own (SLRU) may have to let go after a hit.
  while (tier.must_evict(nullptr) && tier.evict(now, nullptr, &count)) {
  }
}

void CacheService::miss(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes) {
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return;
  Instance& instance = domain.instances[pooled() ? 0 : member_of(domain, owner(id, object))];
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
  if (valid(where)) cache(where).unpin(where.handle);
}

bool CacheService::admit(TimePoint now, Instance& instance, std::uint32_t tier,
                         std::uint64_t object, std::uint64_t bytes) {
  eviction::Cache& into = instance.tiers[tier];
  if (into.find(object)) return false;
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
    collector_->count("cache.evictions");
    collector_->count("cache.evicted_bytes", victim.charge);
  });
  if (!handle) collector_->count("cache.refused");
  return static_cast<bool>(handle);
}

bool CacheService::fill(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes,
                        probes::TrafficClass traffic) {
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return false;
  const NodeId node = owner(id, object);
  if (muted(node)) return false;
  Instance& instance = domain.instances[pooled() ? 0 : member_of(domain, node)];
  bool on_nvme = false;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    if (is_offline(node, tier)) continue;
    if (!admit(now, instance, tier, object, bytes)) continue;
    const bool nvme = settings_->tiers[tier].medium == scenario::Medium::kNvme;
    on_nvme = on_nvme || nvme;
    collector_->written(nvme ? "nvme" : "dram", traffic, bytes);
  }
  return on_nvme;
}

void CacheService::promote(TimePoint now, const Location& where, std::uint64_t object,
                           std::uint64_t bytes) {
  if (!valid(where)) return;
  Instance& instance = domains_[where.domain].instances[where.instance];
  for (std::uint32_t tier = 0; tier < where.tier; ++tier) {
    if (is_offline(where.node, tier)) continue;
    if (admit(now, instance, tier, object, bytes)) collector_->count("cache.promotions");
  }
}

void CacheService::depart(NodeId node) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  domain.alive[member_of(domain, node)] = 0;
  const Status mapped = rebuild_map(domain);
  FLEETCACHE_CHECK(mapped.ok(), "a subset of valid members is valid");
}

void CacheService::lose(NodeId node) { lose_tiers(node, true, scenario::Medium::kDram); }

void CacheService::lose(NodeId node, scenario::Medium medium) { lose_tiers(node, false, medium); }

void CacheService::lose_tiers(NodeId node, bool all, scenario::Medium medium) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  if (domain.instances.empty() || pooled()) return;
  Instance& instance = domain.instances[member_of(domain, node)];
  auto empty = make_instance(domain);
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
  domain.alive[member_of(domain, node)] = 1;
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
