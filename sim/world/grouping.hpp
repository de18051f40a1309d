/// Which nodes are alike enough to be one path class: those of one job or service, pod by pod while
/// that stays affordable, and every rack that something happens to by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/events/plan.hpp"
#include "sim/world/platform.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::world {

/// Path classes at most before pods are merged: pairs of groups, at three distances and two media.
constexpr std::uint64_t kPathClassesMax = 6000;

/// `claim_of_node`: the job or service that uses a node, any number; nodes of none have one too.
/// Exact rung: nothing is grouped. A rack that the plan hits as a whole while others of its job go
/// on is a group of its own: its links are what its refill shares. O(nodes + what the plan
/// touches).
Grouping group_nodes(const Platform& platform, const std::vector<std::uint32_t>& claim_of_node,
                     const std::vector<events::PlannedEvent>& plan, Rung rung);

}  // namespace fleetcache::world
