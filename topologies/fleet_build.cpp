// Fleet::build: checks the specs, then lays out ids in name order.
#include <algorithm>
#include <cmath>
#include <limits>

#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

namespace {

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) { return a / b + (a % b != 0); }

bool usable(double x) { return std::isfinite(x) && x > 0; }

Status check_pool(const std::string& where, const PoolSpec& pool) {
  if (pool.name.empty()) return Error{where, "a pool has no name"};
  const std::string place = where + ".pools." + pool.name;
  if (!usable(pool.nic.count)) return Error{place + ".sku.nic", "must be above 0"};
  if (pool.nvme_read.count < 0 || pool.nvme_write.count < 0)
    return Error{place + ".sku", "NVMe rates must not be negative"};
  if ((pool.nvme_read.count > 0) != (pool.nvme_write.count > 0))
    return Error{place + ".sku", "NVMe read and write rates must both be 0 or both above 0"};
  return Nothing{};
}

Status check_region(const RegionSpec& region) {
  if (region.name.empty()) return Error{"regions", "a region has no name"};
  const std::string where = "regions." + region.name;
  if (region.nodes_per_rack == 0) return Error{where + ".fabric.nodes_per_rack", "must be above 0"};
  if (region.racks_per_pod == 0) return Error{where + ".fabric.racks_per_pod", "must be above 0"};
  if (!usable(region.rack_oversubscription))
    return Error{where + ".fabric.rack_oversubscription", "must be above 0"};
  if (!usable(region.pod_oversubscription))
    return Error{where + ".fabric.pod_oversubscription", "must be above 0"};
  if (region.accounts > 0 &&
      (!usable(region.account_egress.count) || !usable(region.account_ingress.count)))
    return Error{where + ".blob", "egress and ingress of an account must be above 0"};
  if (region.fleet_egress.count < 0 || region.stamp.count < 0 || region.core.count < 0)
    return Error{where, "a rate is negative"};
  for (std::size_t i = 0; i < region.pools.size(); ++i) {
    if (Status s = check_pool(where, region.pools[i]); !s) return s;
    if (i > 0 && region.pools[i].name == region.pools[i - 1].name)
      return Error{where + ".pools." + region.pools[i].name, "is there twice"};
  }
  return Nothing{};
}

}  // namespace

Result<Fleet> Fleet::build(std::vector<RegionSpec> regions, const std::vector<WanSpec>& wan) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(regions.begin(), regions.end(), by_name);
  for (RegionSpec& r : regions) std::sort(r.pools.begin(), r.pools.end(), by_name);
  if (regions.empty()) return Error{"regions", "the fleet has no region"};
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (Status s = check_region(regions[i]); !s) return s.error();
    if (i > 0 && regions[i].name == regions[i - 1].name)
      return Error{"regions." + regions[i].name, "is there twice"};
  }
  Fleet fleet;
  fleet.regions_ = std::move(regions);
  if (Status s = fleet.place_pools(); !s) return s.error();
  if (fleet.pool_of_.empty()) return Error{"regions", "the fleet has no node"};
  if (Status s = fleet.place_links(wan); !s) return s.error();
  return fleet;
}

Status Fleet::place_pools() {
  std::uint64_t nodes = 0;
  std::uint32_t racks = 0, pods = 0;
  for (std::uint32_t r = 0; r < region_count(); ++r) {
    const RegionSpec& spec = regions_[r];
    const auto first_node = static_cast<std::uint32_t>(nodes);
    for (const PoolSpec& p : spec.pools) {
      if (nodes + p.nodes > std::numeric_limits<std::uint32_t>::max() / 8)
        return Error{"regions." + spec.name + ".pools." + p.name + ".nodes", "too many nodes"};
      Pool pool;
      pool.name = p.name;
      pool.region = r;
      pool.first_node = static_cast<std::uint32_t>(nodes);
      pool.nodes = p.nodes;
      pool.nodes_per_rack = spec.nodes_per_rack;
      pool.racks_per_pod = spec.racks_per_pod;
      pool.first_rack = racks;
      pool.racks = ceil_div(p.nodes, spec.nodes_per_rack);
      pool.first_pod = pods;
      pool.pods = ceil_div(pool.racks, spec.racks_per_pod);
      pool.links_per_node = p.nvme_read.count > 0 ? 4 : 2;
      pool.nic = p.nic;
      pool.nvme_read = p.nvme_read;
      pool.nvme_write = p.nvme_write;
      // Uplinks are hardware of a full rack or pod, also where the last one is not full.
      pool.tor = BytesPerSecond(spec.nodes_per_rack * p.nic.count / spec.rack_oversubscription);
      pool.pod = BytesPerSecond(spec.racks_per_pod * pool.tor.count / spec.pod_oversubscription);
      nodes += p.nodes;
      racks += pool.racks;
      pods += pool.pods;
      const auto id = static_cast<std::uint32_t>(pools_.size());
      pool_of_.resize(nodes, id);
      pool_of_rack_.resize(racks, id);
      pool_of_pod_.resize(pods, id);
      pools_.push_back(std::move(pool));
    }
    region_nodes_.push_back({first_node, static_cast<std::uint32_t>(nodes)});
  }
  return Nothing{};
}

