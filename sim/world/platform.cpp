#include "sim/world/platform.hpp"

#include <algorithm>

#include "policies/base/check.hpp"
#include "sim/scenario/fleet.hpp"

namespace fleetcache::world {
namespace {

using topologies::Endpoint;

/// Sizes of bursts that have a cap of their own: each at most 25 % above the one before.
std::vector<std::uint32_t> burst_sizes() {
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t n = 1; n <= 4096; n = std::max(n + 1, n + n / 4)) sizes.push_back(n);
  return sizes;
}
const std::vector<std::uint32_t> kBursts = burst_sizes();

/// The nearest size, by ratio.
std::size_t burst_index(std::uint32_t burst) {
  const auto above = std::lower_bound(kBursts.begin(), kBursts.end(), burst);
  if (above == kBursts.end()) return kBursts.size() - 1;
  const auto at = static_cast<std::size_t>(above - kBursts.begin());
  if (at == 0 || *above == burst) return at;
  const double low = kBursts[at - 1], high = *above, size = burst;
  return size * size < low * high ? at - 1 : at;
}

}  // namespace

Result<Platform> Platform::build(const scenario::Scenario& scenario) {
  auto fleet = scenario::build_fleet(scenario, scenario.origin.path);
  if (!fleet) return fleet.error();
  Platform platform(std::move(fleet).value());
  platform.scenario_ = &scenario;
  for (const auto& [name, region] : scenario.regions) platform.regions_.push_back(&region);
  platform.pool_index_.resize(platform.fleet_.node_count());
  for (const topologies::Pool& pool : platform.fleet_.pools()) {
    PoolRange range;
    range.region_id = pool.region;
    range.region = platform.regions_[pool.region]->name;
    range.pool = pool.name;
    range.first = pool.first_node;
    range.nodes = pool.nodes;
    range.spec = &platform.regions_[pool.region]->pools.at(pool.name);
    for (NodeId n = range.first; n < range.first + range.nodes; ++n) {
      platform.pool_index_[n] = static_cast<std::uint32_t>(platform.pools_.size());
    }
    platform.pools_.push_back(std::move(range));
  }
  return platform;
}

Result<Platform> Platform::build(const scenario::Scenario& scenario, engine::FlowEngine& engine) {
  auto platform = build(scenario);
  if (platform) platform->add_links(engine, {}, {});
  return platform;
}

void Platform::add_links(engine::FlowEngine& engine, const Grouping& grouping,
                         const std::vector<topologies::LinkIndex>& changing) {
  FLEETCACHE_CHECK(links_.empty(), "links are added once");
  grouping_ = grouping;
  // Groups first sum up: an engine link has its capacity from the start.
  std::map<std::uint64_t, double> sums;
  if (grouping_.merges()) {
    for (topologies::LinkIndex i = 0; i < fleet_.link_count(); ++i) {
      sums[group_key(i)] += fleet_.capacity(i).count;
    }
  }
  links_.reserve(fleet_.link_count());
  for (topologies::LinkIndex i = 0; i < fleet_.link_count(); ++i) {
    if (!grouping_.merges()) {
      const bool changes = std::binary_search(changing.begin(), changing.end(), i);
      links_.push_back(add_link(engine, i, fleet_.capacity(i), changes));
      continue;
    }
    const std::uint64_t key = group_key(i);
    const auto [group, fresh] = group_link_.try_emplace(key, engine::kNoLink);
    if (fresh) group->second = add_link(engine, i, BytesPerSecond(sums.at(key)), true);
    links_.push_back(group->second);
  }
  add_caps(engine);
}

engine::LinkId Platform::add_link(engine::FlowEngine& engine, topologies::LinkIndex index,
                                  BytesPerSecond capacity, bool changes) {
  const engine::LinkId link =
      engine.add_link(fleet_.link(index).name, capacity,
                      changes ? engine::LinkKind::kVariable : engine::LinkKind::kShared);
  available_.resize(std::max<std::size_t>(available_.size(), link + 1), 0);
  available_[link] = capacity.count;
  return link;
}

