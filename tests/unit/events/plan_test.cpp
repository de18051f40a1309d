// The plan of events: pure, so that it can be checked without a run.

#include "sim/events/plan.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "sim/scenario/fleet.hpp"

using namespace fleetcache;
using events::PlanKind;
using events::PlannedEvent;
using scenario::EventKind;

namespace {

scenario::NodePool pool_of(std::uint32_t nodes) {
  scenario::NodePool pool;
  pool.nodes = nodes;
  pool.sku.gpus = 4;
  pool.sku.nic = BytesPerSecond(2e10);
  pool.sku.nvme = Bytes(1'000'000'000'000);
  pool.sku.nvme_read = BytesPerSecond(2e10);
  pool.sku.nvme_write = BytesPerSecond(1e10);
  return pool;
}

/// Region "a": pools "cpu" (10 nodes) and "gpu" (`nodes`), racks of 4, pods of 2 racks; region "b".
scenario::Scenario fleet_of(std::uint32_t nodes, Duration horizon) {
  scenario::Scenario s;
  s.horizon = horizon;
  for (const char* name : {"a", "b"}) {
    scenario::Region region;
    region.name = name;
    region.pools["cpu"] = pool_of(10);
    region.pools["cpu"].sku.gpus = 0;
    region.pools["gpu"] = pool_of(nodes);
    for (auto& [pool_name, pool] : region.pools) pool.name = pool_name;
    region.fabric.nodes_per_rack = 4;
    region.fabric.racks_per_pod = 2;
    region.fabric.zones = 3;
    region.blob.accounts = 2;
    region.blob.egress = BytesPerSecond(1e9);
    region.blob.ingress = BytesPerSecond(1e9);
    region.bifrost.stamp = BytesPerSecond(1e9);
    s.regions[name] = region;
  }
  s.links.push_back({"a", "b", BytesPerSecond(1e9), Duration(1), BytesPerSecond(1e9), Money(0)});
  return s;
}

std::vector<events::PlannedEvent> plan_of(const scenario::Scenario& s) {
  const auto fleet = scenario::build_fleet(s, s.origin.path);
  REQUIRE(fleet.ok());
  return events::plan_events(s, *fleet);
}

events::PlannedEvent only(scenario::FleetEvent event) {
  scenario::Scenario s = fleet_of(50, from_seconds(1000));
  event.at = from_seconds(10);
  event.region = "a";
  s.events = {event};
  const auto plan = plan_of(s);
  REQUIRE(plan.size() == 1);
  return plan[0];
}

scenario::FleetEvent of(EventKind kind, std::uint32_t index, const std::string& pool = "") {
  scenario::FleetEvent event;
  event.kind = kind;
  event.index = index;
  event.pool = pool;
  return event;
}

std::vector<std::uint32_t> nodes(const events::PlannedEvent& event) {
  std::vector<std::uint32_t> out;
  for (const events::NodeSpan& span : event.nodes) {
    for (std::uint32_t n = span.first; n < span.last; ++n) out.push_back(n);
  }
  return out;
}

}  // namespace

TEST_CASE("an index counts over the pools of a region, or within the pool named") {
  // Region a: cpu 0..9 (racks of 4, 4, 2), gpu 10..59.
  using V = std::vector<std::uint32_t>;
  CHECK(nodes(only(of(EventKind::kFailNode, 10))) == V{10});
  CHECK(nodes(only(of(EventKind::kFailNode, 0, "gpu"))) == V{10});
  CHECK(nodes(only(of(EventKind::kFailRack, 2))) == V{8, 9});
  CHECK(nodes(only(of(EventKind::kFailRack, 3))) == V{10, 11, 12, 13});
  CHECK(nodes(only(of(EventKind::kFailPod, 1))) == V{8, 9});
  CHECK(nodes(only(of(EventKind::kDrainPod, 0, "gpu"))) == V{10, 11, 12, 13, 14, 15, 16, 17});
  CHECK(only(of(EventKind::kFailRegion, 0)).node_count() == 60);
  CHECK(only(of(EventKind::kColdStart, 0, "gpu")).node_count() == 50);
}

TEST_CASE("kinds, ends and links are those of the event") {
  const events::PlannedEvent tor = only(of(EventKind::kFailTor, 3));
  CHECK(tor.kind == events::PlanKind::kUnreachable);
  CHECK(tor.links.size() == 2);
  CHECK(tor.share == 0);
  CHECK(tor.end(TimePoint{from_seconds(1000).count}).ns ==
        from_seconds(1000).count);  // no end: to the end
  scenario::FleetEvent origin = of(EventKind::kThrottleOrigin, 0);
  origin.factor = 0.25;
  origin.lasts = from_seconds(5);
  const events::PlannedEvent throttled = only(origin);
  CHECK(throttled.kind == events::PlanKind::kLinks);
  CHECK(throttled.links.size() == 3);  // two accounts' egress and the stamp
  CHECK(throttled.share == 0.25);
  CHECK(throttled.end(TimePoint{from_seconds(1000).count}).ns == from_seconds(15).count);
  CHECK_FALSE(throttled.touches_nodes());
  CHECK(only(of(EventKind::kThrottleAccount, 1)).links.size() == 2);  // both directions
  scenario::FleetEvent wan = of(EventKind::kThrottleLink, 0);
  wan.other = "b";
  CHECK(only(wan).links.size() == 2);
  CHECK(only(of(EventKind::kFailDrive, 1)).kind == events::PlanKind::kNvmeLost);
}

