/// A fleet as dense ids: regions, pods, racks, nodes, and every link that a transfer may share,
/// with routes by arithmetic instead of a graph search. Names and capacities come from the caller;
/// no performance number is written here.
///
///     region ── core_up/core_dn ── wan (one link per pair and direction)
///       ├─ pod_up/pod_dn ─ pod ── tor_up/tor_dn ─ rack ── nic_up/nic_dn ─ node ── nvme_r/nvme_w
///       ├─ account egress/ingress, behind the front-end fleet (reads)
///       └─ stamp (direct reads)
///
/// Racks and pods hold nodes of one pool only: a VM size comes in its own racks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::topologies {

struct PoolSpec {
  std::string name;
  std::uint32_t nodes = 0;
  BytesPerSecond nic;         ///< of one node, each direction
  BytesPerSecond nvme_read;   ///< of one node; 0 = no local disks
  BytesPerSecond nvme_write;  ///< of one node; 0 = no local disks
};

struct RegionSpec {
  std::string name;
  std::vector<PoolSpec> pools;
  std::uint32_t nodes_per_rack = 1;
  std::uint32_t racks_per_pod = 1;
  double rack_oversubscription = 1;  ///< ToR uplink = nodes_per_rack * nic / this
  double pod_oversubscription = 1;   ///< pod uplink = racks_per_pod * ToR uplink / this
  std::uint32_t accounts = 0;
  BytesPerSecond account_egress;   ///< of one account
  BytesPerSecond account_ingress;  ///< of one account
  BytesPerSecond fleet_egress;     ///< front-end fleet, all accounts; 0 = not a limit
  BytesPerSecond stamp;            ///< direct reads; 0 = none
  BytesPerSecond core;  ///< region to WAN, each direction; 0 = the sum of its pod uplinks (of
                        ///< its WAN links when it has no pod)
};

/// One pair of regions; a link each way.
struct WanSpec {
  std::string from, to;
  BytesPerSecond bandwidth;
  std::string parameter;  ///< scenario path; empty: "links.FROM-TO.bandwidth"
};

enum class LinkClass : std::uint8_t {
  kNicUp,
  kNicDown,
  kNvmeRead,
  kNvmeWrite,
  kTorUp,
  kTorDown,
  kPodUp,
  kPodDown,
  kCoreUp,
  kCoreDown,
  kAccountEgress,
  kAccountIngress,
  kFrontEnd,
  kStamp,
  kWan,
};
std::string_view name_of(LinkClass cls);

using LinkIndex = std::uint32_t;
constexpr LinkIndex kNoLink = 0xffffffffU;

struct LinkInfo {
  std::string name;  ///< unique: "eastus2/train/17/nic_up", "eastus2/account3/egress"
  BytesPerSecond capacity;
  LinkClass cls = LinkClass::kNicUp;
  std::string parameter;  ///< scenario path that sets the capacity
};

/// Where a link is and what it carries: what `LinkInfo` says, without its strings.
struct LinkPlace {
  enum class Kind : std::uint8_t { kNode, kRack, kPod, kRegion, kAccount, kWan };
  Kind kind = Kind::kNode;
  LinkClass cls = LinkClass::kNicUp;
  std::uint32_t id = 0;      ///< node, rack, pod, region, account within the region, WAN direction
  std::uint32_t region = 0;  ///< of a WAN link: the one it leaves
  BytesPerSecond capacity;
};

/// One end of a transfer.
struct Endpoint {
  enum class Kind : std::uint8_t { kDram, kNvme, kAccount, kStamp };
  Kind kind = Kind::kDram;
  std::uint32_t id = 0;      ///< node (kDram, kNvme), account within the region, 0 for the stamp
  std::uint32_t region = 0;  ///< of an account or stamp; a node knows its own