// Links of one class of the nodes of one group have the same key, as have those of the racks and
// pods whose first node is in it; links of regions have keys of their own.
std::uint64_t Platform::group_key(topologies::LinkIndex index) const {
  const topologies::LinkClass cls = fleet_.link_class(index);
  const topologies::LinkPlace place = fleet_.place(index);
  std::uint64_t group = 0;
  switch (place.kind) {
    case topologies::LinkPlace::Kind::kNode:
      group = grouping_.of_node[place.id];
      break;
    case topologies::LinkPlace::Kind::kRack:
      group = grouping_.of_node[fleet_.nodes_of_rack(place.id).first];
      break;
    case topologies::LinkPlace::Kind::kPod:
      group = grouping_.of_node[fleet_.nodes_of_pod(place.id).first];
      break;
    case topologies::LinkPlace::Kind::kAccount:
      group = grouping_.accounts ? place.region : index;
      break;
    case topologies::LinkPlace::Kind::kRegion:
    case topologies::LinkPlace::Kind::kWan:
      group = index;
      break;
  }
  return (static_cast<std::uint64_t>(cls) << 40) | group;
}

void Platform::add_caps(engine::FlowEngine& engine) {
  const auto cap = [&engine](const std::string& name, BytesPerSecond rate) {
    return engine.add_link(name, rate, engine::LinkKind::kPerFlowCap);
  };
  for (const scenario::Region* region : regions_) {
    stream_cap_.push_back(cap(region->name + "/blob stream", region->blob.stream));
    direct_cap_.push_back(cap(region->name + "/direct stream", region->bifrost.stream));
  }
  for (const scenario::WanLink& link : scenario_->links) {
    wan_cap_.push_back(cap(link.from + "-" + link.to + "/stream", link.stream));
  }
  if (!grouping_.merges()) return;
  for (const PoolRange& pool : pools_) {
    const scenario::NodeSku& sku = pool.spec->sku;
    const std::string name = pool.region + "/" + pool.pool;
    const bool disks = sku.nvme_read.count > 0;
    node_cap_.emplace_back();
    read_cap_.emplace_back();
    for (const std::uint32_t burst : kBursts) {
      const std::string each = name + " / " + std::to_string(burst) + " ";
      node_cap_.back().push_back(cap(each + "nic", BytesPerSecond(sku.nic.count / burst)));
      if (!disks) continue;
      read_cap_.back().push_back(cap(each + "nvme_r", BytesPerSecond(sku.nvme_read.count / burst)));
    }
    write_cap_.push_back(disks ? cap(name + " nvme_w", sku.nvme_write) : engine::kNoLink);
  }
}

void Platform::set_share(engine::FlowEngine& engine, topologies::LinkIndex index, double share) {
  double& before = share_.try_emplace(index, 1.0).first->second;
  double& left = available_[links_[index]];
  left = std::max(0.0, left + (share - before) * fleet_.capacity(index).count);
  before = share;
  engine.set_capacity(links_[index], BytesPerSecond(left));
}

void Platform::cap_node(Route& route, NodeId node, std::uint32_t burst) const {
  if (!grouping_.merges()) return;
  const engine::LinkId cap = node_cap_[pool_index_[node]][burst_index(burst)];
  if (std::find(route.begin(), route.end(), cap) == route.end()) route.push_back(cap);
}

const PoolRange* Platform::pool(const std::string& region, const std::string& name) const {
  for (const PoolRange& range : pools_) {
    if (range.region == region && range.pool == name) return &range;
  }
  return nullptr;
}

RegionId Platform::region_id(const std::string& name) const {
  const std::uint32_t id = fleet_.find_region(name);
  FLEETCACHE_CHECK(id != topologies::Fleet::kNone, "a region of the scenario");
  return id;
}

Route Platform::route(Endpoint from, Endpoint to) const {
  thread_local std::vector<topologies::LinkIndex> indices;
  const bool connected = fleet_.route(from, to, indices);
  FLEETCACHE_CHECK(connected, "the two ends of a transfer are connected");
  Route result;
  result.reserve(indices.size() + 2);
  for (const topologies::LinkIndex index : indices) result.push_back(links_[index]);
  return result;
}

