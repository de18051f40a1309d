/// The fleet as the world sees it: dense node ids, routes as links of the engine, round-trip times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/engine/flow_engine.hpp"
#include "sim/scenario/scenario.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::world {

using NodeId = std::uint32_t;
using RegionId = std::uint32_t;
using Route = std::vector<engine::LinkId>;

/// Nodes of one pool, in one stretch of ids.
struct PoolRange {
  std::string region, pool;
  RegionId region_id = 0;
  NodeId first = 0;
  std::uint32_t nodes = 0;
  const scenario::NodePool* spec = nullptr;
};

class Platform {
 public:
  /// Builds the fleet and adds every link to the engine. The scenario must outlive the platform.
  static Result<Platform> build(const scenario::Scenario& scenario, engine::FlowEngine& engine);

  const topologies::Fleet& fleet() const { return fleet_; }
  const std::vector<PoolRange>& pools() const { return pools_; }
  /// Null when there is no such pool.
  const PoolRange* pool(const std::string& region, const std::string& name) const;
  const PoolRange& pool_of(NodeId node) const { return pools_[pool_index_[node]]; }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(pool_index_.size()); }
  RegionId region_id(const std::string& name) const;
  const scenario::Region& region(RegionId id) const { return *regions_[id]; }

  /// Links from a copy on `from` (DRAM or NVMe) to `to`; empty for DRAM on the same node.
  Route copy_route(NodeId from, scenario::Medium medium, NodeId to) const;
  Route nvme_write_route(NodeId node) const;
  /// Blob account `account` of a region to a node, one GET stream.
  Route front_end_route(RegionId region, std::uint32_t account, NodeId node) const;
  Route stamp_route(RegionId region, NodeId node) const;
  /// A node to an account: writes.
  Route write_route(NodeId node, RegionId region, std::uint32_t account) const;
  engine::LinkId account_egress(RegionId region, std::uint32_t account) const;
  engine::LinkId stamp(RegionId region) const;
  BytesPerSecond stamp_capacity(RegionId region) const;
  engine::LinkId link(topologies::LinkIndex index) const { return links_[index]; }
  /// Leaves a link of the fleet `share` of its capacity, 0 < share <= 1. Requires: a link that an
  /// event of the scenario changes.
  void set_share(engine::FlowEngine& engine, topologies::LinkIndex index, double share) const {
    engine.set_capacity(links_[index], fleet_.capacity(index) * share);
  }

  /// Request and answer between two nodes, without software time.
  Duration rtt(NodeId a, NodeId b) const;
  Duration rtt_to_region(NodeId node, RegionId region) const;
  /// Software time of one remote cache request.
  Duration lookup_time(NodeId node) const {
    return regions_[pool_of(node).region_id]->fabric.lookup;
  }

 private:
  explicit Platform(topologies::Fleet fleet) : fleet_(std::move(fleet)) {}
  void add_links(engine::FlowEngine& engine);
  Route route(topologies::Endpoint from, topologies::Endpoint to) const;
  const scenario::WanLink* wan(RegionId a, RegionId b) const;
  void cap_wan(Route& route, RegionId a, RegionId b) const;

  const scenario::Scenario* scenario_ = nullptr;
  topologies::Fleet fleet_;
  std::vector<PoolRange> pools_;
  std::vector<std::uint32_t> pool_index_;  // by node
  std::vector<const scenario::Region*> regions_;
  std::vector<engine::LinkId> links_;       // by link index of the fleet
  std::vector<engine::LinkId> stream_cap_;  // by region: one Blob stream
  std::vector<engine::LinkId> direct_cap_;  // by region: one direct stream
  std::vector<engine::LinkId> wan_cap_;     // by WAN link of the scenario: one transfer
};

}  // namespace fleetcache::world
