#include "sim/analytic/kv_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "sim/analytic/evaluate.hpp"
#include "sim/analytic/hit_ratios.hpp"
#include "small_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::analytic;

namespace {

models::KvSessionSpec sessions(double rate) {
  models::KvSessionSpec spec;
  spec.rate = PerSecond(rate);
  spec.prompt_tokens = 6000;
  spec.output_tokens = 400;
  spec.prefixes = 200;
  spec.prefix_zipf = 0.9;
  spec.shared_fraction = 0.3;
  spec.turns = 3;
  spec.think = from_seconds(60);
  return spec;
}

scenario::CacheTier tier(const std::string& policy) {
  scenario::CacheTier t;
  t.eviction = policy;
  return t;
}

// One tier in which LRU would keep blocks for `window_s`.
KvMiniature alone(const std::string& policy, double rate, double window_s, unsigned blocks) {
  const models::KvSessionSpec spec = sessions(rate);
  const models::KvDemand demand = models::kv_demand(spec);
  const scenario::CacheTier t = tier(policy);
  KvLaw law(blocks);
  const auto m = law.hits(spec, demand, {{&t, models::kv_occupancy(demand, window_s)}}, window_s);
  REQUIRE(m.has_value());
  return *m;
}

}  // namespace

TEST_CASE("the miniature of LRU is the closed form within its stated error and the form's own") {
  for (const double window_s : {20.0, 60.0, 200.0}) {
    CAPTURE(window_s);
    const double closed =
        models::kv_hits(models::kv_demand(sessions(50)), window_s).block_hit_ratio;
    const double mini = alone("lru", 50, window_s, kKvBlocks).hits.block_hit_ratio;
    CHECK(std::fabs(mini - closed) < 0.05);  // the form's own error, see capacity_test.cpp
  }
}

TEST_CASE("a smaller miniature says what a four times larger one says, within the stated error") {
  double worst = 0, worst_sweep = 0;
  for (const char* policy : {"fifo", "s3fifo", "arc", "wtinylfu"}) {
    const double large = alone(policy, 2000, 50, 4 * kKvBlocks).hits.block_hit_ratio;
    const double small = alone(policy, 2000, 50, kKvBlocks).hits.block_hit_ratio;
    const double sweep = alone(policy, 2000, 50, kKvSweepBlocks).hits.block_hit_ratio;
    worst = std::max(worst, std::fabs(small - large));
    worst_sweep = std::max(worst_sweep, std::fabs(sweep - large));
  }
  MESSAGE("worst difference ", worst, ", in a sweep ", worst_sweep);
  CHECK(worst < kKvMiniatureError);
  CHECK(worst_sweep < kKvSweepError);
}

TEST_CASE("policies differ, so a law that took all for LRU would be seen (negative control)") {
  const double lru = alone("lru", 50, 60, kKvBlocks).hits.block_hit_ratio;
  const double sieve = alone("sieve", 50, 60, kKvBlocks).hits.block_hit_ratio;
  CHECK(lru > sieve + 2 * kKvMiniatureError);
}

TEST_CASE("services that are alike per node share one run") {
  const models::KvSessionSpec a = sessions(4000), b = sessions(8000);
  const scenario::CacheTier t = tier("s3fifo");
  KvLaw law;
  const auto occupancy = [](const models::KvSessionSpec& s) {
    return models::kv_occupancy(models::kv_demand(s), 100);
  };
  models::KvSessionSpec twice = b;
  twice.prefixes = 2 * a.prefixes;
  const auto one = law.hits(a, models::kv_demand(a), {{&t, occupancy(a)}}, 100);
  const auto two = law.hits(twice, models::kv_demand(twice), {{&t, 2 * occupancy(a)}}, 100);
  REQUIRE(one.has_value());
  REQUIRE(two.has_value());
  CHECK(one->hits.block_hit_ratio == doctest::Approx(two->hits.block_hit_ratio).epsilon(0.02));
}

TEST_CASE("Belady, unknown names and endless windows have no miniature") {
  const models::KvSessionSpec spec = sessions(50);
  const models::KvDemand demand = models::kv_demand(spec);
  const scenario::CacheTier belady = tier("belady"), none = tier("nothing"), lru = tier("lru");
  KvLaw law;
  CHECK_FALSE(law.hits(spec, demand, {{&belady, 1e5}}, 60).has_value());
  CHECK_FALSE(law.hits(spec, demand, {{&none, 1e5}}, 60).has_value());
  CHECK_FALSE(law.hits(spec, demand, {{&lru, 1e5}}, INFINITY).has_value());
}

TEST_CASE("an answer's KV hits follow the scenario's policies, DRAM over NVMe") {
  scenario::Scenario s = analytic_test::small_fleet();
  s.training.clear();
  s.inference["chat"] = analytic_test::chat("r", "train");
  s.cache.tiers[0].capacity = Bytes(2'000'000'000);
  const auto hits = [&s] {
    EpochLaw law;
    const FleetView view = view_of(s).value();
    return hit_ratios(view, design_of(s), {}, law).service[0];
  };
  const ServiceHits lru = hits();
  CHECK(lru.method == EpochMethod::kClosedForm);
  s.cache.tiers[0].eviction = "fifo";
  const ServiceHits fifo = hits();
  CHECK(fifo.method == EpochMethod::kMiniature);
  CHECK(fifo.kv.block_hit_ratio < lru.kv.block_hit_ratio);
  s.cache.tiers[0].eviction = "lru";
  scenario::CacheTier dram = s.cache.tiers[0];
  dram.medium = scenario::Medium::kDram;
  dram.capacity = Bytes(300'000'000);
  s.cache.tiers.insert(s.cache.tiers.begin(), dram);
  const ServiceHits both = hits();
  CHECK(both.formula.find("LRU over LRU") == 0);
  CHECK(both.dram > 0);
  CHECK(both.dram < both.kv.block_hit_ratio);
  CHECK(both.kv.block_hit_ratio == doctest::Approx(lru.kv.block_hit_ratio).epsilon(0.05));
}
