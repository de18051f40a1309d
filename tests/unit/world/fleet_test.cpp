#include <doctest/doctest.h>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// Two regions; the job runs in "a", its data set lives in "b", 2 GB/s of WAN between them.
scenario::Scenario two_regions() {
  auto s = tiny_training(2, 50, 100);
  s.regions["a"] = s.regions["r"];
  s.regions["a"].name = "a";
  s.regions["b"] = s.regions["a"];
  s.regions["b"].name = "b";
  s.regions.erase("r");
  s.links = {
      {"a", "b", BytesPerSecond(0.5e9), from_seconds(0.08), BytesPerSecond(100e9), Money(0.02)}};
  s.datasets["d"].region = "b";
  s.training["j"].region = "a";
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  return s;
}

}  // namespace

TEST_CASE("a data set of another region crosses the WAN once, then is local") {
  const Outcome o = run_forked(two_regions());
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.bytes.at("dataset/front_end") == 50 * 100e6);
  // The first of four epochs, 5 GB over 0.5 GB/s, takes 10 s; the other 75 steps compute 7.5 s.
  CHECK(o.metrics.at("train.j.goodput") == doctest::Approx(10.0 / 17.5).epsilon(0.03));
}

TEST_CASE("with global scope the home region's cache is asked before its origin") {
  auto s = two_regions();
  s.cache.scope = scenario::Scope::kGlobal;
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  // It has nothing yet: what it fetches counts as its origin's.
  CHECK(o.bytes.at("dataset/remote_region") == 0);
  CHECK(o.bytes.at("dataset/front_end") == 50 * 100e6);
  // A job at home that reads the same beside it: what either brings in, the other finds.
  s.training["k"] = s.training["j"];
  s.training["k"].name = "k";
  s.training["k"].region = "b";
  const Outcome two = run_forked(s);
  REQUIRE(two.error == "");
  CHECK(two.broken == "");
  CHECK(two.bytes.at("dataset/remote_region") > 0);
  CHECK(two.bytes.at("dataset/front_end") < 1.1 * 50 * 100e6);  // once, but for simultaneous reads
}

TEST_CASE("while every node of the home region is away its origin is read without its cache") {
  auto s = two_regions();
  s.cache.scope = scenario::Scope::kGlobal;
  s.events = {{from_seconds(0.001), scenario::EventKind::kFailRack, "b", 0, from_seconds(900), 0}};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.bytes.at("dataset/front_end") >= 45 * 100e6);  // all but what was asked for before
  CHECK(o.bytes.at("dataset/front_end") + o.bytes.at("dataset/remote_region") == 50 * 100e6);
}

TEST_CASE("a failed node's copies are gone and are read from the origin again") {
  auto s = tiny_training(4, 40, 60);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  const Outcome calm = run_forked(s);
  s.events = {{from_seconds(5), scenario::EventKind::kFailNode, "r", 1, from_seconds(2), 0}};
  const Outcome failed = run_forked(s);
  REQUIRE(calm.error == "");
  REQUIRE(failed.error == "");
  CHECK(failed.broken == "");
  CHECK(calm.bytes.at("dataset/front_end") == 40 * 100e6);
  CHECK(failed.bytes.at("dataset/front_end") > calm.bytes.at("dataset/front_end"));
  // No checkpoints: two seconds down, and everything computed in the five before is for nothing.
  const double computed = 60 * 0.1;
  CHECK(failed.metrics.at("train.j.lost_s") > 2.0);
  CHECK(failed.metrics.at("train.j.lost_s") <= 2.0 + 5.0);
  CHECK(failed.metrics.at("train.j.steps") == 60);
  CHECK(failed.metrics.at("train.j.goodput") < computed / (computed + 2.0));
}

TEST_CASE("a failed job goes back to its last durable checkpoint and reads that one") {
  // 1 node, reads hidden behind 1 s of compute; a checkpoint of 1 GB each 10 s, copied in 0.5 s and
  // written in 1 s. Step 1 starts at 0.2 s, so checkpoints begin at the step ends 10.2 s and 20.7
  // s; after the second the job computes from 21.2 s until the node fails at 25 s for 3 s.
  auto s = tiny_training(1, 10000, 40);
  s.training["j"].compute = from_seconds(1);
  s.training["j"].checkpoint = {Bytes(kGB), from_seconds(10), from_seconds(0.5), true, false};
  s.events = {{from_seconds(25), scenario::EventKind::kFailNode, "r", 0, from_seconds(3), 0}};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("train.j.steps") == 40);
  // Lost: 3 s down and the work since the second checkpoint, 25 - 21.2 s.
  CHECK(o.metrics.at("train.j.lost_s") == doctest::Approx(3 + 3.8).epsilon(0.001));
  // The restore reads 1 GB from the origin at 1 GB/s, beside the read-ahead.
  CHECK(o.bytes.at("checkpoint/front_end") == 1e9);
  CHECK(o.metrics.at("train.j.restore_s") >= 1.0);
}