Status Fleet::place_links(const std::vector<WanSpec>& wan) {
  std::uint64_t next = 0;
  for (Pool& p : pools_) {
    p.first_node_link = static_cast<LinkIndex>(next);
    next += std::uint64_t{p.links_per_node} * p.nodes;
  }
  first_rack_link_ = static_cast<LinkIndex>(next);
  next += 2 * std::uint64_t{rack_count()};
  first_pod_link_ = static_cast<LinkIndex>(next);
  next += 2 * std::uint64_t{pod_count()};
  first_core_link_ = static_cast<LinkIndex>(next);
  next += 2 * std::uint64_t{region_count()};
  first_account_link_ = static_cast<LinkIndex>(next);
  for (RegionSpec& r : regions_) {
    origins_.push_back({static_cast<LinkIndex>(next)});
    next += 2 * std::uint64_t{r.accounts};
    if (next >= kNoLink / 2)
      return Error{"regions." + r.name + ".blob.accounts", "too many accounts"};
  }
  first_path_link_ = static_cast<LinkIndex>(next);
  for (const RegionSpec& r : regions_) {
    front_end_.push_back(r.fleet_egress.count > 0 ? static_cast<LinkIndex>(next++) : kNoLink);
    stamp_.push_back(r.stamp.count > 0 ? static_cast<LinkIndex>(next++) : kNoLink);
  }
  first_wan_link_ = static_cast<LinkIndex>(next);
  for (RegionSpec& r : regions_) {
    if (r.core.count > 0) continue;
    const std::uint32_t region = find_region(r.name);
    for (const Pool& p : pools_)
      if (p.region == region) r.core += BytesPerSecond(p.pods * p.pod.count);
  }
  return place_wan(wan);
}

Status Fleet::place_wan(const std::vector<WanSpec>& wan) {
  const std::uint32_t n = region_count();
  wan_.assign(std::size_t{n} * n, kNoLink);
  std::vector<WanLink> pairs;
  for (const WanSpec& w : wan) {
    const std::string where = "links." + w.from + "-" + w.to;
    const std::uint32_t a = find_region(w.from), b = find_region(w.to);
    if (a == kNone) return Error{where, "no region is called \"" + w.from + "\""};
    if (b == kNone) return Error{where, "no region is called \"" + w.to + "\""};
    if (a == b) return Error{where, "a WAN link needs two different regions"};
    if (!usable(w.bandwidth.count)) return Error{where + ".bandwidth", "must be above 0"};
    pairs.push_back({std::min(a, b), std::max(a, b), w.bandwidth,
                     w.parameter.empty() ? where + ".bandwidth" : w.parameter});
  }
  std::sort(pairs.begin(), pairs.end(), [](const WanLink& x, const WanLink& y) {
    return x.from != y.from ? x.from < y.from : x.to < y.to;
  });
  LinkIndex next = first_wan_link_;
  for (const WanLink& p : pairs) {
    if (wan_[p.from * n + p.to] != kNoLink)
      return Error{"links." + regions_[p.from].name + "-" + regions_[p.to].name, "is there twice"};
    wan_[p.from * n + p.to] = next++;
    wan_[p.to * n + p.from] = next++;
    wan_links_.push_back(p);
    wan_links_.push_back({p.to, p.from, p.bandwidth, p.parameter});
  }
  link_count_ = next;
  for (std::uint32_t r = 0; r < n; ++r) {
    // A region without nodes only serves others: its core is as wide as its WAN links together.
    if (regions_[r].core.count > 0) continue;
    for (const WanLink& w : wan_links_)
      if (w.from == r) regions_[r].core += w.bandwidth;
    if (regions_[r].core.count <= 0)
      return Error{"regions." + regions_[r].name, "has neither a node nor a WAN link"};
  }
  return Nothing{};
}

}  // namespace fleetcache::topologies
