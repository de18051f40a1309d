/// Kubernetes (AKS) clusters over a fleet: a cluster is regional, keeps racks whole and has a limit
/// on its nodes.
#pragma once

#include <vector>

#include "policies/base/result.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

struct Cluster {
  std::uint32_t region = 0;
  std::uint32_t first = 0, last = 0;  ///< nodes [first, last)
  std::uint32_t racks = 0;
};

/// Splits every region into the fewest clusters of at most `nodes_max` nodes that keep racks whole,
/// in node order; a pod is kept whole too when that costs no further cluster. Fails when a rack
/// alone is above the limit. O(racks).
/// Source of the default of 5,000: AKS limits; keep room for surge nodes by passing less.
Result<std::vector<Cluster>> partition(const Fleet& fleet, std::uint32_t nodes_max = 5000);

}  // namespace fleetcache::topologies