  static Endpoint dram(std::uint32_t node) { return {Kind::kDram, node, 0}; }
  static Endpoint nvme(std::uint32_t node) { return {Kind::kNvme, node, 0}; }
  static Endpoint account(std::uint32_t region, std::uint32_t account) {
    return {Kind::kAccount, account, region};
  }
  static Endpoint stamp(std::uint32_t region) { return {Kind::kStamp, 0, region}; }
};

/// How far apart two nodes are.
enum class Distance : std::uint8_t { kNode, kRack, kPod, kRegion, kWan };

/// Nodes of one pool: consecutive ids, its own racks and pods, also consecutive.
struct Pool {
  std::string name;
  std::uint32_t region = 0;
  std::uint32_t first_node = 0, nodes = 0;
  std::uint32_t first_rack = 0, racks = 0;
  std::uint32_t first_pod = 0, pods = 0;
  std::uint32_t nodes_per_rack = 1, racks_per_pod = 1;
  LinkIndex first_node_link = 0;
  std::uint32_t links_per_node = 2;  ///< nic_up, nic_dn and, with disks, nvme_r, nvme_w
  BytesPerSecond nic, nvme_read, nvme_write, tor, pod;
};

class Fleet {
 public:
  /// Sorts regions and pools by name; ids do not depend on the order given. Fails on an empty
  /// fleet, equal names, zero shapes or capacities, oversubscription <= 0, a WAN pair of unknown,
  /// equal or repeated regions, and more than 2^32 - 2 links. O(nodes).
  static Result<Fleet> build(std::vector<RegionSpec> regions, const std::vector<WanSpec>& wan);

  std::uint32_t node_count() const { return static_cast<std::uint32_t>(pool_of_.size()); }
  std::uint32_t rack_count() const { return static_cast<std::uint32_t>(pool_of_rack_.size()); }
  std::uint32_t pod_count() const { return static_cast<std::uint32_t>(pool_of_pod_.size()); }
  std::uint32_t region_count() const { return static_cast<std::uint32_t>(regions_.size()); }
  std::uint32_t link_count() const { return link_count_; }
  /// Region names and shapes, sorted; the index is the region's id.
  const std::vector<RegionSpec>& regions() const { return regions_; }
  const std::vector<Pool>& pools() const { return pools_; }
  /// kNone when there is no such name.
  static constexpr std::uint32_t kNone = 0xffffffffU;
  std::uint32_t find_region(std::string_view name) const;
  std::uint32_t find_pool(std::uint32_t region, std::string_view name) const;

  std::uint32_t pool_of(std::uint32_t node) const { return pool_of_[node]; }
  std::uint32_t rack_of(std::uint32_t node) const {
    const Pool& p = pools_[pool_of_[node]];
    return p.first_rack + (node - p.first_node) / p.nodes_per_rack;
  }
  std::uint32_t pod_of(std::uint32_t node) const {
    const Pool& p = pools_[pool_of_[node]];
    return p.first_pod + (node - p.first_node) / p.nodes_per_rack / p.racks_per_pod;
  }
  std::uint32_t region_of(std::uint32_t node) const { return pools_[pool_of_[node]].region; }
  /// Nodes of a rack or of a pod: [first, last).
  struct Range {
    std::uint32_t first = 0, last = 0;
  };
  Range nodes_of_rack(std::uint32_t rack) const;
  Range nodes_of_pod(std::uint32_t pod) const;
  Range nodes_of_region(std::uint32_t region) const { return region_nodes_[region]; }
  Distance distance(std::uint32_t a, std::uint32_t b) const;
  /// "eastus2/train/17"
  std::string node_name(std::uint32_t node) const;

  /// Made on demand, so that 100,000 nodes do not hold half a million strings.
  LinkInfo link(LinkIndex index) const;
  /// The same without strings: for loops over all links. O(log pools).
  LinkPlace place(LinkIndex index) const;
  BytesPerSecond capacity(LinkIndex index) const { return place(index).capacity; }
  LinkClass link_class(LinkIndex index) const { return place(index).cls; }

