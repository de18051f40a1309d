#include "topologies/clusters.hpp"

namespace fleetcache::topologies {

namespace {

struct Unit {  // nodes that stay together
  std::uint32_t first = 0, last = 0, racks = 0;
};

std::uint32_t racks_between(const Fleet& fleet, std::uint32_t first, std::uint32_t last) {
  return first == last ? 0 : fleet.rack_of(last - 1) - fleet.rack_of(first) + 1;
}

std::vector<Unit> units(const Fleet& fleet, Fleet::Range region, bool pods) {
  std::vector<Unit> all;
  for (std::uint32_t n = region.first; n < region.last;) {
    const Fleet::Range r =
        pods ? fleet.nodes_of_pod(fleet.pod_of(n)) : fleet.nodes_of_rack(fleet.rack_of(n));
    all.push_back({r.first, r.last, racks_between(fleet, r.first, r.last)});
    n = r.last;
  }
  return all;
}

// Next-fit in node order, which is the fewest for consecutive ranges. Empty when a unit is too big.
std::vector<Cluster> pack(const std::vector<Unit>& all, std::uint32_t region,
                          std::uint32_t nodes_max) {
  std::vector<Cluster> clusters;
  for (const Unit& u : all) {
    if (u.last - u.first > nodes_max) return {};
    if (clusters.empty() || u.last - clusters.back().first > nodes_max)
      clusters.push_back({region, u.first, u.first, 0});
    clusters.back().last = u.last;
    clusters.back().racks += u.racks;
  }
  return clusters;
}

}  // namespace

Result<std::vector<Cluster>> partition(const Fleet& fleet, std::uint32_t nodes_max) {
  std::vector<Cluster> all;
  for (std::uint32_t r = 0; r < fleet.region_count(); ++r) {
    const Fleet::Range nodes = fleet.nodes_of_region(r);
    if (nodes.first == nodes.last) continue;
    std::vector<Cluster> by_rack = pack(units(fleet, nodes, false), r, nodes_max);
    if (by_rack.empty())
      return Error{"regions." + fleet.regions()[r].name + ".fabric.nodes_per_rack",
                   "a rack has more nodes than the " + std::to_string(nodes_max) + " of a cluster"};
    const std::vector<Cluster> by_pod = pack(units(fleet, nodes, true), r, nodes_max);
    const auto& best = !by_pod.empty() && by_pod.size() == by_rack.size() ? by_pod : by_rack;
    all.insert(all.end(), best.begin(), best.end());
  }
  return all;
}

}  // namespace fleetcache::topologies
