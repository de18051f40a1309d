// Planted crossings: the place where D (1 - h) meets a capacity is known by hand, the solver has to
// find it with the hit ratio that its own cache model gives.
#include "sim/analytic/regime.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "small_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::analytic;
using analytic_test::small_fleet;

namespace {

FlipPoints flips_of(const scenario::Scenario& s) {
  EpochLaw law;
  const FleetView view = view_of(s).value();
  return flip_points(view, 0, law);
}

scenario::Scenario with_cache(const std::string& policy, double share) {
  scenario::Scenario s = small_fleet();
  s.cache.tiers[0].eviction = policy;
  s.cache.tiers[0].capacity = Bytes(static_cast<std::uint64_t>(share * 1e11));  // of 1 TB, 10 nodes
  return s;
}

constexpr double kGpus = 40;

}  // namespace

TEST_CASE("a planted crossing D (1 - h) = cap between front end and Bifrost is recovered") {
  // h of the law by hand: LRU c + (1-c) ln(1-c), pinned c, FIFO measured 0.193 and 0.571.
  struct Planted {
    const char* policy;
    double c, h;
  };
  const Planted cases[] = {{"lru", 0.25, 0.0342}, {"lru", 0.5, 0.1534}, {"lru", 0.75, 0.4034},
                           {"lru", 0.9, 0.6697},  {"pinned", 0.5, 0.5}, {"pinned", 0.9, 0.9},
                           {"fifo", 0.5, 0.193},  {"fifo", 0.75, 0.571}};
  for (const Planted& p : cases) {
    for (const std::uint32_t accounts : {2U, 7U, 40U}) {
      scenario::Scenario s = with_cache(p.policy, p.c);
      s.regions["r"].blob.accounts = accounts;  // cap = accounts x 1 GB/s
      s.regions["r"].bifrost.stamp = BytesPerSecond(1e12);
      const FlipPoints f = flips_of(s);
      const double expected = accounts * 1e9 / (1 - p.h) / kGpus;
      CAPTURE(p.policy);
      CAPTURE(p.c);
      CAPTURE(accounts);
      CHECK(f.front_end_to == doctest::Approx(expected).epsilon(0.02));
      CHECK(f.bifrost_pays);
      // The identity itself, with the solver's own figures.
      CHECK(f.crossing_demand * (1 - f.crossing_hit) ==
            doctest::Approx(accounts * 1e9).epsilon(1e-5));
      CHECK(f.crossing_resource == "blob_egress.r");
    }
  }
}

TEST_CASE("policies without a closed form cross where a run of the policy says") {
  // S3-FIFO, CLOCK and SIEVE lie between LRU (0.1534) and pinned (0.5) at c = 0.5.
  for (const char* policy : {"s3fifo", "clock", "sieve"}) {
    const FlipPoints f = flips_of(with_cache(policy, 0.5));
    CAPTURE(policy);
    CHECK(f.front_end_to >= 4e9 / (1 - 0.1534) / kGpus * 0.98);
    CHECK(f.front_end_to <= 4e9 / (1 - 0.5) / kGpus * 1.02);
  }
}

TEST_CASE("the first epoch and a fleet without a cache cross at D = cap") {
  const FlipPoints f = flips_of(with_cache("lru", 0.9));
  CHECK(f.front_end_first_to == doctest::Approx(4e9 / kGpus).epsilon(1e-5));
  CHECK(f.no_cache_to == doctest::Approx(4e9 / kGpus).epsilon(1e-5));
  CHECK(f.no_cache_default_to == doctest::Approx(250e9 / kGpus).epsilon(1e-5));
  CHECK(f.no_cache_request_to == doctest::Approx(500e9 / kGpus).epsilon(1e-5));
  // Stamp 20 GB/s, pure direct path.
  CHECK(f.bifrost_first_to == doctest::Approx(20e9 / kGpus).epsilon(1e-5));
}

TEST_CASE("small reads cross at the request limit, a narrow fleet at the fleet") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  s.datasets["data"].object = Bytes(10'000);  // 4 x 40k/s x 10 kB = 1.6 GB/s before 4 GB/s egress
  FlipPoints f = flips_of(s);
  CHECK(f.front_end_to == doctest::Approx(1.6e9 / 0.5 / kGpus).epsilon(1e-5));
  CHECK(f.crossing_resource == "blob_requests.r");
  s = with_cache("pinned", 0.5);
  s.regions["r"].blob.fleet_egress = BytesPerSecond(3e9);
  f = flips_of(s);
  CHECK(f.front_end_to == doctest::Approx(3e9 / 0.5 / kGpus).epsilon(1e-5));
  CHECK(f.crossing_resource == "front_end_fleet.r");
}