  /// kNoLink where the fleet has none (no disks, no front-end limit, no WAN between the two).
  LinkIndex nic_up(std::uint32_t node) const { return node_link(node, 0); }
  LinkIndex nic_down(std::uint32_t node) const { return node_link(node, 1); }
  LinkIndex nvme_read(std::uint32_t node) const { return node_link(node, 2); }
  LinkIndex nvme_write(std::uint32_t node) const { return node_link(node, 3); }
  LinkIndex tor_up(std::uint32_t rack) const { return first_rack_link_ + 2 * rack; }
  LinkIndex tor_down(std::uint32_t rack) const { return first_rack_link_ + 2 * rack + 1; }
  LinkIndex pod_up(std::uint32_t pod) const { return first_pod_link_ + 2 * pod; }
  LinkIndex pod_down(std::uint32_t pod) const { return first_pod_link_ + 2 * pod + 1; }
  LinkIndex core_up(std::uint32_t region) const { return first_core_link_ + 2 * region; }
  LinkIndex core_down(std::uint32_t region) const { return first_core_link_ + 2 * region + 1; }
  LinkIndex account_egress(std::uint32_t region, std::uint32_t account) const;
  LinkIndex account_ingress(std::uint32_t region, std::uint32_t account) const;
  LinkIndex front_end(std::uint32_t region) const { return front_end_[region]; }
  LinkIndex stamp(std::uint32_t region) const { return stamp_[region]; }
  LinkIndex wan(std::uint32_t from, std::uint32_t to) const {
    return wan_[from * region_count() + to];
  }

  /// The distinct links of a transfer in path order, replacing the contents of `links`; empty from
  /// a node's DRAM to itself. False, and `links` empty, when there is no way: regions without a
  /// WAN link, disks that a node does not have, a stamp as the target, origin to origin.
  /// O(route), no allocation once `links` has grown. Requires: ids in range.
  bool route(Endpoint from, Endpoint to, std::vector<LinkIndex>& links) const;

 private:
  struct Origin {  // of one region, beside what its spec says
    LinkIndex first_account_link = 0;
  };
  struct WanLink {
    std::uint32_t from = 0, to = 0;
    BytesPerSecond bandwidth;
    std::string parameter;
  };

  LinkIndex node_link(std::uint32_t node, std::uint32_t lane) const {
    const Pool& p = pools_[pool_of_[node]];
    if (lane >= p.links_per_node) return kNoLink;
    return p.first_node_link + (node - p.first_node) * p.links_per_node + lane;
  }
  std::uint32_t region_of_end(Endpoint e) const {
    return e.kind <= Endpoint::Kind::kNvme ? region_of(e.id) : e.region;
  }
  bool leave(Endpoint from, std::vector<LinkIndex>& links) const;
  bool arrive(Endpoint to, std::vector<LinkIndex>& links) const;
  void cross_fabric(std::uint32_t a, std::uint32_t b, std::vector<LinkIndex>& links) const;

  Status place_pools();
  Status place_links(const std::vector<WanSpec>& wan);
  Status place_wan(const std::vector<WanSpec>& wan);
  LinkPlace node_place(LinkIndex index) const;
  LinkPlace origin_place(LinkIndex index) const;

  std::vector<RegionSpec> regions_;
  std::vector<Pool> pools_;
  std::vector<Range> region_nodes_;
  std::vector<std::uint32_t> pool_of_, pool_of_rack_, pool_of_pod_;
  std::vector<Origin> origins_;
  std::vector<LinkIndex> front_end_, stamp_, wan_;
  std::vector<WanLink> wan_links_;
  // Links lie in blocks: nodes, racks, pods, cores, accounts, front ends and stamps, WAN.
  LinkIndex first_rack_link_ = 0, first_pod_link_ = 0, first_core_link_ = 0;
  LinkIndex first_account_link_ = 0, first_path_link_ = 0, first_wan_link_ = 0, link_count_ = 0;
};

}  // namespace fleetcache::topologies
