// How caches come to be: which nodes share copies, which instances hold them, which map places
// keys.

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/placement/share.hpp"
#include "policies/base/check.hpp"
#include "sim/world/cache_service.hpp"
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
//
// As many owners as objects that one sampled object stands for make a stratum that holds as many
// sampled objects as one owner holds objects: what a policy does in a small cache, it does there
// too. Wider strata would smooth it away (8 objects an owner: 4 points of hit ratio), and chance
// in the sampled keys already spreads their shares.
void CacheService::share_keys(Domain& domain) {
  const auto members = static_cast<double>(domain.members.size());
  const auto objects = static_cast<double>(std::max<std::uint64_t>(1, domain.catalogue.objects));
  const auto population = std::max(objects, static_cast<double>(domain.catalogue.population));
  // Rounded down: a stratum with room for 5.9 sampled objects would hold 5.
  const auto alike = static_cast<std::uint32_t>(members * objects / population);
  const std::uint32_t count = std::min(std::max(plan_.owner_strata, alike),
                                       static_cast<std::uint32_t>(domain.members.size()));
  const double points = settings_->placement == "ring" ? settings_->virtual_nodes : 1e12;
  const double by_chance = std::max(1e-12, members / population - count / objects);
  const double sigma = models::share_deviation(points, std::max(1.0, 1 / by_chance));
  domain.key_bound = models::cumulative_shares(sigma, count);
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
    instance.filled.emplace_back();
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

}  // namespace fleetcache::world