TEST_CASE("a partly eligible direct path fills its stamp or what it leaves to the front end") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  scenario::Bifrost& b = s.regions["r"].bifrost;
  b.eligible = 0.9;
  b.fallback = 0.1;  // direct 0.81: stamp 20 / 0.81 = 24.7, front end 4 / 0.19 = 21.05 GB/s first
  CHECK(flips_of(s).bifrost_to == doctest::Approx(4e9 / 0.19 / 0.5 / kGpus).epsilon(1e-5));
  b.stamp = BytesPerSecond(10e9);  // 10 / 0.81 = 12.35 first
  CHECK(flips_of(s).bifrost_to == doctest::Approx(10e9 / 0.81 / 0.5 / kGpus).epsilon(1e-5));
  b.stamp = BytesPerSecond(1e9);
  CHECK_FALSE(flips_of(s).bifrost_pays);
}

TEST_CASE("a follow-on with a factor of two on capacity suffices twice as far") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  s.regions["r"].deltazero.capacity_factor = 2;
  const FlipPoints f = flips_of(s);
  CHECK(f.deltazero_to == doctest::Approx(2 * f.bifrost_to).epsilon(1e-5));
  // 100 plans/s of 10 MB bind before the stamp, and the factor does not buy more of them.
  s.regions["r"].bifrost.plan_requests = PerSecond(100);
  CHECK(flips_of(s).deltazero_to == doctest::Approx(1e9 / 0.5 / kGpus).epsilon(1e-5));
}

TEST_CASE("the cache that lets the front end suffice is found: pinned, D = 16 GB/s, cap 4") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  s.training["job"].bytes_per_step = Bytes(1'600'000'000);
  // 1 - h = 4/16: c = 0.75 of the data set, 1.5 x the half given.
  const FlipPoints f = flips_of(s);
  REQUIRE(f.nvme_factor);
  CHECK(*f.nvme_factor == doctest::Approx(1.5).epsilon(1e-5));
  s.training["job"].bytes_per_step = Bytes(100'000'000);  // 1 GB/s: none is needed
  CHECK(*flips_of(s).nvme_factor == 0);
}

TEST_CASE("a data set that fits never fills the origin in steady state") {
  const FlipPoints f = flips_of(with_cache("lru", 1.0));
  CHECK(std::isinf(f.front_end_to));
  CHECK_FALSE(f.bifrost_pays);
  CHECK(f.crossing_resource.empty());
}

TEST_CASE("the map's cells change where the flip points say") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  EpochLaw law;
  const FleetView view = view_of(s).value();
  const FlipPoints f = flip_points(view, 0, law);
  bool below = false, above = false;
  double last = -1;
  for (const RegimeRow& row : regime_map(view, law)) {
    const bool full = row.per_gpu > f.front_end_to;
    CHECK((row.front_end.stall > 0.01) == full);
    CHECK(row.front_end.stall >= last);
    last = row.front_end.stall;
    CHECK(row.bifrost.stall <= row.front_end.stall + 1e-12);
    // D / 1 GB/s accounts, rounded up.
    CHECK(row.no_cache.accounts == static_cast<std::uint64_t>(std::ceil(row.factor * 1.0 - 1e-9)));
    CHECK(row.no_cache.fits_default == (row.no_cache.accounts <= 250));
    (full ? above : below) = true;
    if (full) CHECK(row.front_end.binding == "blob_egress.r");
  }
  CHECK(below);
  CHECK(above);
}

TEST_CASE("demand beyond 500 accounts is said not to be had, and stalls with 500") {
  scenario::Scenario s = with_cache("pinned", 0.5);
  s.training["job"].bytes_per_step = Bytes(1'000'000'000);  // 10 GB/s; the last row asks for 1 TB/s
  s.regions["r"].pools["train"].sku.nic = BytesPerSecond(1e12);
  EpochLaw law;
  const auto rows = regime_map(view_of(s).value(), law);
  const RegimeCell& cell = rows.back().no_cache;
  CHECK(cell.accounts == 1000);
  CHECK_FALSE(cell.fits_on_request);
  CHECK(cell.stall == doctest::Approx(0.5).epsilon(0.01));  // 500 of 1,000
}
