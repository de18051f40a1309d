#include <doctest/doctest.h>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

TEST_CASE("a job whose input is slower than its compute runs at the speed of its input") {
  // 4 nodes read 100 MB each a step from one account of 1 GB/s: 0.4 s a step against 0.1 s of
  // compute. Goodput 0.1 / 0.4 = 0.25.
  const Outcome o = run_forked(tiny_training(4, 1000, 200));
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("train.j.goodput") == doctest::Approx(0.25).epsilon(0.01));
  CHECK(o.metrics.at("train.j.steps") == 200);
  CHECK(o.bytes.at("dataset/front_end") == 200 * 4 * 100e6);
  CHECK(o.in == 800);
  CHECK(o.done == 800);
}

TEST_CASE("prefetch hides input that is faster than compute") {
  // 1 node reads 100 MB in 0.1 s from 1 GB/s; compute takes 0.2 s: only the first batch is waited
  // for.
  auto s = tiny_training(1, 1000, 100);
  s.training["j"].compute = from_seconds(0.2);
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  // With two batches asked for at once the first ends after 0.2 s: 0.2 / (0.2 + 100 * 0.2).
  CHECK(o.metrics.at("train.j.stall") == doctest::Approx(0.2 / 20.2).epsilon(0.02));
}

TEST_CASE("a pinned cache of share c gives c hits from the second epoch on") {
  // 2 nodes, 200 objects of 100 MB; the owners' NVMe hold 2 x 5 GB = 100 objects, half of the set.
  auto s = tiny_training(2, 200, 500);  // 1000 reads = 5 epochs
  s.cache.enabled = true;
  s.cache.scope = scenario::Scope::kRegion;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 5 * kGB, "pinned")};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  // First epoch 200 misses, then 4 epochs with 100 misses each: 600 of 1000. Placement is uneven,
  // so an owner with fewer keys than room cannot lend it: a few objects more go to the origin.
  const double origin = o.bytes.at("dataset/front_end") / 100e6;
  CHECK(origin >= 600);
  CHECK(origin <= 660);
}

TEST_CASE("jobs that share a data set read it from the origin once") {
  auto s = tiny_training(2, 100, 50);  // one epoch: 100 reads by 2 nodes
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  auto second = s.training["j"];
  second.name = "k";
  s.regions["r"].pools["train"].nodes = 4;
  s.training["k"] = second;
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.bytes.at("dataset/front_end") == 100 * 100e6);
  const double total = o.bytes.at("dataset/front_end") + o.bytes.at("dataset/coalesced") +
                       o.bytes.at("dataset/local_nvme") + o.bytes.at("dataset/peer_nvme");
  CHECK(total == 200 * 100e6);
}

TEST_CASE("an asynchronous checkpoint costs its copy, a synchronous one its write") {
  auto s = tiny_training(4, 1000, 100);
  s.regions["r"].blob.egress = BytesPerSecond(1000e9);
  s.training["j"].checkpoint.size = Bytes(4 * kGB);
  s.training["j"].checkpoint.every = from_seconds(2);
  s.training["j"].checkpoint.stall = from_seconds(0.5);
  s.training["j"].checkpoint.asynchronous = true;
  const Outcome async = run_forked(s);
  REQUIRE(async.error == "");
  CHECK(async.broken == "");
  // A checkpoint each 20 steps of 0.1 s plus the 0.5 s copy: it is due 2 s after the last began,
  // and 15 steps (1.5 s) fit after the copy.
  CHECK(async.metrics.at("train.j.checkpoint_share") == doctest::Approx(0.5 / 2.0).epsilon(0.1));
  s.training["j"].checkpoint.asynchronous = false;
  const Outcome sync = run_forked(s);
  REQUIRE(sync.error == "");
  // 4 GB over 1 GB/s of ingress: 4 s a checkpoint.
  CHECK(sync.metrics.at("train.j.checkpoint_share") > 0.6);
}

TEST_CASE("Bifrost is bound by its stamp, not by the accounts") {
  auto s = tiny_training(16, 4000, 200);
  // Front end: 16 x 100 MB over 1 GB/s = 1.6 s a step. Bifrost: over 10 GB/s = 0.16 s a step.
  const Outcome fe = run_forked(s);
  s.origin.path = scenario::OriginPath::kBifrost;
  const Outcome direct = run_forked(s);
  REQUIRE(fe.error == "");
  REQUIRE(direct.error == "");
  CHECK(direct.broken == "");
  CHECK(fe.metrics.at("train.j.goodput") == doctest::Approx(0.1 / 1.6).epsilon(0.02));
  CHECK(direct.metrics.at("train.j.goodput") == doctest::Approx(0.1 / 0.16).epsilon(0.02));
  CHECK(direct.bytes.at("dataset/bifrost") == 200 * 16 * 100e6);
}

TEST_CASE("refused requests are retried, and what is given up is counted and asked again") {
  auto s = tiny_training(4, 1000, 50);
  s.regions["r"].blob.requests = PerSecond(5);  // 4 nodes want 40 requests a second
  s.regions["r"].blob.egress = BytesPerSecond(1000e9);
  s.regions["r"].blob.retry.retries = 1;
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.failed > 0);
  CHECK(o.in == o.done + o.failed + o.unfinished);
  CHECK(o.metrics.at("origin.throttled_ratio") > 0.1);
  // 200 objects at 5 requests a second and a burst of 5: at least 39 s for 5 s of compute.
  CHECK(o.metrics.at("train.j.goodput") < 0.15);
  CHECK(o.metrics.at("train.j.steps") == 50);
}
