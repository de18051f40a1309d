/// Cuts of a fleet by maximum flow: an independent check of the arithmetic routes and of every
/// "this binds" that the planner says. For small fleets: a graph of all links is built.
#pragma once

#include <vector>

#include "policies/base/result.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

struct Cut {
  BytesPerSecond flow;           ///< the most that all sources together can send to all sinks
  std::vector<LinkIndex> links;  ///< a smallest set of links whose capacities add up to it, sorted
};

/// Max-flow from any of `sources` to any of `sinks` (push-relabel, Boost.Graph) over capacities
/// rounded down to whole bytes per second. The cut returned is the one nearest to the sources. The
/// flow counts every path of the tree of links, so for one pair it equals the smallest capacity on
/// its route. Fails above `kCutNodesMax` nodes, on an empty side and on an end on both sides. O(V^2
/// sqrt(E)) with V ~ nodes + racks + pods. Source: Goldberg and Tarjan, J. ACM 35 (1988). Checked
/// by: tests/unit/topologies/cuts_test.cpp.
Result<Cut> min_cut(const Fleet& fleet, const std::vector<Endpoint>& sources,
                    const std::vector<Endpoint>& sinks);

constexpr std::uint32_t kCutNodesMax = 20'000;

}  // namespace fleetcache::topologies