TEST_CASE("zones take whole racks, in blocks or dealt out, and every node has one") {
  for (const auto layout : {scenario::ZoneLayout::kBlocks, scenario::ZoneLayout::kRoundRobin}) {
    scenario::Scenario s = fleet_of(50, from_seconds(100));
    s.regions["a"].fabric.zone_layout = layout;
    std::set<std::uint32_t> seen;
    for (std::uint32_t zone = 0; zone < 3; ++zone) {
      scenario::FleetEvent event = of(EventKind::kFailZone, zone);
      event.region = "a";
      s.events = {event};
      const auto plan = plan_of(s);
      REQUIRE(plan.size() == 1);
      for (const std::uint32_t node : nodes(plan[0])) CHECK(seen.insert(node).second);
      // Of the 13 racks of gpu 5 are in zone 0: the first five, or 0, 3, 6, 9 and 12, which is the
      // last and has 2 nodes. Of the 3 of cpu it is the first.
      const bool blocks = layout == scenario::ZoneLayout::kBlocks;
      if (zone == 0) CHECK(plan[0].node_count() == 4 + (blocks ? 5 * 4 : 4 * 4 + 2));
    }
    CHECK(seen.size() == 60);
  }
}

TEST_CASE("an upgrade of 1 % at 90 s takes 2.5 h, and takes every node once") {
  scenario::Scenario s = fleet_of(100'000, from_seconds(20'000));
  scenario::FleetEvent event = of(EventKind::kUpgrade, 0, "gpu");
  event.at = from_seconds(100);
  event.region = "a";
  event.fraction = 0.01;
  event.each = from_seconds(90);
  s.events = {event};
  const auto plan = plan_of(s);
  REQUIRE(plan.size() == 100);
  std::uint32_t next = 10;
  for (const events::PlannedEvent& wave : plan) {
    CHECK(wave.node_count() == 1'000);
    CHECK(wave.nodes.front().first == next);
    next = wave.nodes.front().last;
  }
  CHECK(next == 100'010);
  const TimePoint last = plan.back().end(TimePoint{s.horizon.count});
  CHECK(last.ns - from_seconds(100).count == from_seconds(9'000).count);  // 90 s / 1 % = 2.5 h
}

TEST_CASE("a day of 110,000 nodes of 4 GPUs draws about 190 node losses a 100,000") {
  scenario::Scenario s = fleet_of(55'000, from_seconds(86'400));
  s.failures.enabled = true;
  s.failures.node.repair = from_seconds(3'600);
  const auto plan = plan_of(s);
  // 110,000 x 4 x 4.74e-4 = 208.6 a day; the CPU pools have no accelerators. sqrt = 14.4.
  CHECK(static_cast<double>(plan.size()) > 208.6 - 4 * 14.4);
  CHECK(static_cast<double>(plan.size()) < 208.6 + 4 * 14.4);
  for (std::size_t i = 1; i < plan.size(); ++i) CHECK(plan[i - 1].at.ns <= plan[i].at.ns);
  for (const events::PlannedEvent& e : plan)
    CHECK((e.random && e.kind == events::PlanKind::kNodesLost));
}

TEST_CASE("a node's failures stay when other pools, laws and events come and go") {
  scenario::Scenario s = fleet_of(400, from_seconds(86'400 * 30));
  s.failures.enabled = true;
  s.failures.node = {from_seconds(86'400 * 20), from_seconds(3'600)};
  const auto of_pool = [](const scenario::Scenario& sc) {
    const auto fleet = scenario::build_fleet(sc, sc.origin.path);
    REQUIRE(fleet.ok());
    const auto& gpu = fleet->pools()[fleet->find_pool(0, "gpu")];
    std::map<std::pair<std::int64_t, std::uint32_t>, std::int64_t> found;
    for (const events::PlannedEvent& e : events::plan_events(sc, *fleet)) {
      if (e.cause != "node" || e.nodes[0].first < gpu.first_node) continue;
      if (e.nodes[0].first >= gpu.first_node + gpu.nodes) continue;
      found[{e.at.ns, e.nodes[0].first - gpu.first_node}] = e.lasts.count;
    }
    return found;
  };
  const auto before = of_pool(s);
  CHECK(before.size() > 300);
  scenario::Scenario other = s;
  other.regions["a"].pools["cpu"].nodes = 3;
  other.failures.rack = {from_seconds(86'400 * 100), from_seconds(7'200)};
  other.failures.tor = {from_seconds(86'400 * 50), from_seconds(7'200)};
  other.failures.drive = {from_seconds(86'400 * 50), from_seconds(7'200)};
  other.events = {of(EventKind::kFailRegion, 0)};
  other.events[0].region = "b";
  CHECK(of_pool(other) == before);
  scenario::Scenario seeded = s;
  seeded.seed = 2;
  CHECK(of_pool(seeded) != before);
}
