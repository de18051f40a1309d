// What events do to a running fleet, by bytes and seconds that can be counted by hand. Objects are
// of 100 MB, so that every object read from the origin shows.

#include <doctest/doctest.h>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;
using scenario::EventKind;

namespace {

constexpr double kObject = 100e6;

/// Eight nodes in two racks own 40 objects; a job on the first two reads them over and over.
scenario::Scenario two_racks(scenario::Medium medium = scenario::Medium::kNvme) {
  auto s = tiny_training(8, 40, 0);
  s.training["j"].nodes = 2;
  s.horizon = from_seconds(60);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(medium, 100 * kGB, "lru")};
  return s;
}

scenario::FleetEvent event_of(EventKind kind, double at_s, double lasts_s, std::uint32_t index) {
  scenario::FleetEvent event;
  event.at = from_seconds(at_s);
  event.kind = kind;
  event.region = "r";
  event.index = index;
  event.lasts = from_seconds(lasts_s);
  return event;
}

Outcome sound(const scenario::Scenario& s) {
  Outcome o = run_forked(s);
  CHECK(o.error == "");
  CHECK(o.broken == "");
  return o;
}

/// Objects that came from the origin for readers.
double origin_objects(const Outcome& o) { return o.bytes.at("dataset/front_end") / kObject; }

}  // namespace

TEST_CASE("until a loss is detected its readers wait and go to the origin; then keys move") {
  auto s = two_racks();
  CHECK(origin_objects(sound(s)) == 40);
  s.events = {event_of(EventKind::kFailNode, 20, 1000, 7)};
  const Outcome at_once = sound(s);
  const double moved = origin_objects(at_once) - 40;  // objects that node 7 owned
  CHECK(moved >= 1);
  CHECK(at_once.metrics.at("cache.timeouts") == 0);
  s.cache.membership = {from_seconds(5), from_seconds(0.5), from_seconds(3)};
  const Outcome late = sound(s);
  const double timeouts = late.metrics.at("cache.timeouts");
  CHECK(timeouts >= 1);
  CHECK(origin_objects(late) == 40 + timeouts + moved);
  CHECK(late.metrics.at("train.j.goodput") < at_once.metrics.at("train.j.goodput"));
  // 40 s of absence; the job does not run there and goes on.
  CHECK(late.metrics.at("events.node_time_away") == doctest::Approx(40).epsilon(1e-9));
  CHECK(late.metrics.at("train.j.lost_s") == 0);
}

TEST_CASE("a loss that ends before it is detected moves no key, but its copies are gone") {
  auto s = two_racks();
  s.cache.membership = {from_seconds(30), from_seconds(0.1), from_seconds(3)};
  s.events = {event_of(EventKind::kFailNode, 20, 2, 7)};
  const Outcome o = sound(s);
  s.events[0].lasts = from_seconds(1000);
  s.cache.membership.detect = Duration(0);
  const double moved = origin_objects(sound(s)) - 40;
  CHECK(origin_objects(o) == 40 + o.metrics.at("cache.timeouts") + moved);
}

TEST_CASE("behind a switch that is down copies stay; a rack that is down loses them") {
  auto s = two_racks();
  s.cache.membership = {from_seconds(2), from_seconds(0.5), from_seconds(1)};
  s.events = {event_of(EventKind::kFailTor, 20, 10, 1)};
  const Outcome tor = sound(s);
  s.events[0].kind = EventKind::kFailRack;
  const Outcome rack = sound(s);
  CHECK(rack.metrics.at("events.nodes_lost") == 4);
  CHECK(tor.metrics.at("events.nodes_lost") == 0);
  // The rack's objects are read once while away (by their new owners) and, only if they were lost,
  // once more when it is back; beside the reads that timed out.
  const double away = origin_objects(tor) - 40 - tor.metrics.at("cache.timeouts");
  const double back = origin_objects(rack) - 40 - rack.metrics.at("cache.timeouts");
  CHECK(away >= 8);
  CHECK(back == 2 * away);
}

