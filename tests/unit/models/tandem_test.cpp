#include "models/cache/tandem.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "models/cache/che.hpp"
#include "models/workload/zipf.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::models {
namespace {

eviction::Cache lru_cache(std::uint64_t capacity) {
  eviction::Config config;
  config.capacity = capacity;
  config.max_entries = static_cast<std::uint32_t>(capacity);
  config.unit_charge = true;
  return eviction::Cache::create("lru", config).value();
}

}  // namespace

TEST_CASE("a catalogue never has more classes than asked, and keeps objects and requests") {
  for (const double n : {1.0, 100.0, 512.0, 513.0, 1e5, 1e9})
    for (const double exponent : {0.0, 0.6, 1.0, 1.2}) {
      CAPTURE(n);
      CAPTURE(exponent);
      const auto catalogue = zipf_catalogue(n, exponent, 500, 3);
      CHECK(catalogue.size() <= kCatalogueBins);
      double objects = 0, rate = 0, last = 1e300;
      for (const CatalogueClass& c : catalogue) {
        objects += c.count;
        rate += c.count * c.rate;
        CHECK(c.rate <= last);
        last = c.rate * (1 + 1e-12);
      }
      CHECK(objects == n);
      CHECK(rate == doctest::Approx(500).epsilon(1e-12));
    }
}

TEST_CASE("what 512 classes cost is computed, small, and bounds the difference to finer ones") {
  for (const double exponent : {0.6, 0.8, 1.0, 1.2})
    for (const double share : {1e-4, 1e-3, 1e-2, 0.1, 0.5})
      for (const CacheLaw law : {CacheLaw::kLru, CacheLaw::kFifo}) {
        CAPTURE(exponent);
        CAPTURE(share);
        const double n = 1e7, capacity = share * n;
        const auto few = zipf_catalogue(n, exponent);
        const auto many = zipf_catalogue(n, exponent, 1, 1, 16 * kCatalogueBins);
        const double stated = bin_error(law, few, capacity);
        const double real = std::fabs(characteristic(law, few, capacity).hit_ratio -
                                      characteristic(law, many, capacity).hit_ratio);
        CHECK(stated < 2e-4);
        CHECK(real <= stated + 1e-6);
      }
}

TEST_CASE("eight classes are too few, and the stated error says so (negative control)") {
  const auto coarse = zipf_catalogue(1e7, 1.0, 1, 1, 8);
  const auto fine = zipf_catalogue(1e7, 1.0);
  const double real = std::fabs(che_lru(coarse, 1e4).hit_ratio - che_lru(fine, 1e4).hit_ratio);
  CHECK(real > 2e-3);
  CHECK(bin_error(CacheLaw::kLru, coarse, 1e4) > 2e-3);
}

