/// What came of a plan of events (plan.hpp): how many of a cause there were, what they struck,
/// and for how long they kept a job from work. From the plan alone, the same at every rung.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/events/plan.hpp"

namespace fleetcache::events {

/// Whether an event was drawn, and its cause.
using EventKey = std::pair<bool, std::string>;

/// Of the events of one key that have begun.
struct EventTally {
  std::uint64_t count = 0;         ///< each wave of an upgrade is one
  std::uint64_t without_work = 0;  ///< struck only nodes of no job and no service: cached copies
  std::uint64_t away_already = 0;  ///< found all their nodes (or their disks) gone
  std::uint64_t jobs_stopped = 0;  ///< jobs at work that had to stop: each restarts later
};

/// Who uses which node.
struct NodeUsers {
  const std::vector<std::uint32_t>* of_node = nullptr;  ///< by node: a number of a user
  std::uint32_t jobs = 0;                               ///< numbers below are training jobs
  std::uint32_t users = 0;                              ///< numbers below are jobs or services
};

/// By key, of the events of `plan` up to and with `until`. Jobs count as at work throughout.
/// Requires: plan in order of time. O(nodes + nodes struck).
std::map<EventKey, EventTally> tally_events(const std::vector<PlannedEvent>& plan,
                                            const NodeUsers& users, TimePoint until);

/// The tallies as figures of a run, in order of name: "events.planned.rack.count", …, and where
/// failures are drawn "events.random", of all of them; zero is an answer too.
std::map<std::string, double> event_figures(const std::map<EventKey, EventTally>& tallies,
                                            bool draws);

/// By job: how often a drawn failure in [from, until] stopped it while it was at work.
std::vector<std::uint64_t> random_stops(const std::vector<PlannedEvent>& plan,
                                        const NodeUsers& users, TimePoint from, TimePoint until);

/// From one instant to another, the latter excluded.
struct Stretch {
  TimePoint from, to;
};

/// Stretches of [from, to) in which at least one of `nodes` is lost or taken away: a job on them
/// stands. Ascending, not touching. Requires: plan in order of time. O(events x spans).
std::vector<Stretch> stretches_away(const std::vector<PlannedEvent>& plan, NodeSpan nodes,
                                    TimePoint from, TimePoint to);

/// How long these are together.
Duration time_away(const std::vector<PlannedEvent>& plan, NodeSpan nodes, TimePoint from,
                   TimePoint to);

}  // namespace fleetcache::events
