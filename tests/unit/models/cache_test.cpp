#include <doctest/doctest.h>

#include <cmath>

#include "models/cache/che.hpp"
#include "models/cache/coalescing.hpp"
#include "models/cache/epoch.hpp"

namespace fleetcache::models {
namespace {

double lru(double exponent, double capacity) {
  return che_lru(zipf_catalogue(1e5, exponent), capacity).hit_ratio;
}

double fifo(double exponent, double capacity) {
  return che_fifo_random(zipf_catalogue(1e5, exponent), capacity).hit_ratio;
}

TEST_CASE("LRU under independent requests has the published hit ratios") {
  // M = 1e5 objects (V8): Monte Carlo 0.2046, 0.4684, 0.5065, 0.7374.
  CHECK(lru(0.8, 1e3) == doctest::Approx(0.2043).epsilon(0.002));
  CHECK(lru(0.8, 1e4) == doctest::Approx(0.4687).epsilon(0.001));
  CHECK(lru(1.0, 1e3) == doctest::Approx(0.5062).epsilon(0.001));
  CHECK(lru(1.0, 1e4) == doctest::Approx(0.7373).epsilon(0.001));
}

TEST_CASE("FIFO and RANDOM have their lower ones and the static optimum its higher ones") {
  CHECK(fifo(0.8, 1e3) == doctest::Approx(0.1792).epsilon(0.002));
  CHECK(fifo(0.8, 1e4) == doctest::Approx(0.4284).epsilon(0.001));
  CHECK(fifo(1.0, 1e3) == doctest::Approx(0.4648).epsilon(0.001));
  CHECK(fifo(1.0, 1e4) == doctest::Approx(0.7010).epsilon(0.001));
  CHECK(static_optimum(zipf_catalogue(1e5, 0.8), 1e3) == doctest::Approx(0.3395).epsilon(0.001));
  CHECK(static_optimum(zipf_catalogue(1e5, 1.0), 1e4) == doctest::Approx(0.8096).epsilon(0.001));
}

TEST_CASE("a billion objects are a few thousand classes and nothing is lost") {
  const auto catalogue = zipf_catalogue(1e9, 0.9, 500);
  CHECK(catalogue.size() < 3000);
  double objects = 0;
  double rate = 0;
  for (const CatalogueClass& c : catalogue) {
    objects += c.count;
    rate += c.count * c.rate;
  }
  CHECK(objects == 1e9);
  CHECK(rate == doctest::Approx(500));
}

TEST_CASE("classes give what the sum over single ranks gives") {
  std::vector<CatalogueClass> single;
  double total = 0;
  for (int i = 1; i <= 20'000; ++i) total += std::pow(i, -0.9);
  for (int i = 1; i <= 20'000; ++i) single.push_back({std::pow(i, -0.9) / total, 1, 1});
  CHECK(che_lru(zipf_catalogue(2e4, 0.9), 1500).hit_ratio ==
        doctest::Approx(che_lru(single, 1500).hit_ratio).epsilon(1e-4));
}

TEST_CASE("equal objects hit as often as the share of them that fits") {
  // rate e: n (1 - e^-rT) = C, so h = C/n, for LRU and FIFO alike.
  const std::vector<CatalogueClass> equal{{3.0, 1000, 2}};
  const CacheSolution solution = che_lru(equal, 500);
  CHECK(solution.hit_ratio == doctest::Approx(0.25));  // 500 / (1000 x 2)
  CHECK(solution.characteristic_s == doctest::Approx(-std::log(0.75) / 3));
  CHECK(che_fifo_random(equal, 500).hit_ratio == doctest::Approx(0.25));
}

TEST_CASE("what all fits always hits, what is never asked does not count") {
  const std::vector<CatalogueClass> catalogue{{1, 10, 1}, {0, 1e6, 1}};
  const CacheSolution solution = che_lru(catalogue, 10);
  CHECK(solution.hit_ratio == 1);
  CHECK(std::isinf(solution.characteristic_s));
  CHECK(che_lru(catalogue, 0).hit_ratio == doctest::Approx(0));
}

TEST_CASE("the second tier sees the misses of the first") {
  // 20 LRU leaves of 1e3 over one of 1e4 (V9): L1 0.204, L2 0.337, origin 0.5275.
  const auto leaf = zipf_catalogue(1e5, 0.8);
  const CacheSolution first = che_lru(leaf, 1e3);
  const CacheSolution second = che_lru(miss_stream(leaf, first), 1e4);
  CHECK(second.hit_ratio == doctest::Approx(0.337).epsilon(0.003));
  CHECK((1 - first.hit_ratio) * (1 - second.hit_ratio) == doctest::Approx(0.5275).epsilon(0.002));
}

TEST_CASE("a TTL cache hits while the object is asked again in time") {
  CHECK(ttl_hit(2, 0.5, true) == doctest::Approx(1 - std::exp(-1.0)));  // V40: 0.632
  CHECK(ttl_hit(2, 0.5, false) == doctest::Approx(0.5));                // V40: 1/(1 + 1)
}

TEST_CASE("shuffled epochs under LRU, RANDOM and FIFO have the derived hit ratios") {
  const double c[] = {0.1, 0.25, 0.5, 0.75, 0.9};
  const double lru_h[] = {0.0052, 0.0342, 0.1534, 0.4034, 0.6697};     // V17
  const double random_h[] = {0.0102, 0.0686, 0.2814, 0.6025, 0.8333};  // V18
  const double fifo_h[] = {0.005, 0.037, 0.193, 0.571, 0.829};         // V19, Monte Carlo
  for (int i = 0; i < 5; ++i) {
    CAPTURE(c[i]);
    CHECK(std::fabs(epoch_lru(c[i]) - lru_h[i]) < 6e-5);
    CHECK(std::fabs(epoch_random(c[i]) - random_h[i]) < 6e-5);
    CHECK(std::fabs(epoch_fifo(c[i]) - fifo_h[i]) < 2e-3);
  }
}

TEST_CASE("the ends of the epoch formulas are nothing and everything") {
  for (double (*policy)(double) : {epoch_lru, epoch_random, epoch_fifo, epoch_pinned}) {
    CHECK(policy(0) == 0);
    CHECK(policy(1) == 1);
    CHECK(policy(2) == 1);
    CHECK(policy(1e-4) >= 0);
    CHECK(policy(0.999) < 1);
  }
  CHECK(epoch_cyclic(0.99) == 0);
  CHECK(epoch_cyclic(1) == 1);
}

TEST_CASE("sticky shards and pools turn node caches into one cache") {
  CHECK(epoch_private_cache(0.01) == 0.01);
  CHECK(epoch_affinity(0.01, 100, epoch_lru) == 1);  // 100 x 1 % holds all
  CHECK(epoch_affinity(0.005, 100, epoch_lru) == doctest::Approx(epoch_lru(0.5)));
  CHECK(epoch_cooperative(0.005, 100, 2) == doctest::Approx(0.25));
  CHECK(epoch_cooperative(0.05, 100, 2) == 1);
}

TEST_CASE("a herd without single-flight reads the origin again and again") {
  CHECK(origin_reads_per_miss(1000, 0.05, false) == 51);  // 1 + 1000 x 0.05
  CHECK(origin_reads_per_miss(1000, 0.05, true) == 1);
  CHECK(herd_reads(5556, 10, 0.5, false) == doctest::Approx(278.75));  // 1 + 5555 x 0.05
  CHECK(herd_reads(5556, 10, 0.5, true) == 1);
  CHECK(herd_reads(8, 0.1, 5, false) == 8);  // never more than the readers
}

}  // namespace
}  // namespace fleetcache::models
