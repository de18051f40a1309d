/// The fleet as the world sees it: dense node ids, routes as links of the engine, round-trip times.
#pragma once

#include <cstdint>
#include <map>
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

/// Which links of the fleet are one link of the engine. Nodes of a group are taken to be alike:
/// their links add up, and one transfer gets at most what one node has.
struct Grouping {
  std::vector<std::uint32_t> of_node;  ///< group of every node; empty: every link is its own
  bool accounts = false;               ///< the accounts of a region are one

  bool merges() const { return !of_node.empty(); }
};

class Platform {
 public:
  /// Builds the fleet; `add_links` is still to come. The scenario must outlive the platform.
  static Result<Platform> build(const scenario::Scenario& scenario);
  /// The same with every link its own and none that changes.
  static Result<Platform> build(const scenario::Scenario& scenario, engine::FlowEngine& engine);
  /// Adds every link, or group of links, to the engine. Links of `changing` (ascending) may be
  /// given a share later. Call once, before any route.
  void add_links(engine::FlowEngine& engine, const Grouping& grouping,
                 const std::vector<topologies::LinkIndex>& changing);

  const topologies::Fleet& fleet() const { return fleet_; }
  const std::vector<PoolRange>& pools() const { return pools_; }
  /// Null when there is no such pool.
  const PoolRange* pool(const std::string& region, const std::string& name) const;
  const PoolRange& pool_of(NodeId node) const { return pools_[pool_index_[node]]; }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(pool_index_.size()); }
  RegionId region_id(const std::string& name) const;
  const scenario::Region& region(RegionId id) const { return *regions_[id]; }

  /// Links from a copy on `from` (DRAM or NVMe) to `to`; empty for DRAM on the same node. `burst`:
  /// transfers that `to` starts together. Where nodes are grouped, nothing else tells that they
  /// share its NIC or its disks; each gets at most its part.
  Route copy_route(NodeId from, scenario::Medium medium, NodeId to, std::uint32_t burst = 1) const;
  Route nvme_write_route(NodeId node) const;
  /// Accounts of a region as the engine knows them: one when they are merged.
  std::uint32_t accounts(RegionId region) const {
    return grouping_.accounts ? 1U : regions_[region]->blob.accounts;
  }
  /// Blob account `account` of a region to a node, one GET stream.
  Route front_end_route(RegionId region, std::uint32_t account, NodeId node) const;
  Route stamp_route(RegionId region, NodeId node) const;
  /// A node to an account: writes.
  Route write_route(NodeId node, RegionId region, std::uint32_t account) const;
  engine::LinkId account_egress(RegionId region, std::uint32_t account) const;
  engine::LinkId stamp(RegionId region) const;
  BytesPerSecond stamp_capacity(RegionId region) const;
  engine::LinkId link(topologies::LinkIndex index) const { return links_[index]; }
  /// Leaves a link of the fleet `share` of its capacity, 0 <= share <= 1; of a group, its part.
  void set_share(engine::FlowEngine& engine, topologies::LinkIndex index, double share);

  /// Request and answer between two nodes, without software time.
  Duration rtt(NodeId a, NodeId b) const;
  Duration rtt_to_region(NodeId node, RegionId region) const;
  /// Software time of one remote cache request.
  Duration lookup_time(NodeId node) const {
    return regions_[pool_of(node).region_id]->fabric.lookup;
  }

 private:
  explicit Platform(topologies::Fleet fleet) : fleet_(std::move(fleet)) {}
  engine::LinkId add_link(engine::FlowEngine& engine, topologies::LinkIndex index,
                          BytesPerSecond capacity, bool changes);
  void add_caps(engine::FlowEngine& engine);
  std::uint64_t group_key(topologies::LinkIndex index) const;
  Route route(topologies::Endpoint from, topologies::Endpoint to) const;
  void cap_node(Route& route, NodeId node, std::uint32_t burst = 1) const;
  const scenario::WanLink* wan(RegionId a, RegionId b) const;
  void cap_wan(Route& route, RegionId a, RegionId b) const;

  const scenario::Scenario* scenario_ = nullptr;
  topologies::Fleet fleet_;
  std::vector<PoolRange> pools_;
  std::vector<std::uint32_t> pool_index_;  // by node
  std::vector<const scenario::Region*> regions_;
  std::vector<engine::LinkId> links_;  // by link index of the fleet
  Grouping grouping_;
  std::map<std::uint64_t, engine::LinkId> group_link_;  // by group_key
  std::vector<double> available_;                       // by engine link: capacity left
  std::map<topologies::LinkIndex, double> share_;       // of links that lost some
  // By pool and by how many share it, as `burst_sizes`: one transfer at a node's NIC or disks.
  std::vector<std::vector<engine::LinkId>> node_cap_, read_cap_;
  std::vector<engine::LinkId> write_cap_;   // by pool
  std::vector<engine::LinkId> stream_cap_;  // by region: one Blob stream
  std::vector<engine::LinkId> direct_cap_;  // by region: one direct stream
  std::vector<engine::LinkId> wan_cap_;     // by WAN link of the scenario: one transfer
};

}  // namespace fleetcache::world
