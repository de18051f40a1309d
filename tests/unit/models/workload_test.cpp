#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

#include "models/numeric.hpp"
#include "models/workload/arrivals.hpp"
#include "models/workload/permutation.hpp"
#include "models/workload/zipf.hpp"

namespace fleetcache::models {
namespace {

TEST_CASE("an epoch reads every object once, whatever their number") {
  for (const std::uint64_t n : {1U, 2U, 3U, 15U, 16U, 17U, 100U, 1023U, 1024U, 1025U, 40'000U}) {
    const EpochOrder order(7, n, 3);
    std::vector<bool> seen(n, false);
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t object = order[i];
      REQUIRE(object < n);
      REQUIRE_FALSE(seen[object]);
      seen[object] = true;
    }
  }
}

TEST_CASE("each epoch and each seed has another order, the same one every time") {
  constexpr std::uint64_t kObjects = 10'000;
  const EpochOrder base(1, kObjects, 0);
  for (const EpochOrder& other : {EpochOrder(1, kObjects, 1), EpochOrder(2, kObjects, 0)}) {
    int same = 0;
    for (std::uint64_t i = 0; i < kObjects; ++i) same += base[i] == other[i];
    CHECK(same <= 6);  // Poisson with mean 1: P(more than 6) < 1e-4
  }
  CHECK(EpochOrder(1, kObjects, 0)[123] == base[123]);
}

TEST_CASE("positions in successive epochs are independent") {
  // Correlation of the places of one object in two epochs: 0 with standard error 1/sqrt(n) = 0.003.
  constexpr std::uint64_t kObjects = 100'000;
  const EpochOrder a(5, kObjects, 8);
  const EpochOrder b(5, kObjects, 9);
  double sum = 0;
  for (std::uint64_t i = 0; i < kObjects; ++i) {
    const double x = static_cast<double>(a[i]) / kObjects - 0.5;
    const double y = static_cast<double>(b[i]) / kObjects - 0.5;
    sum += x * y;
  }
  CHECK(std::fabs(12 * sum / kObjects) < 0.012);
}

TEST_CASE("an epoch of a billion objects costs no memory") {
  const EpochOrder order(1, 1'000'000'007, 0);
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 2000; ++i) seen.insert(order[i * 500'000]);
  CHECK(seen.size() == 2000);
}

TEST_CASE("ranks are drawn as often as their law says") {
  const ZipfSampler zipf(1000, 0.9);
  Rng rng(3, "zipf");
  std::vector<int> count(1000, 0);
  constexpr int kDraws = 400'000;
  for (int i = 0; i < kDraws; ++i) ++count[zipf.sample(rng)];
  CHECK(rng.draws() == kDraws);
  double sum = 0;
  double chi2 = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const double expected = zipf.probability(i) * kDraws;
    sum += zipf.probability(i);
    chi2 += (count[i] - expected) * (count[i] - expected) / expected;
  }
  CHECK(sum == doctest::Approx(1));
  // Chi-square with 999 degrees of freedom: 999 +- 45.
  CHECK(chi2 < 999 + 5 * 45);
  CHECK(chi2 > 999 - 5 * 45);
  // p1/p2 = 2^0.9.
  CHECK(zipf.probability(0) / zipf.probability(1) == doctest::Approx(std::pow(2, 0.9)));
}

TEST_CASE("exponent zero is uniform and one rank is always drawn") {
  const ZipfSampler uniform(10, 0);
  CHECK(uniform.probability(9) == doctest::Approx(0.1));
  const ZipfSampler one(1, 2);
  Rng rng(3, "one");
  for (int i = 0; i < 10; ++i) CHECK(one.sample(rng) == 0);
}

TEST_CASE("arrivals have their rate and their coefficient of variation") {
  constexpr int kGaps = 200'000;
  for (const double cv : {0.0, 0.5, 1.0, 4.0}) {
    CAPTURE(cv);
    const ArrivalProcess process(PerSecond(50), cv);
    Rng rng(11, "arrivals");
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kGaps; ++i) {
      const double gap = to_seconds(process.next_gap(rng));
      sum += gap;
      squares += gap * gap;
    }
    const double mean = sum / kGaps;
    // Standard error of the mean: cv / sqrt(2e5) = 0.9 % at cv 4.
    CHECK(mean == doctest::Approx(0.02).epsilon(0.03));
    CHECK(std::sqrt(squares / kGaps - mean * mean) / mean == doctest::Approx(cv).epsilon(0.05));
  }
}

TEST_CASE("the numeric helpers keep their digits near zero") {
  CHECK(one_minus_exp(1e-12) == doctest::Approx(1e-12).epsilon(1e-14));
  CHECK(one_minus_exp(0.2) == doctest::Approx(-std::expm1(-0.2)).epsilon(1e-14));
  CHECK(one_minus_exp(0.3) == doctest::Approx(-std::expm1(-0.3)).epsilon(1e-14));
  CHECK(log_one_plus(-1e-12) == doctest::Approx(std::log1p(-1e-12)).epsilon(1e-14));
  CHECK(log_one_plus(0.049) == doctest::Approx(std::log1p(0.049)).epsilon(1e-14));
  CHECK(power(3, 2.5) == doctest::Approx(std::pow(3, 2.5)).epsilon(1e-13));
  CHECK(bisect_increasing([](double x) { return x * x; }, 2.0, 0.0, 2.0) ==
        doctest::Approx(std::sqrt(2.0)).epsilon(1e-15));
}

}  // namespace
}  // namespace fleetcache::models
