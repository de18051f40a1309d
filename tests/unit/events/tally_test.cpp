#include "sim/events/tally.hpp"

#include <doctest/doctest.h>

namespace fleetcache::events {
namespace {

TimePoint at(double s) { return TimePoint{from_seconds(s).count}; }

PlannedEvent event(double begins_s, double lasts_s, events::PlanKind kind, events::NodeSpan nodes,
                   const char* cause, bool random) {
  PlannedEvent e;
  e.at = at(begins_s);
  e.lasts = from_seconds(lasts_s);
  e.kind = kind;
  e.nodes = {nodes};
  e.cause = cause;
  e.random = random;
  return e;
}

// Nodes 0 to 3 are job 0, 4 and 5 a service, 6 and 7 nobody's.
const std::vector<std::uint32_t> kUsers = {0, 0, 0, 0, 1, 1, 2, 2};
const NodeUsers kNodeUsers{&kUsers, 1, 2};

TEST_CASE("events are told by cause, by whether they were drawn and by what they found") {
  const std::vector<PlannedEvent> plan = {
      event(10, 10, PlanKind::kNodesLost, {1, 2}, "node", true),   // stops the job until 20
      event(12, 20, PlanKind::kNodesLost, {2, 3}, "node", true),   // it stands already, until 32
      event(15, 5, PlanKind::kNodesLost, {1, 2}, "node", true),    // away already
      event(16, 0, PlanKind::kNvmeLost, {1, 2}, "drive", true),    // of a node that is away
      event(17, 5, PlanKind::kNodesLost, {6, 7}, "node", true),    // nobody's
      event(33, 5, PlanKind::kNodesAway, {0, 4}, "drain", false),  // stops the job again
      event(34, 5, PlanKind::kUnreachable, {4, 6}, "tor", true),   // of the service
      event(90, 5, PlanKind::kNodesLost, {0, 1}, "node", true),    // after the end
  };
  const auto tallies = tally_events(plan, kNodeUsers, at(60));
  REQUIRE(tallies.size() == 4);
  const EventTally& node = tallies.at({true, "node"});
  CHECK(node.count == 4);
  CHECK(node.jobs_stopped == 1);
  CHECK(node.away_already == 1);
  CHECK(node.without_work == 1);
  CHECK(tallies.at({true, "drive"}).away_already == 1);
  CHECK(tallies.at({false, "drain"}).jobs_stopped == 1);
  CHECK(tallies.at({true, "tor"}).jobs_stopped == 0);
  CHECK(tallies.at({true, "tor"}).without_work == 0);
  const auto figures = event_figures(tallies, true);
  CHECK(figures.at("events.random") == 6);
  CHECK(figures.at("events.random.node.count") == 4);
  CHECK(figures.at("events.planned.drain.jobs_stopped") == 1);
  CHECK(event_figures({}, true) == std::map<std::string, double>{{"events.random", 0}});
  CHECK(event_figures({}, false).empty());
  // Of one job; what was planned is no draw.
  CHECK(random_stops(plan, kNodeUsers, at(0), at(60)) == std::vector<std::uint64_t>{1});
  CHECK(random_stops(plan, kNodeUsers, at(11), at(60)) == std::vector<std::uint64_t>{0});
  CHECK(random_stops(plan, kNodeUsers, at(0), at(90)) == std::vector<std::uint64_t>{2});
}

TEST_CASE("the time a job stands is the union of its nodes' absences, within what is asked") {
  const std::vector<PlannedEvent> plan = {
      event(10, 10, PlanKind::kNodesLost, {1, 2}, "node", true),
      event(15, 15, PlanKind::kNodesAway, {3, 6}, "drain", false),
      event(16, 50, PlanKind::kUnreachable, {0, 4}, "tor", true),  // it goes on
      event(40, 10, PlanKind::kNodesLost, {4, 5}, "node", true),   // another's
      event(50, 0, PlanKind::kNodesLost, {0, 1}, "rack", false),   // to the end
  };
  CHECK(to_seconds(time_away(plan, {0, 4}, at(0), at(60))) == doctest::Approx(20 + 10));
  CHECK(to_seconds(time_away(plan, {0, 4}, at(12), at(25))) == doctest::Approx(13));
  CHECK(to_seconds(time_away(plan, {0, 4}, at(30), at(50))) == 0);
  CHECK(to_seconds(time_away(plan, {6, 8}, at(0), at(60))) == 0);
}

}  // namespace
}  // namespace fleetcache::events
