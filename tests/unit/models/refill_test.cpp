#include "models/capacity/refill.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "models/failure/outages.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {

TEST_CASE("a lost rack comes back through what is narrowest") {
  // V27: 18 nodes x 30 TB = 540 TB; ToR 100 GB/s, NVMe 18 x 4 x 10 GB/s, accounts of 25 GB/s.
  const double lost = 18 * 30e12;
  const RateLimit tor{"tor", BytesPerSecond(100e9)}, disks{"nvme", BytesPerSecond(720e9)};
  const RateLimit one{"accounts", BytesPerSecond(25e9)}, many{"accounts", BytesPerSecond(1600e9)};
  CHECK(refill(lost, {tor, disks, one}).seconds == doctest::Approx(21'600));  // 6.0 h
  CHECK(refill(lost, {tor, disks, one}).binding == "accounts");
  CHECK(refill(lost, {tor, disks, many}).seconds == doctest::Approx(5400));
  CHECK(refill(lost, {tor, disks, many}).binding == "tor");
  CHECK(refill(lost, {many}).seconds == doctest::Approx(337.5));
  CHECK(refill(lost, {disks}).seconds == doctest::Approx(750));
  CHECK(std::isinf(refill(1, {{"none", BytesPerSecond(0)}}).seconds));
}

TEST_CASE(
    "an upgrade of 1 % for 90 s takes 2.5 hours, cold it asks for 100 TB/s, warm for nothing") {
  // V26: 100,000 nodes of 30 TB, reuse 0.3: 1,000 x 9 TB / 90 s.
  UpgradeSpec spec{100'000, 0.01, from_seconds(90), 30e12, 0.3, false, 0};
  UpgradeAnswer a = rolling_upgrade(spec);
  CHECK(a.waves == 100);
  CHECK(a.duration_s == doctest::Approx(9000));
  CHECK(a.away == 1000);
  CHECK(a.refill_demand.count == doctest::Approx(100e12));
  CHECK(a.hit_deficit == doctest::Approx(0.01));
  // A refill of 900 s: 0.01/90 of the nodes a second x 900 s, half full: 5 % more.
  spec.refill_s = 900;
  CHECK(rolling_upgrade(spec).hit_deficit == doctest::Approx(0.06));
  spec.keeps = true;
  a = rolling_upgrade(spec);
  CHECK(a.refill_demand.count == 0);
  CHECK(a.hit_deficit == doctest::Approx(0.01));
  // Seven nodes, a third at a time: two away, four waves.
  a = rolling_upgrade({7, 1.0 / 3, from_seconds(60), 0, 1, true, 0});
  CHECK(a.away == 2);
  CHECK(a.waves == 4);
}

TEST_CASE("the cold deficit is what a played upgrade loses") {
  // 1,000 nodes, 2 % away for 100 s, refill 500 s linear: node by node.
  const UpgradeSpec spec{1000, 0.02, from_seconds(100), 1, 1, false, 500};
  double lost = 0;
  const double end = rolling_upgrade(spec).duration_s;
  const double step = 1;
  for (double t = 0.5 * step; t < end; t += step)
    for (int wave = 0; wave < 50; ++wave) {
      const double since = t - wave * 100;
      if (since < 0) continue;
      const double missing = since < 100 ? 1 : std::max(0.0, 1 - (since - 100) / 500);
      lost += 0.02 * missing * step;
    }
  // The last waves are filled after the end: the formula, of the steady state, is a little more.
  const double played = lost / end, closed = rolling_upgrade(spec).hit_deficit;
  CHECK(closed == doctest::Approx(0.07));
  CHECK(played < closed);
  CHECK(played > 0.93 * closed);
}

TEST_CASE("failures a day and nodes down are those of drawn outages") {
  // 200 nodes, one failure in 5 days each, repaired in 6 h: 38.1 a day, 9.52 down.
  const LossSpec spec{200, 1 / (5.0 * 86400), 10e12, 0.5, from_seconds(6 * 3600)};
  const LossAnswer a = losses(spec);
  CHECK(a.per_day == doctest::Approx(200 / 5.25));
  CHECK(a.down_mean == doctest::Approx(200 * 0.25 / 5.25));
  CHECK(a.refill_mean.count == doctest::Approx(a.per_day / 86400 * 5e12));
  const double days = 400;
  double failures = 0, down_s = 0;
  for (std::uint64_t node = 0; node < 200; ++node) {
    Rng rng(12, "refill/outages", node);
    for (const Outage& o : outages(from_seconds(5 * 86400), from_seconds(6 * 3600),
                                   TimePoint{} + from_seconds(days * 86400), rng)) {
      ++failures;
      down_s += to_seconds(o.lasts);
    }
  }
  CHECK(failures / days == doctest::Approx(a.per_day).epsilon(0.03));
  CHECK(down_s / (days * 86400) == doctest::Approx(a.down_mean).epsilon(0.04));
}

TEST_CASE("a restart from the origin grows with its readers, a tree only with their depth") {
  // 26 TB over 1,000 nodes, read by 16 replicas: 416 TB at 1 TB/s = 416 s; once: 26 s and the tree:
  // 4 levels of 2 x 32 MB at 10 GB/s.
  const BroadcastSpec spec{26e12, 1000, 16, BytesPerSecond(1e12), BytesPerSecond(10e9)};
  const BroadcastAnswer a = broadcast(spec);
  CHECK(a.each_s == doctest::Approx(416));
  CHECK(a.tree_s == doctest::Approx(26 + 4 * 0.0064));
  CHECK(broadcast({26e12, 1000, 1, BytesPerSecond(1e12), BytesPerSecond(10e9)}).tree_s ==
        doctest::Approx(26));
}

TEST_CASE("a cache that fills by demand holds 63 % of its working set after one request each") {
  CHECK(touched_share(1e6, 1e6) == doctest::Approx(1 - std::exp(-1.0)).epsilon(1e-5));
  CHECK(touched_share(1, 3) == 1);
  CHECK(touched_share(10, 0) == 0);
  CHECK(epoch_fill_s(96e15, 0.5, BytesPerSecond(1.2e12)) == doctest::Approx(40'000));
}

}  // namespace fleetcache::models
