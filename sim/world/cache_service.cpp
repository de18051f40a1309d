#include "sim/world/cache_service.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/placement/share.hpp"
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
                                                          const Platform& platform, CachePlan plan,
                                                          probes::Collector& collector) {
  std::unique_ptr<CacheService> service(
      new CacheService(scenario, platform, std::move(plan), collector));
  const Status built = service->build_domains();
  if (!built) return built.error();
  return service;
}

Status CacheService::build_domains() {
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
      if (fresh) domains_.emplace_back().catalogue = plan_.catalogues[pool];
      domain_of_[node] = entry->second;
      domains_[entry->second].members.push_back(node);
    }
  }
  if (!enabled()) return Nothing{};
  for (Domain& domain : domains_) {
    domain.alive.assign(domain.members.size(), 1);
    if (!has_reader(domain)) continue;
    const Status mapped = rebuild_map(domain);
    if (!mapped) return mapped;
    if (domain.catalogue.objects == 0) continue;  // nobody reads here: no metadata to hold
    const Status built = build_instances(domain);
    if (!built) return built;
  }
  return Nothing{};
}

bool CacheService::has_reader(const Domain& domain) const {
  return plan_.readers.empty() ||
         std::any_of(domain.members.begin(), domain.members.end(),
                     [this](NodeId node) { return plan_.readers[node] != 0; });
}

Status CacheService::build_instances(Domain& domain) {
  const auto members = static_cast<double>(domain.members.size());
  if (strata()) share_keys(domain);
  const std::size_t instances = pooled()   ? 1
                                : strata() ? domain.key_bound.size()
                                           : domain.members.size();
  for (std::size_t i = 0; i < instances; ++i) {
    auto instance = make_instance(domain, members / static_cast<double>(instances));
    if (!instance) return instance.error();
    domain.instances.push_back(std::move(instance).value());
  }
  return Nothing{};
}

// Owners differ in how many keys fall to them: by the ring's points (relative variance 1 / points)
// and by chance (1 / keys). Each stratum is an equal part of the owners, with the mean share of its
// slice of a normal law; which owner is in it does not matter, since owners are alike otherwise.
void CacheService::share_keys(Domain& domain) {
  const auto members = static_cast<double>(domain.members.size());
  const double points = settings_->placement == "ring" ? settings_->virtual_nodes : 1e12;
  const double keys = static_cast<double>(domain.catalogue.population) / members;
  const double sigma = models::share_deviation(points, std::max(1.0, keys));
  const std::uint32_t count =
      std::min<std::uint32_t>(plan_.owner_strata, static_cast<std::uint32_t>(members));
  domain.key_bound = models::cumulative_shares(sigma, count);
}

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
  return strata() && instance.filled_at[tier][handle.index] != losses_[owner];
}

Result<CacheService::Instance> CacheService::make_instance(const Domain& domain,
                                                           double nodes) const {
  Instance instance;
  const double sharers = pooled() ? 1 : static_cast<double>(domain.members.size()) / nodes;
  for (const scenario::CacheTier& tier : settings_->tiers) {
    const double bytes = static_cast<double>(tier.capacity.count) * (pooled() ? 1 : nodes);
    // An owner holds its share of the keys; twice that and some leaves room for uneven placement
    // and for members that left.
    const double share =
        std::floor(static_cast<double>(domain.catalogue.objects) / sharers) * 2 + 1024;
    const double fits = bytes / static_cast<double>(domain.catalogue.bytes_min) + 1 +
                        static_cast<double>(domain.catalogue.small);
    eviction::Config config;
    config.capacity = static_cast<std::uint64_t>(bytes);
    config.max_entries = static_cast<std::uint32_t>(std::min(
        {fits, share, static_cast<double>(domain.catalogue.objects) + 1, double{0x7fffffff}}));
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
    instance.filled_at.emplace_back();
  }
  return instance;
}

Status CacheService::rebuild_map(Domain& domain) {
  // A node that is down stays a member, so that only its own keys move, and come back with it. Over
  // strata the map is kept, since a ring of 100,000 members takes a second: `owner` looks past the
  // nodes that are down.
  if (strata() && domain.map) return Nothing{};
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
  if (last_owner_.domain != id || last_owner_.object != object ||
      last_owner_.changes != map_changes_) {
    last_owner_ = {id, object, map_changes_, look_up_owner(domain, object)};
  }
  return last_owner_.owner;
}

