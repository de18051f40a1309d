#include "policies/base/rng.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace fleetcache;

namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

template <class Draw>
Moments moments(int n, Draw draw) {
  double sum = 0;
  double squares = 0;
  for (int k = 0; k < n; ++k) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / n;
  return {mean, squares / n - mean * mean};
}

using Block = std::array<std::uint32_t, 4>;

}  // namespace

TEST_CASE("Philox4x32-10 gives the published blocks") {
  // Known answers distributed with Random123 (Salmon et al.).
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) ==
        Block{0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U});
  CHECK(philox4x32({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) ==
        Block{0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU});
  CHECK(philox4x32({0x243f6a88U, 0x85a308d3U, 0x13198a2eU, 0x03707344U},
                   {0xa4093822U, 0x299f31d0U}) ==
        Block{0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U});
}

TEST_CASE("a stream is fixed by seed, purpose and entity, and by nothing else") {
  Rng a(1, "arrivals", 7);
  Rng b(1, "arrivals", 7);
  for (int k = 0; k < 100; ++k) CHECK(a.next() == b.next());
  CHECK(a.draws() == 100);
  Rng fresh(1, "arrivals", 7);
  const std::uint64_t first = fresh.next();
  CHECK(Rng(2, "arrivals", 7).next() != first);
  CHECK(Rng(1, "arrival", 7).next() != first);
  CHECK(Rng(1, "arrivals", 8).next() != first);
  CHECK(Rng(1, "arrivals", 7 + (std::uint64_t{1} << 32)).next() != first);
}

TEST_CASE("uniform draws lie in [0, 1) and fill it evenly") {
  Rng rng(3, "uniform");
  std::vector<int> cells(20);
  const int n = 200000;
  for (int k = 0; k < n; ++k) {
    const double u = rng.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++cells[static_cast<std::size_t>(u * 20)];
  }
  double chi2 = 0;
  for (const int c : cells) chi2 += (c - n / 20.0) * (c - n / 20.0) / (n / 20.0);
  CHECK(chi2 < 43.8);  // 19 degrees of freedom: 0.1 % level
}

TEST_CASE("below covers its range and no more") {
  Rng rng(4, "below");
  std::vector<int> cells(7);
  for (int k = 0; k < 70000; ++k) ++cells[rng.below(7)];
  for (const int c : cells) CHECK(std::abs(c - 10000) < 400);  // 4.3 standard deviations of 93
  CHECK(rng.below(1) == 0);
  CHECK(rng.below(~std::uint64_t{0}) < ~std::uint64_t{0});
}

TEST_CASE("distributions have the mean and variance they promise") {
  Rng rng(5, "moments");
  const int n = 400000;
  const Moments exponential = moments(n, [&] { return rng.exponential(); });
  CHECK(exponential.mean == doctest::Approx(1).epsilon(0.01));
  CHECK(exponential.variance == doctest::Approx(1).epsilon(0.03));
  const Moments normal = moments(n, [&] { return rng.normal(); });
  CHECK(std::abs(normal.mean) < 0.01);
  CHECK(normal.variance == doctest::Approx(1).epsilon(0.01));
  // Mean of a log-normal with median m and sigma s: m exp(s^2 / 2).
  const Moments lognormal = moments(n, [&] { return rng.lognormal(2, 0.5); });
  CHECK(lognormal.mean == doctest::Approx(2 * std::exp(0.125)).epsilon(0.01));
  for (const double cv2 : {0.25, 1.0, 4.0, 13.0}) {
    CAPTURE(cv2);
    const Moments gamma = moments(n, [&] { return rng.gamma_unit_mean(cv2); });
    CHECK(gamma.mean == doctest::Approx(1).epsilon(0.03));
    CHECK(gamma.variance == doctest::Approx(cv2).epsilon(0.08));
  }
}
