// The formulas of models/capacity against hand arithmetic and against drawing lots.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "models/cache/epoch.hpp"
#include "models/capacity/kv_cache.hpp"
#include "models/capacity/response_time.hpp"
#include "models/capacity/shared_epochs.hpp"
#include "models/capacity/slow_read.hpp"
#include "models/capacity/weighted_filling.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"

using namespace fleetcache;
using namespace fleetcache::models;

namespace {

// A fresh shuffle of 0..n-1.
std::vector<std::uint64_t> shuffle(Rng& rng, std::uint64_t n) {
  std::vector<std::uint64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  for (std::uint64_t i = n; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

// LRU hit ratio of unit 0 when every epoch gives each of `units` caches a fresh equal share.
double measured_units(double c, std::uint64_t units) {
  constexpr std::uint64_t kObjects = 4000;
  eviction::Config config;
  config.capacity = static_cast<std::uint64_t>(c * kObjects);
  config.max_entries = kObjects;
  config.unit_charge = true;
  auto cache = eviction::Cache::create("lru", config).value();
  Rng rng(7, "test/units");
  std::uint64_t hits = 0, reads = 0;
  const std::uint64_t warm = 3 * units + 3, epochs = warm + 12 * units;
  for (std::uint64_t e = 0; e < epochs; ++e) {
    const auto order = shuffle(rng, kObjects);
    for (std::uint64_t i = 0; i < kObjects; i += units) {
      eviction::Meta meta;
      meta.id = order[i];
      const bool hit = cache.request(TimePoint{}, meta);
      if (e >= warm) ++reads, hits += hit;
    }
  }
  return static_cast<double>(hits) / static_cast<double>(reads);
}

double measured_readers(double c, std::size_t readers) {
  constexpr std::uint64_t kObjects = 4000;
  eviction::Config config;
  config.capacity = static_cast<std::uint64_t>(c * kObjects);
  config.max_entries = kObjects;
  config.unit_charge = true;
  auto cache = eviction::Cache::create("lru", config).value();
  std::vector<Rng> rng;
  std::vector<std::vector<std::uint64_t>> order(readers);
  for (std::size_t r = 0; r < readers; ++r) rng.emplace_back(7, "test/readers", r);
  std::uint64_t hits = 0, reads = 0;
  for (int e = 0; e < 16; ++e) {
    for (std::uint64_t i = 0; i < kObjects; ++i) {
      for (std::size_t r = 0; r < readers; ++r) {
        // Readers start their epochs at different places, as jobs do.
        const std::uint64_t at = (i + r * kObjects / readers) % kObjects;
        if (at == 0 || order[r].empty()) order[r] = shuffle(rng[r], kObjects);
        eviction::Meta meta;
        meta.id = order[r][at];
        const bool hit = cache.request(TimePoint{}, meta);
        if (e >= 4) ++reads, hits += hit;
      }
    }
  }
  return static_cast<double>(hits) / static_cast<double>(reads);
}

}  // namespace

TEST_CASE("one unit is the published LRU law and many units reach the cached share") {
  for (const double c : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    CHECK(epoch_lru_units(c, 1) == doctest::Approx(epoch_lru(c)).epsilon(1e-12));
    CHECK(epoch_lru_units(c, 1e5) == doctest::Approx(c).epsilon(1e-3));
  }
  // c = 0.5: 0.5 + 0.5 ln 0.5 = 0.1534
  CHECK(epoch_lru_units(0.5, 1) == doctest::Approx(0.1534264097).epsilon(1e-9));
}

TEST_CASE("the units law is what an LRU cache does") {
  for (const std::uint64_t units : {2, 5, 20})
    for (const double c : {0.25, 0.5, 0.9})
      CHECK(epoch_lru_units(c, static_cast<double>(units)) ==
            doctest::Approx(measured_units(c, units)).epsilon(0.02));
}

TEST_CASE("a cache that gets a fresh part of each epoch has seen what the law says") {
  constexpr std::uint64_t kObjects = 20'000;
  Rng rng(11, "test/seen");
  for (const std::uint64_t units : {2, 5, 20}) {
    std::vector<bool> seen(kObjects, false);
    for (int epoch = 1; epoch <= 6; ++epoch) {
      for (std::uint64_t o = 0; o < kObjects; ++o)
        if (rng.below(units) == 0) seen[o] = true;
      const auto share = static_cast<double>(std::count(seen.begin(), seen.end(), true)) / kObjects;
      CHECK(std::abs(epoch_units_seen(static_cast<double>(units), epoch) - share) < 0.015);
    }
  }
  CHECK(epoch_units_seen(1, 1) == 1);
  CHECK(epoch_units_seen(7, 0) == 0);
}

TEST_CASE("the parts of a first epoch of many readers miss each object once") {
  for (const double readers : {1.0, 2.0, 8.0, 40.0}) {
    double missed = 0;
    for (int part = 0; part < 8; ++part) {
      const double x = models::epoch_part_progress(readers, part / 8.0, (part + 1) / 8.0);
      CHECK(x >= part / 8.0);
      CHECK(x <= (part + 1) / 8.0);
      missed += readers * std::pow(1 - x, readers - 1) / 8;
    }
    CAPTURE(readers);
    CHECK(missed == doctest::Approx(1));
  }
  CHECK(models::epoch_part_progress(2, 0.25, 0.5) == doctest::Approx(0.375));
}

TEST_CASE("readers that share a cache hit about as the law says") {
  for (const std::size_t readers : {2, 4})
    for (const double c : {0.25, 0.5, 0.75})
      CHECK(std::abs(epoch_shared(c, static_cast<double>(readers), epoch_lru) -
                     measured_readers(c, readers)) < 0.02);
  CHECK(epoch_shared(0.5, 1, epoch_lru) == epoch_lru(0.5));
  CHECK(epoch_shared(0.5, 3, epoch_pinned) == doctest::Approx(0.5).epsilon(1e-12));
}

TEST_CASE("a window of epochs holds the share that the integral says") {
  CHECK(epoch_window_share(1) == doctest::Approx(5.0 / 6.0));  // 1 - 1/6
  CHECK(epoch_window_share(0.5) == doctest::Approx(0.5 - 0.125 / 6));
  CHECK(epoch_window_share(1.9999999) == doctest::Approx(1.0));
  for (const double c : {0.1, 0.6, 0.9, 0.99})
    CHECK(epoch_window_share(epoch_window(c)) == doctest::Approx(c).epsilon(1e-9));
}

TEST_CASE("users fill a resource in proportion to their weights until they want no more") {
  // Capacity 10, weights 1 and 3, wants 1 and 100: level 1 stops the first at 1, the rest is 9.
  const Filling f = weighted_filling({{1, 1}, {3, 100}}, {{10, 0, {{0, 1}, {1, 1}}}});
  CHECK(f.rate[0] == doctest::Approx(1));
  CHECK(f.binding[0] == kNoResource);
  CHECK(f.rate[1] == doctest::Approx(9));
  CHECK(f.binding[1] == 0);
}

TEST_CASE("coefficients, base load and a second resource bound rates as a hand count does") {
  // A: 8 - 2 = 6 over 2 units of user 0's rate -> 3. B: user 1 alone, 5/0.5 = 10, wants 7.
  const Filling f =
      weighted_filling({{1, 100}, {1, 7}}, {{8, 2, {{0, 2}}}, {5, 0, {{1, 0.5}, {0, 0}}}});
  CHECK(f.rate[0] == doctest::Approx(3));
  CHECK(f.rate[1] == doctest::Approx(7));
  CHECK(f.binding[0] == 0);
  CHECK(f.binding[1] == kNoResource);
  CHECK(weighted_filling({{1, 5}}, {{1, 2, {{0, 1}}}}).rate[0] == 0);  // nothing is left
}

TEST_CASE("sessions without prefixes hit when they come back inside the window") {
  KvSessionSpec spec;
  spec.rate = PerSecond(10);
  spec.prompt_tokens = 1024;
  spec.output_tokens = 0;
  spec.turns = 2;
  spec.think = from_seconds(100);
  spec.block_tokens = 512;
  const KvDemand d = kv_demand(spec);
  // Turns: share 1/2, 1/4, ...; prompts 1024, 1536, 2048, ...: mean 1024 + 512 (2 - 1) = 1536
  // tokens, 3 blocks and half of a partial one.
  CHECK(d.blocks == doctest::Approx(3.5).epsilon(1e-6));
  // Later turns (share 1/2) find the turn before: its mean prompt is again 1536: 3.5 blocks.
  CHECK(d.reused_blocks == doctest::Approx(1.75).epsilon(1e-6));
  const KvHits endless = kv_hits(d, std::numeric_limits<double>::infinity());
  CHECK(endless.block_hit_ratio == doctest::Approx(0.5).epsilon(1e-6));
  // A window of one think time finds 1 - 1/e of the comebacks.
  CHECK(kv_hits(d, 100).turn_hit == doctest::Approx(1 - std::exp(-1.0)).epsilon(1e-9));
  // Occupancy at that window: 10 x 3.5 x (1/2 x 100 (1 - 1/e) + 1/2 x 100).
  CHECK(kv_occupancy(d, 100) ==
        doctest::Approx(35 * (50 * (1 - std::exp(-1.0)) + 50)).epsilon(1e-6));
  CHECK(kv_window(d, kv_occupancy(d, 100), 1e6) == doctest::Approx(100).epsilon(1e-6));
}

TEST_CASE("the session model agrees with an LRU cache that serves drawn sessions") {
  KvSessionSpec spec;
  spec.rate = PerSecond(20);
  spec.prompt_tokens = 6000;
  spec.output_tokens = 400;
  spec.prefixes = 50;
  spec.prefix_zipf = 1;
  spec.shared_fraction = 0.3;
  spec.turns = 3;
  spec.think = from_seconds(60);
  const auto requests = kv_sessions(spec, 11, from_seconds(3000));
  const KvDemand d = kv_demand(spec);
  for (const std::uint64_t capacity : {2000, 10000, 40000}) {
    eviction::Config config;
    config.capacity = capacity;
    config.max_entries = static_cast<std::uint32_t>(capacity);
    config.unit_charge = true;
    auto cache = eviction::Cache::create("lru", config).value();
    double hits = 0, lookups = 0;
    for (const KvSessionRequest& r : requests) {
      const bool counted = r.at >= TimePoint{} + from_seconds(1000);
      for (const std::uint64_t block : r.blocks) {
        eviction::Meta meta;
        meta.id = block;
        const bool hit = cache.request(r.at, meta);
        if (counted) ++lookups, hits += hit;
      }
    }
    const double window = kv_window(d, static_cast<double>(capacity), 1e9);
    CAPTURE(capacity);
    CHECK(std::abs(kv_hits(d, window).block_hit_ratio - hits / lookups) < 0.05);
  }
}

TEST_CASE("a step that reads nothing slow does not stall, and one read stalls by its mean") {
  const LogNormalLatency law(from_seconds(0.02), from_seconds(0.08));
  CHECK(slowest_read_stall(law, 0, Duration(0), Duration(0)).count == 0);
  // Many reads, no slack: the mean of the slowest, plus the transfer.
  const double slowest = to_seconds(law.mean_of_max(1000));
  CHECK(to_seconds(slowest_read_stall(law, 1000, from_seconds(0.1), Duration(0))) ==
        doctest::Approx(slowest + 0.1).epsilon(1e-6));
  // p99 = 3 x median of 50 ms, N = 1,000, slack 0.2 s: 36.7 ms (published table of the step model).
  const LogNormalLatency slow(from_seconds(0.05), from_seconds(0.15));
  CHECK(to_seconds(slowest_read_stall(slow, 1000, Duration(0), from_seconds(0.2))) ==
        doctest::Approx(0.0367).epsilon(0.03));
}

TEST_CASE("waits reduce to M/M/1 and M/M/c, and quantiles of an idle station to its service") {
  // M/M/1 at rho 0.8, S = 1: Wq = 0.8/0.2 = 4.
  CHECK(allen_cunneen({0.8, 1, 1, 1, 1}, 1).wait_mean_s == doctest::Approx(4));
  // Ten servers, 8 erlang: P(wait) 0.4092, Wq = 0.2046 S.
  const QueueAnswer q = allen_cunneen({8, 1, 10, 1, 1}, 1);
  CHECK(q.wait_probability == doctest::Approx(0.4092).epsilon(1e-3));
  CHECK(q.wait_mean_s == doctest::Approx(0.2046).epsilon(1e-3));
  // Overload: half the backlog of the horizon, (1.5 - 1)/2 x 100.
  CHECK(allen_cunneen({1.5, 1, 1, 1, 1}, 100).wait_mean_s == doctest::Approx(25));
  // Idle, log-normal service of mean 1 and cv^2 = e - 1: median e^-0.5.
  const QueueSpec idle{1e-12, 1, 1, 1, std::exp(1.0) - 1};
  CHECK(response_quantile(idle, allen_cunneen(idle, 1), 0.5) ==
        doctest::Approx(std::exp(-0.5)).epsilon(0.02));
  // Its p99: e^(-0.5 + 2.3263), its p99.9: e^(-0.5 + 3.0902).
  CHECK(response_quantile(idle, allen_cunneen(idle, 1), 0.99) ==
        doctest::Approx(6.2103).epsilon(0.02));
  CHECK(response_quantile(idle, allen_cunneen(idle, 1), 0.999) ==
        doctest::Approx(13.33).epsilon(0.02));
  // M/M/1 at rho 0.5 with an almost constant service of 1 and a wait of mean 1 (exponential with
  // probability 1/2, mean 2): P(W > t) = e^(-t/2)/2, p99 = 1 + 2 ln 50 = 8.824.
  const QueueSpec half{0.5, 1, 1, 1, 1e-6};
  QueueAnswer wait;
  wait.wait_mean_s = 1;
  wait.wait_probability = 0.5;
  CHECK(response_quantile(half, wait, 0.99) == doctest::Approx(8.824).epsilon(0.01));
}

TEST_CASE("Lindley's recursion gives M/G/1 its known waits, and D/G/1 that of queues played") {
  // M/G/1 at rho 0.4, cs^2 2.5: Wq = 0.4/0.6 x 0.4 x 3.5/2 with S = 0.4 at one a second.
  const QueueSpec poisson{1, 1, 1, 0.4, 2.5};
  CHECK(lindley_wait(poisson).wait_mean_s == doctest::Approx(0.4667).epsilon(0.02));
  CHECK(lindley_wait(poisson).wait_probability == doctest::Approx(0.4).epsilon(0.08));
  CHECK(lindley_wait({0.8, 1, 1, 1, 1}).wait_mean_s == doctest::Approx(4).epsilon(0.02));
  // A clock: played one by one, a log-normal service of the same two moments.
  for (const double load : {0.2, 0.4, 0.7}) {
    const QueueSpec clock{1, 0, 1, load, 2.5};
    const double sigma2 = std::log(3.5), median = load * std::exp(-sigma2 / 2);
    Rng rng(5, "test/clocked-queue");
    std::vector<double> waits, responses;
    double wait = 0, sum = 0;
    constexpr int kCustomers = 4'000'000;  // p99 at load 0.7 within 1 %
    for (int i = 0; i < kCustomers; ++i) {
      const double service = median * std::exp(std::sqrt(sigma2) * normal_quantile(rng.uniform()));
      sum += wait;
      waits.push_back(wait);
      responses.push_back(wait + service);
      wait = std::max(0.0, wait + service - 1);
    }
    const auto quantile = [](std::vector<double>& values, double p) {
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(p * kCustomers);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
    const QueueAnswer q = lindley_wait(clock);
    CHECK(q.wait_mean_s == doctest::Approx(sum / kCustomers).epsilon(0.04));
    CHECK(wait_quantile(q, 0.99) == doctest::Approx(quantile(waits, 0.99)).epsilon(0.04));
    for (const double p : {0.5, 0.95, 0.99})
      CHECK(response_quantile(clock, q, p) ==
            doctest::Approx(quantile(responses, p)).epsilon(0.04));
    // Without the law of gaps (Erlang's C and an exponential wait) the tail is another one.
    const QueueAnswer plain = allen_cunneen(clock, 1);
    CHECK(std::abs(wait_quantile(plain, 0.99) / quantile(waits, 0.99) - 1) > 0.04);
    // Kraemer and Langenbach-Belz: the mean within a quarter, from far above without them.
    CHECK(plain.wait_mean_s == doctest::Approx(sum / kCustomers).epsilon(0.25));
  }
}