TEST_CASE("a failure just after the warm-up never makes goodput negative") {
  auto s = tiny_training(4, 10000, 0);
  s.horizon = from_seconds(60);
  s.warmup = from_seconds(50);
  s.training["j"].checkpoint = {Bytes(kGB), from_seconds(1000), from_seconds(0.5), true, false};
  s.events = {{from_seconds(52), scenario::EventKind::kFailNode, "r", 0, from_seconds(1), 0}};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("train.j.goodput") >= 0);
  CHECK(o.metrics.at("train.j.goodput") < 0.25);
}

TEST_CASE("a throttled origin slows the job for as long as it lasts") {
  auto s = tiny_training(4, 10000, 100);  // 0.4 s a step at 1 GB/s: 40 s in all
  s.events = {
      {from_seconds(10), scenario::EventKind::kThrottleOrigin, "r", 0, from_seconds(20), 0.5}};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  // 20 s at half speed lose 10 s: 50 s for 100 steps of 0.1 s.
  CHECK(o.metrics.at("train.j.goodput") == doctest::Approx(10.0 / 50).epsilon(0.01));
}

TEST_CASE(
    "two hundred readers of one object cost one origin read with single flight, all without") {
  auto s = tiny_training(200, 1, 1);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kDram, 100 * kGB, "lru")};
  const Outcome one = run_forked(s);
  s.cache.single_flight = false;
  const Outcome all = run_forked(s);
  REQUIRE(one.error == "");
  REQUIRE(all.error == "");
  CHECK(one.bytes.at("dataset/front_end") == 100e6);
  CHECK(one.bytes.at("dataset/coalesced") == 199 * 100e6);
  CHECK(all.bytes.at("dataset/front_end") == 200 * 100e6);
}

TEST_CASE("the same scenario gives the same events in two processes, another seed does not") {
  auto s = tiny_training(8, 300, 100);
  s.training["j"].compute_cv = 0.1;
  s.regions["r"].blob.first_byte = {from_seconds(0.02), from_seconds(0.08)};
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kDram, kGB, "lru"),
                   tiny_tier(scenario::Medium::kNvme, 2 * kGB, "s3fifo")};
  const Outcome a = run_forked(s);
  const Outcome b = run_forked(s);
  s.seed = 2;
  const Outcome c = run_forked(s);
  REQUIRE(a.error == "");
  CHECK(a.broken == "");
  CHECK(a.fingerprint == b.fingerprint);
  CHECK(a.metrics == b.metrics);
  CHECK(a.fingerprint.at("event_digest") != c.fingerprint.at("event_digest"));
}

TEST_CASE("more nodes than a pool has is an error that names the workload") {
  auto s = tiny_training(4, 100, 1);
  s.training["j"].nodes = 5;
  const Outcome o = run_forked(s);
  CHECK(o.error.find("workloads.j") != std::string::npos);
  CHECK(o.error.find("wants 5 nodes") != std::string::npos);
}

TEST_CASE("a short throttle inside a long one does not lift it") {
  auto s = tiny_training(4, 10000, 100);
  const auto kind = scenario::EventKind::kThrottleOrigin;
  s.events = {{from_seconds(0), kind, "r", 0, from_seconds(900), 0.5}};
  const Outcome alone = run_forked(s);
  s.events.push_back({from_seconds(10), kind, "r", 0, from_seconds(1), 0.5});
  const Outcome nested = run_forked(s);
  REQUIRE(alone.error == "");
  CHECK(nested.metrics.at("train.j.goodput") == alone.metrics.at("train.j.goodput"));
  // Half of 1 GB/s: 0.8 s a step of 0.1 s, and the accounts are busy by what is left of them.
  CHECK(alone.metrics.at("train.j.goodput") == doctest::Approx(0.1 / 0.8).epsilon(0.01));
  CHECK(alone.utilization_mean.at("blob_egress.r") > 0.05);
}

TEST_CASE("figures of the window leave the warm-up out") {
  // All reads of one epoch end in the first 50 s; the window from 60 s on sees none.
  auto s = tiny_training(2, 100, 0);
  s.horizon = from_seconds(100);
  s.warmup = from_seconds(60);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kDram, 100 * kGB, "lru")};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.metrics.at("origin.bytes_per_second") == 0);
  CHECK(o.metrics.at("cache.byte_hit_ratio.dataset") == 1);
}

TEST_CASE("readers of one object on one node wait for the same plan") {
  // Two steps ahead of one node ask for the only object at once; a plan takes 1 s, the bytes 10 ms.
  auto s = tiny_training(1, 1, 2);
  s.origin.path = scenario::OriginPath::kBifrost;
  s.regions["r"].bifrost.plan_time = from_seconds(1);
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.metrics.at("origin.plans") == 1);
  // Both reads wait for it, so their mean is above 1 s; a lease used before it is there gives 0.5
  // s.
  CHECK(o.metrics.at("read.bifrost_mean") > 1.0);
}
