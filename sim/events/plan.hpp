/// What will happen to a fleet, worked out before the run: the scenario's events as nodes and
/// links, rolling upgrades as waves, random failures drawn. Every rung plays the same plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/units.hpp"
#include "sim/scenario/scenario.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::events {

/// What a planned event does to its nodes. A share of links is beside it, in the same event.
enum class PlanKind : std::uint8_t {
  kNodesLost,      ///< down without warning; DRAM and NVMe copies are gone
  kNodesAway,      ///< a planned stop: keys move first; DRAM copies are gone, NVMe by keeps_nvme
  kNvmeLost,       ///< NVMe copies are gone, no NVMe tier for a while; nodes stay up
  kUnreachable,    ///< nodes stay up and keep their copies, but nobody outside reaches them
  kCachesEmptied,  ///< all copies are gone at an instant; nodes stay up
  kLinks,          ///< only links
  kStage,          ///< a data set is copied into caches
};
std::string_view name_of(PlanKind kind);

/// Nodes [first, last).
struct NodeSpan {
  std::uint32_t first = 0, last = 0;
};

struct PlannedEvent {
  TimePoint at;
  PlanKind kind = PlanKind::kLinks;
  Duration lasts;               ///< 0: until the end; of kCachesEmptied and kStage: no meaning
  std::vector<NodeSpan> nodes;  ///< ascending, disjoint, not touching
  std::vector<topologies::LinkIndex> links;  ///< ascending
  double share = 1;                          ///< of the capacity of `links` that is left meanwhile
  bool keeps_nvme = false;                   ///< kNodesAway
  std::string cause;                         ///< "node", "drive", "rack", "upgrade", "origin", ...
  bool random = false;                       ///< drawn, not written in the scenario
  /// kStage: the event in Scenario::events; else kNoEvent.
  static constexpr std::uint32_t kNoEvent = 0xffffffffU;
  std::uint32_t event = kNoEvent;

  /// When it ends; `end_of_run` or later where it does not. Requires: lasts has a meaning.
  TimePoint end(TimePoint end_of_run) const;
  std::uint64_t node_count() const;
  /// True when copies or reachability of nodes change: a pooled index cannot play it.
  bool touches_nodes() const { return !nodes.empty() && kind != PlanKind::kStage; }
};

/// All of them up to the horizon, in order of (time, kind, first node, links, duration). Pure: the
/// same scenario gives the same plan at every rung. Requires: `fleet` was built from `scenario`,
/// and the scenario passed its checks. O(events x what they touch + nodes + failures).
///
/// Rules. An event without an end lasts to the end of the run. Racks of a pool fall into zones by
/// `fabric.zone_layout`. A rolling upgrade takes floor(fraction x nodes) of the pool at a time, at
/// least one, in node order; a wave begins when the one before it is back. Random failures have a
/// stream each, by (seed, kind, region, pool, number within the pool).
std::vector<PlannedEvent> plan_events(const scenario::Scenario& scenario,
                                      const topologies::Fleet& fleet);

/// Mean time between failures of one node of a pool; 0: never.
Duration node_mtbf(const scenario::Scenario& scenario, const scenario::NodePool& pool);

/// Zone of a rack, 0-based, within its region. Requires: a rack of the fleet.
std::uint32_t zone_of_rack(const scenario::Fabric& fabric, const topologies::Pool& pool,
                           std::uint32_t rack);

/// Links whose capacity changes at some time, ascending, each once.
std::vector<topologies::LinkIndex> changing_links(const std::vector<PlannedEvent>& plan);

/// The waves of a rolling upgrade, in upgrade.cpp.
std::vector<PlannedEvent> upgrade_waves(const scenario::FleetEvent& event,
                                        const topologies::Pool& pool, TimePoint horizon);

}  // namespace fleetcache::events