Route Platform::copy_route(NodeId from, scenario::Medium medium, NodeId to,
                           std::uint32_t burst) const {
  Route result =
      route(medium == scenario::Medium::kNvme ? Endpoint::nvme(from) : Endpoint::dram(from),
            Endpoint::dram(to));
  if (grouping_.merges()) {
    if (medium == scenario::Medium::kNvme) {
      const std::uint32_t sharing = from == to ? burst : 1;  // others' disks are asked once each
      result.push_back(read_cap_[pool_index_[from]][burst_index(sharing)]);
    }
    if (from != to) cap_node(result, from);
    if (from != to) cap_node(result, to, burst);
  }
  cap_wan(result, pool_of(from).region_id, pool_of(to).region_id);
  return result;
}

Route Platform::nvme_write_route(NodeId node) const {
  const topologies::LinkIndex index = fleet_.nvme_write(node);
  FLEETCACHE_CHECK(index != topologies::kNoLink, "a node with an NVMe tier has disks");
  Route result = {links_[index]};
  if (grouping_.merges()) result.push_back(write_cap_[pool_index_[node]]);
  return result;
}

Route Platform::front_end_route(RegionId region, std::uint32_t account, NodeId node) const {
  Route result = route(Endpoint::account(region, account), Endpoint::dram(node));
  result.push_back(stream_cap_[region]);
  cap_node(result, node);
  cap_wan(result, region, pool_of(node).region_id);
  return result;
}

Route Platform::stamp_route(RegionId region, NodeId node) const {
  Route result = route(Endpoint::stamp(region), Endpoint::dram(node));
  result.push_back(direct_cap_[region]);
  cap_node(result, node);
  cap_wan(result, region, pool_of(node).region_id);
  return result;
}

Route Platform::write_route(NodeId node, RegionId region, std::uint32_t account) const {
  Route result = route(Endpoint::dram(node), Endpoint::account(region, account));
  cap_node(result, node);
  cap_wan(result, region, pool_of(node).region_id);
  return result;
}

engine::LinkId Platform::account_egress(RegionId region, std::uint32_t account) const {
  return links_[fleet_.account_egress(region, account)];
}

engine::LinkId Platform::stamp(RegionId region) const {
  const topologies::LinkIndex index = fleet_.stamp(region);
  return index == topologies::kNoLink ? engine::kNoLink : links_[index];
}

BytesPerSecond Platform::stamp_capacity(RegionId region) const {
  return scenario::stamp_capacity(*regions_[region], scenario_->origin.path);
}

const scenario::WanLink* Platform::wan(RegionId a, RegionId b) const {
  const std::string& from = regions_[std::min(a, b)]->name;
  const std::string& to = regions_[std::max(a, b)]->name;
  for (const scenario::WanLink& link : scenario_->links) {
    if (link.from == from && link.to == to) return &link;
  }
  return nullptr;
}

void Platform::cap_wan(Route& route, RegionId a, RegionId b) const {
  if (a == b) return;
  route.push_back(wan_cap_[static_cast<std::size_t>(wan(a, b) - scenario_->links.data())]);
}

Duration Platform::rtt(NodeId a, NodeId b) const {
  const RegionId ra = pool_of(a).region_id;
  const scenario::Fabric& fabric = regions_[ra]->fabric;
  switch (fleet_.distance(a, b)) {
    case topologies::Distance::kNode:
      return Duration(0);
    case topologies::Distance::kRack:
      return fabric.rtt_rack;
    case topologies::Distance::kPod:
      return fabric.rtt_pod;
    case topologies::Distance::kRegion:
      return fabric.rtt_region;
    case topologies::Distance::kWan:
      return wan(ra, pool_of(b).region_id)->rtt;
  }
  return Duration(0);
}

Duration Platform::rtt_to_region(NodeId node, RegionId region) const {
  const RegionId here = pool_of(node).region_id;
  return here == region ? regions_[here]->fabric.rtt_region : wan(here, region)->rtt;
}

}  // namespace fleetcache::world