TEST_CASE("a drive takes its copies and its tier along, the node works on") {
  auto s = two_racks();
  s.events = {event_of(EventKind::kFailDrive, 20, 1000, 0)};  // of a node of the job
  const Outcome o = sound(s);
  CHECK(o.metrics.at("events.nodes_lost") == 0);
  CHECK(o.metrics.at("train.j.lost_s") == 0);
  CHECK(o.metrics.at("events.node_time_away") == 0);
  const double without = origin_objects(o);
  s.events[0].lasts = from_seconds(1);
  const double with = origin_objects(sound(s));
  CHECK(with > 40);       // copies lost
  CHECK(without > with);  // read again and again while there is no tier to keep them
  s.cache.tiers.push_back(tiny_tier(scenario::Medium::kDram, 100 * kGB, "lru"));
  s.events[0].lasts = from_seconds(1000);
  CHECK(origin_objects(sound(s)) == 40);  // the copies in memory are still there
}

TEST_CASE("over strata a drive takes the copies of its medium only, too") {
  auto s = two_racks();
  s.cache.tiers = {tiny_tier(scenario::Medium::kDram, 100 * kGB, "lru"),
                   tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  RunOptions fleet;
  fleet.rung = Rung::kFleet;
  fleet.step_over = false;
  const auto read = [&] {
    const Outcome o = run_forked(s, fleet);
    CHECK(o.error == "");
    return origin_objects(o);
  };
  const double calm = read();
  for (std::uint32_t node = 0; node < 8; ++node) {
    s.events.push_back(event_of(EventKind::kFailDrive, 20, 1000, node));
  }
  CHECK(read() == calm);  // memory still has them
  s.cache.tiers.erase(s.cache.tiers.begin());
  CHECK(read() > calm);  // nothing has
}

namespace {

Outcome at_fleet(const scenario::Scenario& s) {
  RunOptions fleet;
  fleet.rung = Rung::kFleet;
  fleet.step_over = false;
  Outcome o = run_forked(s, fleet);
  CHECK(o.error == "");
  CHECK(o.broken == "");
  return o;
}

}  // namespace

TEST_CASE("over strata an object whose owner is away is read again, as it is without them") {
  auto s = two_racks();
  const double calm = origin_objects(at_fleet(s));
  s.events = {event_of(EventKind::kFailNode, 20, 1000, 7)};
  const double moved = origin_objects(sound(s)) - 40;
  CHECK(moved >= 1);
  CHECK(origin_objects(at_fleet(s)) == calm + moved);
  // A drained node may keep its disks, but the next owner has no copy either.
  s.events = {event_of(EventKind::kDrainNode, 20, 1000, 7)};
  for (const bool keeps : {false, true}) {
    CAPTURE(keeps);
    s.events[0].keeps_nvme = keeps;
    CHECK(origin_objects(sound(s)) == 40 + moved);
    CHECK(origin_objects(at_fleet(s)) == calm + moved);
  }
}

TEST_CASE("over strata keys find the few nodes that are left") {
  auto s = two_racks();
  s.regions["r"].pools["train"].nodes = 64;
  for (std::uint32_t rack = 1; rack < 16; ++rack) {
    s.events.push_back(event_of(EventKind::kFailRack, 20, 1000, rack));
  }
  const Outcome exact = sound(s), fleet = at_fleet(s);
  CHECK(origin_objects(fleet) == origin_objects(exact));
  // A quarter of the keys is with the reader itself, which of them differs with the order of the
  // epoch: some 200 +- 15 reads. With owners that are away it would be a thirtieth.
  CHECK(fleet.bytes.at("dataset/local_nvme") ==
        doctest::Approx(exact.bytes.at("dataset/local_nvme")).epsilon(0.3));
}

TEST_CASE("over strata what is lost takes no room any more") {
  auto s = two_racks();
  s.events = {event_of(EventKind::kColdStart, 59.99, 0, 0)};
  CHECK(at_fleet(s).metrics.at("cache.tier0.nvme.used") < 5 * kObject);
  s.events.clear();
  CHECK(at_fleet(s).metrics.at("cache.tier0.nvme.used") == 40 * kObject);
}

TEST_CASE("losses during the warm-up are counted") {
  auto s = two_racks();
  s.warmup = from_seconds(30);
  s.events = {event_of(EventKind::kFailRack, 20, 1000, 1)};
  const Outcome o = sound(s);
  CHECK(o.metrics.at("events.begun") == 1);
  CHECK(o.metrics.at("events.nodes_lost") == 4);
}

TEST_CASE("an upgrade takes each node for its time, and in place it keeps what disks hold") {
  auto s = two_racks();
  s.horizon = from_seconds(120);
  scenario::FleetEvent event = event_of(EventKind::kUpgrade, 20, 0, 0);
  event.pool = "train";
  event.fraction = 0.25;
  event.each = from_seconds(5);
  s.events = {event};
  const Outcome fresh = sound(s);
  CHECK(fresh.metrics.at("events.begun") == 4);
  CHECK(fresh.metrics.at("events.node_time_away") == doctest::Approx(8 * 5).epsilon(1e-9));
  s.events[0].keeps_nvme = true;
  const Outcome in_place = sound(s);
  CHECK(in_place.metrics.at("events.node_time_away") == doctest::Approx(8 * 5).epsilon(1e-9));
  // Nothing that the upgraded nodes held is lost: only keys that move meanwhile are read again.
  CHECK(origin_objects(in_place) < origin_objects(fresh));
  // Over strata too: what a node kept is found again although its next owner read it meanwhile.
  auto calm = two_racks();
  calm.horizon = s.horizon;
  const double more = origin_objects(at_fleet(calm)) - origin_objects(sound(calm));
  CHECK(origin_objects(at_fleet(s)) == origin_objects(in_place) + more);
  s.events[0].keeps_nvme = false;
  CHECK(origin_objects(at_fleet(s)) == origin_objects(fresh) + more);
  auto memory = two_racks(scenario::Medium::kDram);
  memory.horizon = s.horizon;
  memory.events = s.events;
  memory.events[0].keeps_nvme = true;
  CHECK(origin_objects(sound(memory)) > origin_objects(in_place));  // memory does not survive
}

TEST_CASE("a cold start reads everything again, once") {
  auto s = two_racks();
  s.events = {event_of(EventKind::kColdStart, 30, 0, 0)};
  CHECK(origin_objects(sound(s)) == 80);
}

TEST_CASE("what is staged is not read by the job, and a rate holds") {
  auto s = two_racks();
  s.training["j"].compute = from_seconds(100);
  s.horizon = from_seconds(99);
  scenario::FleetEvent event = event_of(EventKind::kPrestage, 0, 0, 0);
  event.pool = "train";
  event.dataset = "d";
  event.in_flight = 8;
  s.events = {event};
  const Outcome fast = sound(s);
  CHECK(fast.bytes.at("prestage/front_end") + fast.bytes.at("dataset/front_end") == 40 * kObject);
  CHECK(fast.metrics.at("prestage.d_time") == doctest::Approx(4.0).epsilon(0.1));  // 4 GB at 1 GB/s
  s.events[0].rate = BytesPerSecond(0.1e9);  // the 40th leaves after 39 s and takes 0.1 s
  const Outcome slow = sound(s);
  CHECK(slow.metrics.at("prestage.d_time") >= 30.0);
  CHECK(slow.metrics.at("prestage.d_time") <= 39.2);
  // Staged after a loss, only the lost share is copied.
  s.events[0].rate = BytesPerSecond(0);
  s.events.push_back(event_of(EventKind::kFailNode, 30, 5, 7));
  s.events.push_back(s.events[0]);
  s.events.back().at = from_seconds(50);
  const Outcome twice = sound(s);
  const double again = twice.bytes.at("prestage/front_end") / kObject +
                       twice.bytes.at("dataset/front_end") / kObject - 40;
  CHECK(again >= 1);
  CHECK(again <= 20);
}

TEST_CASE("an account that is gone stops its reads for as long as that lasts") {
  auto s = tiny_training(4, 10000, 100);  // 0.4 s a step at 1 GB/s: 40 s in all
  s.events = {event_of(EventKind::kThrottleAccount, 10, 20, 0)};
  const Outcome o = sound(s);
  CHECK(o.metrics.at("train.j.goodput") == doctest::Approx(10.0 / 60).epsilon(0.01));
  s.events[0].factor = 0.5;  // half of it: 20 s at half speed lose 10 s
  CHECK(sound(s).metrics.at("train.j.goodput") == doctest::Approx(10.0 / 50).epsilon(0.01));
  // The deepest of several holds, whatever their kinds.
  s.events.push_back(event_of(EventKind::kThrottleOrigin, 12, 5, 0));
  s.events.back().factor = 0.8;
  CHECK(sound(s).metrics.at("train.j.goodput") == doctest::Approx(10.0 / 50).epsilon(0.01));
}

TEST_CASE("an event without an end lasts to the end of the run") {
  auto s = tiny_training(4, 10000, 0);
  s.horizon = from_seconds(100);
  s.events = {event_of(EventKind::kThrottleOrigin, 50, 0, 0)};
  s.events[0].factor = 0.5;
  // 50 s at 0.4 s a step and 50 s at 0.8 s: 125 + 62 steps of 0.1 s.
  CHECK(sound(s).metrics.at("train.j.steps") == doctest::Approx(187).epsilon(0.02));
}

TEST_CASE("caches of a cluster are out of reach of the others, those of a cell are not") {
  auto s = two_racks();
  s.training["j"].nodes = 8;
  s.training["j"].shuffle = true;
  s.regions["r"].fabric.cluster_nodes = 4;
  s.horizon = from_seconds(200);
  s.cache.scope = scenario::Scope::kRegion;
  CHECK(origin_objects(sound(s)) == 40);
  s.cache.scope = scenario::Scope::kCluster;  // two of them: each reads what it needs by itself
  CHECK(origin_objects(sound(s)) == 80);
  s.cache.scope = scenario::Scope::kCell;
  s.cache.cell_clusters = 2;
  CHECK(origin_objects(sound(s)) == 40);
}

TEST_CASE("random failures are played, and the same in every run of a seed") {
  auto s = two_racks();
  s.horizon = from_seconds(600);
  s.failures.enabled = true;
  s.failures.node = {from_seconds(300), from_seconds(20)};
  s.cache.membership = {from_seconds(2), from_seconds(0.2), from_seconds(2)};
  const Outcome a = sound(s);
  const Outcome b = sound(s);
  CHECK(a.fingerprint == b.fingerprint);
  CHECK(a.metrics.at("events.nodes_lost") >= 5);  // 8 nodes x 600 s / 320 s = 15 expected
  CHECK(a.metrics.at("events.nodes_lost") <= 30);
  s.seed = 2;
  CHECK(sound(s).fingerprint != a.fingerprint);
}

TEST_CASE("a pooled index refuses events of nodes and takes those of links") {
  auto s = two_racks();
  s.cache.index = scenario::Index::kPooled;
  s.events = {event_of(EventKind::kThrottleOrigin, 10, 5, 0)};
  s.events[0].factor = 0.5;
  sound(s);
  for (const EventKind kind : {EventKind::kFailNode, EventKind::kFailDrive, EventKind::kFailTor,
                               EventKind::kDrainRack, EventKind::kColdStart}) {
    s.events = {event_of(kind, 10, 5, 0)};
    CHECK(run_forked(s).error.find("a pooled index does not know") != std::string::npos);
  }
}
