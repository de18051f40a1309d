/// An explicit assignment of slots to members, for a caller that keeps the table itself (in a
/// membership service, say) and changes it as little as it must.
#pragma once

#include "policies/placement/placement.hpp"

namespace fleetcache::placement {

/// Row s holds the owners of slot s, best first, as ids.
struct SlotTable {
  std::uint32_t slots = 0;
  std::uint32_t width = 0;  ///< replicas a slot
  std::vector<std::uint64_t> owners;
};

/// The table nearest to `old` in which each member owns its share, by weight, of every column to
/// the slot: only slots of members that left, and what members hold above their share, change. With
/// an old table of no owners: a fresh design. Each row has distinct members in distinct domains of
/// the spread level where the greedy exchange finds one. Fails for an empty table, more slots than
/// 2^30 / width, fewer members than the width, and as `build`. Cost: O(slots x width) expected.
Result<SlotTable> evolve(const SlotTable& old, const Config& config,
                         const std::vector<Member>& members);

/// The map of a given table. Fails for a row whose owner is no member, and as `build`.
Result<std::unique_ptr<Map>> build_slots(const SlotTable& table, const Config& config,
                                         const std::vector<Member>& members);

}  // namespace fleetcache::placement
