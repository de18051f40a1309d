#include "policies/base/math.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "policies/base/rng.hpp"

using namespace fleetcache;

namespace {

double relative(double got, double wanted) { return std::abs(got - wanted) / std::abs(wanted); }

}  // namespace

TEST_CASE(
    "portable_log agrees with the library's to 1e-15 relative away from 1, absolute near it") {
  Rng rng(1, "log");
  for (int k = 0; k < 200000; ++k) {
    const double x = std::ldexp(1 + rng.uniform(), static_cast<int>(rng.below(600)) - 300);
    const double wanted = std::log(x);
    if (std::abs(wanted) > 0.5) REQUIRE(relative(portable_log(x), wanted) < 1e-15);
    REQUIRE(std::abs(portable_log(x) - wanted) < 1e-15 * std::max(1.0, std::abs(wanted)));
  }
  CHECK(portable_log(1.0) == 0.0);
  CHECK(relative(portable_log(2.0), std::log(2.0)) < 1e-15);
  CHECK(relative(portable_log(0x1.0p-53), std::log(0x1.0p-53)) < 1e-15);
  const double least = std::numeric_limits<double>::denorm_min();
  CHECK(relative(portable_log(least), std::log(least)) < 1e-15);
  const double most = std::numeric_limits<double>::max();
  CHECK(relative(portable_log(most), std::log(most)) < 1e-15);
}

TEST_CASE("portable_exp agrees with the library's to 1e-14 and saturates") {
  Rng rng(2, "exp");
  for (int k = 0; k < 200000; ++k) {
    const double x = (rng.uniform() - 0.5) * 1399;
    REQUIRE(relative(portable_exp(x), std::exp(x)) < 1e-14);
  }
  CHECK(portable_exp(0) == 1.0);
  CHECK(portable_exp(1000) == std::numeric_limits<double>::max());
  CHECK(portable_exp(-1000) == 0.0);
}

TEST_CASE("normal_quantile inverts the normal distribution function") {
  Rng rng(3, "quantile");
  for (int k = 0; k < 100000; ++k) {
    const double p = (static_cast<double>(rng.below(1U << 30)) + 0.5) / (1U << 30);
    const double x = normal_quantile(p);
    REQUIRE(std::abs(0.5 * std::erfc(-x / std::sqrt(2.0)) - p) < 1e-15 + 1e-14 * p);
  }
  CHECK(normal_quantile(0.5) == 0.0);
  // Wichura's own examples: z(0.25), z(0.001), z(1e-20).
  CHECK(normal_quantile(0.25) == doctest::Approx(-0.6744897501960817).epsilon(1e-15));
  CHECK(normal_quantile(0.001) == doctest::Approx(-3.090232306167814).epsilon(1e-15));
  CHECK(normal_quantile(1e-20) == doctest::Approx(-9.262340089798408).epsilon(1e-15));
  CHECK(normal_quantile(0.75) == -normal_quantile(0.25));
}