NodeId CacheService::look_up_owner(const Domain& domain, std::uint64_t object) const {
  const std::uint32_t first = domain.map->owner(object);
  if (!strata() || domain.alive[first]) return domain.members[first];
  constexpr std::uint32_t kCandidates = 8;
  std::uint32_t next[kCandidates];
  const auto count =
      std::min<std::uint32_t>(kCandidates, static_cast<std::uint32_t>(domain.members.size()));
  domain.map->owners(object, next, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (domain.alive[next[i]]) return domain.members[next[i]];
  }
  return domain.members[first];
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
  where.instance = instance_of(domain, where.node, object);
  const Instance& instance = domain.instances[where.instance];
  if (muted(where.node)) return std::nullopt;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    const eviction::Handle handle = instance.tiers[tier].find(object);
    if (!handle || lost(instance, tier, handle, where.node)) continue;
    where.tier = tier;
    where.epoch = strata() ? losses_[where.node] : instance.epochs[tier];
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
    collector_->count("cache.evictions");
    collector_->count("cache.evicted_bytes", victim.charge);
  };
  // Policies with limits of their own (SLRU) may have to let go after a hit.
  while (tier.must_evict(nullptr) && tier.evict(now, nullptr, &count)) {
  }
}

void CacheService::miss(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes) {
  now = now + stepped_;
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return;
  Instance& instance = domain.instances[instance_of(domain, owner(id, object), object)];
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

bool CacheService::admit(TimePoint now, Instance& instance, std::uint32_t tier, NodeId owner,
                         std::uint64_t object, std::uint64_t bytes) {
  now = now + stepped_;
  eviction::Cache& into = instance.tiers[tier];
  if (const eviction::Handle there = into.find(object)) {
    if (!lost(instance, tier, there, owner)) return false;
    if (!into.erase(now, there)) return false;  // pinned by a read of before the loss
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
    collector_->count("cache.evictions");
    collector_->count("cache.evicted_bytes", victim.charge);
  });
  if (!handle) {
    collector_->count("cache.refused");
    return false;
  }
  if (strata()) {
    std::vector<std::uint32_t>& filled_at = instance.filled_at[tier];
    if (filled_at.size() <= handle.index) filled_at.resize(handle.index + 1);
    filled_at[handle.index] = losses_[owner];
  }
  return true;
}

bool CacheService::fill(TimePoint now, DomainId id, std::uint64_t object, std::uint64_t bytes,
                        probes::TrafficClass traffic) {
  Domain& domain = domains_[id];
  if (!enabled() || domain.instances.empty() || !domain.map) return false;
  const NodeId node = owner(id, object);
  if (muted(node)) return false;
  Instance& instance = domain.instances[instance_of(domain, node, object)];
  bool on_nvme = false;
  for (std::uint32_t tier = 0; tier < instance.tiers.size(); ++tier) {
    if (is_offline(node, tier)) continue;
    if (!admit(now, instance, tier, node, object, bytes)) continue;
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
    if (admit(now, instance, tier, where.node, object, bytes)) {
      collector_->count("cache.promotions");
    }
  }
}

void CacheService::depart(NodeId node) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  domain.alive[member_of(domain, node)] = 0;
  ++map_changes_;
  const Status mapped = rebuild_map(domain);
  FLEETCACHE_CHECK(mapped.ok(), "a subset of valid members is valid");
}

void CacheService::lose(NodeId node) { lose_tiers(node, true, scenario::Medium::kDram); }

void CacheService::lose(NodeId node, scenario::Medium medium) { lose_tiers(node, false, medium); }

void CacheService::lose_tiers(NodeId node, bool all, scenario::Medium medium) {
  if (!enabled()) return;
  ++losses_[node];
  Domain& domain = domains_[domain_of_[node]];
  if (domain.instances.empty() || pooled() || strata()) return;
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
  offline_[node] = static_cast<std::uint8_t>(offline ? offline_[node] | bit : offline_[node] & ~bit);
}

void CacheService::join(NodeId node) {
  if (!enabled()) return;
  Domain& domain = domains_[domain_of_[node]];
  domain.alive[member_of(domain, node)] = 1;
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