TEST_CASE("merging neighbours of a measured popularity keeps objects, bytes and requests") {
  std::vector<CatalogueClass> single;
  for (int i = 1; i <= 20'000; ++i) single.push_back({std::pow(i, -0.9), 1, 1.0 + i % 7});
  single.push_back({0, 500, 2});
  const auto merged = binned(single, 300);
  CHECK(merged.size() <= 300);
  double objects = 0, bytes = 0, rate = 0, objects0 = 0, bytes0 = 0, rate0 = 0;
  for (const auto& c : merged) {
    objects += c.count;
    bytes += c.count * c.size;
    rate += c.count * c.rate;
  }
  for (const auto& c : single) {
    objects0 += c.count;
    bytes0 += c.count * c.size;
    rate0 += c.count * c.rate;
  }
  CHECK(objects == doctest::Approx(objects0).epsilon(1e-12));
  CHECK(bytes == doctest::Approx(bytes0).epsilon(1e-12));
  CHECK(rate == doctest::Approx(rate0).epsilon(1e-12));
  CHECK(che_lru(merged, 5000).hit_ratio ==
        doctest::Approx(che_lru(single, 5000).hit_ratio).epsilon(2e-4));
}

TEST_CASE("objects of two sizes share one window, and large ones take their room") {
  // 1,000 small and 1,000 large (9) objects asked alike: occupancy 10,000 (1 - e^-T) = 5,000 at
  // T = ln 2, so both hit half the time; bytes are hit as often as objects.
  const std::vector<CatalogueClass> mixed{{1, 1000, 1}, {1, 1000, 9}};
  const CacheSolution s = che_lru(mixed, 5000);
  CHECK(s.hit_ratio == doctest::Approx(0.5));
  CHECK(s.byte_hit_ratio == doctest::Approx(0.5));
  // Small ones asked three times as often: T from 1000 (1 - x^3) + 9000 (1 - x) = 5000, x = e^-T.
  // x^3 + 9 x = 5 -> x = 0.5375: hits 0.8447 and 0.4625, requests 0.7491, bytes 0.5581.
  const std::vector<CatalogueClass> hot{{3, 1000, 1}, {1, 1000, 9}};
  const CacheSolution h = che_lru(hot, 5000);
  CHECK(h.hit_ratio == doctest::Approx(0.7491).epsilon(1e-3));
  CHECK(h.byte_hit_ratio == doctest::Approx(0.5581).epsilon(1e-3));
}

TEST_CASE("a time to live binds until the room does") {
  const std::vector<CatalogueClass> one{{1, 1000, 1}};
  CHECK(ttl_bytes(one, 1, true) == doctest::Approx(632.12).epsilon(1e-4));
  CHECK(ttl_bytes(one, 1, false) == doctest::Approx(500));
  CHECK(ttl_cache(one, 1, true, 700).hit_ratio == doctest::Approx(0.63212).epsilon(1e-4));
  CHECK(ttl_cache(one, 1, true, 700).characteristic_s == 1);
  CHECK(ttl_cache(one, 1, true, 500).hit_ratio == doctest::Approx(0.5));  // LRU: T = ln 2
  CHECK(ttl_cache(one, 1, false, 500).hit_ratio == doctest::Approx(0.5));
}

TEST_CASE("twenty leaves over one cache: the plain law of the table, the spaced one nearer") {
  // V9, Monte Carlo: alpha 0.8 L2 0.331, origin 0.532; alpha 1.0 L2 0.466, origin 0.264.
  struct Row {
    double exponent, first, plain, measured, origin;
  };
  for (const Row& r :
       {Row{0.8, 0.204, 0.337, 0.331, 0.532}, Row{1.0, 0.506, 0.470, 0.466, 0.264}}) {
    CAPTURE(r.exponent);
    const auto catalogue = zipf_catalogue(1e5, r.exponent);
    const TandemSolution plain = lru_tandem(catalogue, {1e3, 20, 1e4, false});
    const TandemSolution spaced = lru_tandem(catalogue, {1e3, 20, 1e4, true});
    CHECK(plain.first.hit_ratio == doctest::Approx(r.first).epsilon(0.003));
    CHECK(plain.second.hit_ratio == doctest::Approx(r.plain).epsilon(0.003));
    CHECK(std::fabs(spaced.second.hit_ratio - r.measured) < 0.003);
    CHECK(std::fabs(spaced.origin - r.origin) < 0.002);
  }
}

TEST_CASE("one leaf over one cache is a tier over a tier, and the gap of its misses matters") {
  // The real caches: DRAM of 1,000 over NVMe of 4,000, filled by every miss, each touched by the
  // requests that reach it.
  const double exponent = 0.9;
  const ZipfSampler ranks(20'000, exponent);
  Rng rng(3, "tandem");
  eviction::Cache fast = lru_cache(1000), slow = lru_cache(4000);
  const int warm = 300'000, all = 1'500'000;
  int origin = 0, reached = 0, found = 0;
  for (int i = 0; i < all; ++i) {
    eviction::Meta meta;
    meta.id = ranks.sample(rng) + 1;
    if (fast.request({i}, meta)) continue;
    const bool hit = slow.request({i}, meta);
    if (i < warm) continue;
    ++reached;
    hit ? ++found : ++origin;
  }
  const double second = static_cast<double>(found) / reached;
  const double beyond = static_cast<double>(origin) / (all - warm);
  const auto catalogue = zipf_catalogue(20'000, exponent);
  const TandemSolution spaced = lru_tandem(catalogue, {1000, 1, 4000, true});
  const TandemSolution plain = lru_tandem(catalogue, {1000, 1, 4000, false});
  CHECK(std::fabs(spaced.second.hit_ratio - second) < 0.01);
  CHECK(std::fabs(spaced.origin - beyond) < 0.006);
  CHECK(std::fabs(plain.second.hit_ratio - second) >
        2 * std::fabs(spaced.second.hit_ratio - second));
}

}  // namespace fleetcache::models
