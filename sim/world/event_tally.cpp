#include "sim/world/event_tally.hpp"

#include <algorithm>

namespace fleetcache::world {
namespace {

bool stops_work(PlanKind kind) {
  return kind == PlanKind::kNodesLost || kind == PlanKind::kNodesAway;
}

bool takes_away(PlanKind kind) { return stops_work(kind) || kind == PlanKind::kUnreachable; }

class Tally {
 public:
  Tally(const NodeUsers& users, TimePoint until)
      : users_(users),
        until_(until),
        away_until_(users.of_node->size(), 0),
        no_disk_until_(users.of_node->size(), 0),
        stopped_until_(users.jobs, 0) {}

  void add(const PlannedEvent& event) {
    EventTally& tally = tallies_[{event.random, event.cause}];
    ++tally.count;
    if (!event.touches_nodes()) return;
    bool finds_any = false, finds_work = false;
    const std::int64_t end = event.end(until_).ns;
    for (const NodeSpan& span : event.nodes) {
      for (std::uint32_t node = span.first; node < span.last; ++node) {
        const std::uint32_t user = (*users_.of_node)[node];
        finds_work = finds_work || user < users_.users;
        finds_any = strike(event, node, end) || finds_any;
        if (stops_work(event.kind) && user < users_.jobs) {
          tally.jobs_stopped += stopped_until_[user] <= event.at.ns ? 1U : 0U;
          stopped_until_[user] = std::max(stopped_until_[user], end);
        }
      }
    }
    // One count each: a node that is away has no work either.
    if (!finds_any) {
      ++tally.away_already;
    } else if (!finds_work) {
      ++tally.without_work;
    }
  }

  std::map<EventKey, EventTally> done() { return std::move(tallies_); }

 private:
  /// True when there was something to take.
  bool strike(const PlannedEvent& event, std::uint32_t node, std::int64_t end) {
    bool there = away_until_[node] <= event.at.ns;
    if (event.kind == PlanKind::kNvmeLost) {
      there = there && no_disk_until_[node] <= event.at.ns;
      no_disk_until_[node] = std::max(no_disk_until_[node], end);
    }
    if (takes_away(event.kind)) away_until_[node] = std::max(away_until_[node], end);
    return there;
  }

  const NodeUsers& users_;
  TimePoint until_;
  std::vector<std::int64_t> away_until_, no_disk_until_;  // by node
  std::vector<std::int64_t> stopped_until_;               // by job
  std::map<EventKey, EventTally> tallies_;
};

}  // namespace

std::map<EventKey, EventTally> tally_events(const std::vector<PlannedEvent>& plan,
                                            const NodeUsers& users, TimePoint until) {
  Tally tally(users, until);
  for (const PlannedEvent& event : plan) {
    if (event.at <= until) tally.add(event);
  }
  return tally.done();
}

Duration time_away(const std::vector<PlannedEvent>& plan, NodeSpan nodes, TimePoint from,
                   TimePoint to) {
  std::int64_t sum = 0, covered = from.ns;
  for (const PlannedEvent& event : plan) {
    if (!stops_work(event.kind) || event.at >= to) continue;
    const bool ours = std::any_of(
        event.nodes.begin(), event.nodes.end(),
        [&](const NodeSpan& span) { return span.first < nodes.last && nodes.first < span.last; });
    if (!ours) continue;
    const std::int64_t end = std::min(to.ns, event.end(to).ns);
    sum += std::max<std::int64_t>(0, end - std::max(event.at.ns, covered));
    covered = std::max(covered, end);
  }
  return Duration{sum};
}

}  // namespace fleetcache::world
