#include "sim/world/grouping.hpp"

#include <map>
#include <set>
#include <utility>

namespace fleetcache::world {
namespace {

// Racks with a group of their own at most: each adds classes with every other group.
constexpr std::size_t kSingleRacksMax = 8;

/// Racks that are lost, cut off or staged as a whole, and not with everything around them.
std::set<std::uint32_t> single_racks(const topologies::Fleet& fleet,
                                     const std::vector<events::PlannedEvent>& plan) {
  std::set<std::uint32_t> racks;
  for (const events::PlannedEvent& event : plan) {
    if (event.random || event.nodes.size() != 1) continue;
    const events::NodeSpan span = event.nodes.front();
    const std::uint32_t rack = fleet.rack_of(span.first);
    const auto whole = fleet.nodes_of_rack(rack);
    if (span.first != whole.first || span.last != whole.last) continue;
    if (racks.size() < kSingleRacksMax) racks.insert(rack);
  }
  return racks;
}

using Key = std::pair<std::uint32_t, std::uint32_t>;  // (claim, pod or 0), or (rack, rack mark)
constexpr std::uint32_t kRackMark = 0xffffffffU;

std::vector<std::uint32_t> number(const Platform& platform,
                                  const std::vector<std::uint32_t>& claim_of_node,
                                  const std::set<std::uint32_t>& racks, bool by_pod,
                                  std::size_t& groups) {
  std::map<Key, std::uint32_t> known;
  std::vector<std::uint32_t> of_node(platform.nodes());
  for (NodeId node = 0; node < platform.nodes(); ++node) {
    const std::uint32_t rack = platform.fleet().rack_of(node);
    const Key key = racks.count(rack) > 0
                        ? Key{rack, kRackMark}
                        : Key{claim_of_node[node], by_pod ? platform.fleet().pod_of(node) + 1 : 0};
    of_node[node] = known.try_emplace(key, static_cast<std::uint32_t>(known.size())).first->second;
  }
  groups = known.size();
  return of_node;
}

}  // namespace

Grouping group_nodes(const Platform& platform, const std::vector<std::uint32_t>& claim_of_node,
                     const std::vector<events::PlannedEvent>& plan, Rung rung) {
  Grouping grouping;
  if (rung == Rung::kExact) return grouping;
  const std::set<std::uint32_t> racks = single_racks(platform.fleet(), plan);
  std::size_t groups = 0;
  std::uint64_t accounts = 0;
  for (RegionId r = 0; r < platform.fleet().region_count(); ++r) {
    accounts += platform.region(r).blob.accounts;
  }
  const bool pods = rung == Rung::kBundled;
  grouping.of_node = number(platform, claim_of_node, racks, pods, groups);
  if (pods && groups * groups * 6 > kPathClassesMax) {
    grouping.of_node = number(platform, claim_of_node, racks, false, groups);
  }
  // At the fleet rung a sampled request is many: no account by itself may get all of them.
  grouping.accounts = rung == Rung::kFleet || groups * accounts > kPathClassesMax;
  return grouping;
}

}  // namespace fleetcache::world
