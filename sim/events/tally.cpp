#include "sim/events/tally.hpp"

#include <algorithm>

namespace fleetcache::events {
namespace {

bool stops_work(PlanKind kind) {
  return kind == PlanKind::kNodesLost || kind == PlanKind::kNodesAway;
}

bool takes_away(PlanKind kind) { return stops_work(kind) || kind == PlanKind::kUnreachable; }

class Tally {
 public:
  /// Stops by job count from `from` on.
  Tally(const NodeUsers& users, TimePoint from, TimePoint until)
      : users_(users),
        from_(from),
        until_(until),
        away_until_(users.of_node->size(), 0),
        no_disk_until_(users.of_node->size(), 0),
        stopped_until_(users.jobs, 0),
        random_stops_(users.jobs, 0) {}

  /// Requires: events in order of time.
  void add_all(const std::vector<PlannedEvent>& plan) {
    for (const PlannedEvent& event : plan) {
      if (event.at <= until_) add(event);
    }
  }
  std::map<EventKey, EventTally> tallies() { return std::move(tallies_); }
  std::vector<std::uint64_t> random_stops() { return std::move(random_stops_); }

 private:
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
          const bool at_work = stopped_until_[user] <= event.at.ns;
          tally.jobs_stopped += at_work ? 1U : 0U;
          random_stops_[user] += at_work && event.random && event.at >= from_ ? 1U : 0U;
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
  TimePoint from_, until_;
  std::vector<std::int64_t> away_until_, no_disk_until_;  // by node
  std::vector<std::int64_t> stopped_until_;               // by job
  std::vector<std::uint64_t> random_stops_;               // by job
  std::map<EventKey, EventTally> tallies_;
};

/// Names of figures have no blanks: "cold start" is "cold_start".
std::string word(std::string cause) {
  std::replace(cause.begin(), cause.end(), ' ', '_');
  return cause;
}

}  // namespace

std::map<EventKey, EventTally> tally_events(const std::vector<PlannedEvent>& plan,
                                            const NodeUsers& users, TimePoint until) {
  Tally tally(users, TimePoint{}, until);
  tally.add_all(plan);
  return tally.tallies();
}

std::map<std::string, double> event_figures(const std::map<EventKey, EventTally>& tallies,
                                            bool draws) {
  std::map<std::string, double> figures;
  std::uint64_t random = 0;
  for (const auto& [key, tally] : tallies) {
    const auto& [drawn, cause] = key;
    const std::string name = (drawn ? "events.random." : "events.planned.") + word(cause) + ".";
    figures[name + "count"] = static_cast<double>(tally.count);
    figures[name + "without_work"] = static_cast<double>(tally.without_work);
    figures[name + "away_already"] = static_cast<double>(tally.away_already);
    figures[name + "jobs_stopped"] = static_cast<double>(tally.jobs_stopped);
    random += drawn ? tally.count : 0;
  }
  if (draws) figures["events.random"] = static_cast<double>(random);
  return figures;
}

std::vector<std::uint64_t> random_stops(const std::vector<PlannedEvent>& plan,
                                        const NodeUsers& users, TimePoint from, TimePoint until) {
  Tally tally(users, from, until);
  tally.add_all(plan);
  return tally.random_stops();
}

std::vector<Stretch> stretches_away(const std::vector<PlannedEvent>& plan, NodeSpan nodes,
                                    TimePoint from, TimePoint to) {
  std::vector<Stretch> away;
  for (const PlannedEvent& event : plan) {
    if (!stops_work(event.kind) || event.at >= to) continue;
    const bool ours = std::any_of(
        event.nodes.begin(), event.nodes.end(),
        [&](const NodeSpan& span) { return span.first < nodes.last && nodes.first < span.last; });
    const TimePoint begin = std::max(event.at, from), end = std::min(to, event.end(to));
    if (!ours || end <= begin) continue;
    if (!away.empty() && begin <= away.back().to) {
      away.back().to = std::max(away.back().to, end);
    } else {
      away.push_back({begin, end});
    }
  }
  return away;
}

Duration time_away(const std::vector<PlannedEvent>& plan, NodeSpan nodes, TimePoint from,
                   TimePoint to) {
  Duration sum;
  for (const Stretch& away : stretches_away(plan, nodes, from, to))
    sum = sum + (away.to - away.from);
  return sum;
}

}  // namespace fleetcache::events
