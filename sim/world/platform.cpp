#include "sim/world/platform.hpp"

#include <algorithm>

#include "policies/base/check.hpp"
#include "sim/scenario/fleet.hpp"
#include "sim/world/failures.hpp"

namespace fleetcache::world {
namespace {

using topologies::Endpoint;

}  // namespace

Result<Platform> Platform::build(const scenario::Scenario& scenario, engine::FlowEngine& engine) {
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
  platform.add_links(engine);
  return platform;
}

void Platform::add_links(engine::FlowEngine& engine) {
  const auto changing = changing_links(plan_events(*scenario_, fleet_));
  for (topologies::LinkIndex i = 0; i < fleet_.link_count(); ++i) {
    const topologies::LinkInfo info = fleet_.link(i);
    const bool changes = std::binary_search(changing.begin(), changing.end(), i);
    links_.push_back(
        engine.add_link(info.name, info.capacity,
                        changes ? engine::LinkKind::kVariable : engine::LinkKind::kShared));
  }
  for (const scenario::Region* region : regions_) {
    stream_cap_.push_back(engine.add_link(region->name + "/blob stream", region->blob.stream,
                                          engine::LinkKind::kPerFlowCap));
    direct_cap_.push_back(engine.add_link(region->name + "/direct stream", region->bifrost.stream,
                                          engine::LinkKind::kPerFlowCap));
  }
  for (const scenario::WanLink& link : scenario_->links) {
    wan_cap_.push_back(engine.add_link(link.from + "-" + link.to + "/stream", link.stream,
                                       engine::LinkKind::kPerFlowCap));
  }
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

Route Platform::copy_route(NodeId from, scenario::Medium medium, NodeId to) const {
  Route result =
      route(medium == scenario::Medium::kNvme ? Endpoint::nvme(from) : Endpoint::dram(from),
            Endpoint::dram(to));
  cap_wan(result, pool_of(from).region_id, pool_of(to).region_id);
  return result;
}

Route Platform::nvme_write_route(NodeId node) const {
  const topologies::LinkIndex index = fleet_.nvme_write(node);
  FLEETCACHE_CHECK(index != topologies::kNoLink, "a node with an NVMe tier has disks");
  return {links_[index]};
}

Route Platform::front_end_route(RegionId region, std::uint32_t account, NodeId node) const {
  Route result = route(Endpoint::account(region, account), Endpoint::dram(node));
  result.push_back(stream_cap_[region]);
  cap_wan(result, region, pool_of(node).region_id);
  return result;
}

Route Platform::stamp_route(RegionId region, NodeId node) const {
  Route result = route(Endpoint::stamp(region), Endpoint::dram(node));
  result.push_back(direct_cap_[region]);
  cap_wan(result, region, pool_of(node).region_id);
  return result;
}

Route Platform::write_route(NodeId node, RegionId region, std::uint32_t account) const {
  Route result = route(Endpoint::dram(node), Endpoint::account(region, account));
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
