#include "analysis/statistics.hpp"

#include <doctest/doctest.h>

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <vector>

#include "policies/base/rng.hpp"

using namespace fleetcache::analysis;

TEST_CASE("Student's t quantiles agree with Boost.Math for every number of degrees") {
  for (std::size_t n = 1; n <= 200; ++n) {
    const double exact = boost::math::quantile(
        boost::math::students_t_distribution<double>(static_cast<double>(n)), 0.975);
    CHECK(student_t_95(n) == doctest::Approx(exact).epsilon(1e-4));
  }
}

TEST_CASE("a 95 % interval covers the true mean in about 95 % of experiments") {
  fleetcache::Rng rng(11, "test/coverage");
  int covered = 0;
  for (int experiment = 0; experiment < 4000; ++experiment) {
    std::vector<double> values;
    for (int i = 0; i < 5; ++i) values.push_back(3.0 + rng.normal());
    covered += std::abs(mean(values) - 3.0) <= confidence_95(values) ? 1 : 0;
  }
  // Binomial SE = sqrt(0.95 * 0.05 / 4000) = 0.0034; four of them.
  CHECK(covered / 4000.0 == doctest::Approx(0.95).epsilon(0.0145));
}

TEST_CASE("the interval of four values is t(3) s / 2") {
  // mean 5, squares 9 + 1 + 1 + 9 = 20, s = sqrt(20 / 3) = 2.582, half width 3.1824 * 2.582 / 2
  const std::vector<double> values = {2, 4, 6, 8};
  CHECK(mean(values) == 5.0);
  CHECK(standard_deviation(values) == doctest::Approx(std::sqrt(20.0 / 3.0)));
  CHECK(confidence_95(values) == doctest::Approx(4.1085).epsilon(1e-4));
  CHECK(confidence_95({1.0}) == 0);
}

TEST_CASE("MSER-5 cuts a transient where it ends") {
  // 100 observations climb from 0 to 10, then 400 lie around 10 with sigma 0.5.
  fleetcache::Rng rng(5, "test/mser");
  std::vector<double> series;
  for (int i = 0; i < 500; ++i) series.push_back(std::min(10.0, i * 0.1) + 0.5 * rng.normal());
  const Truncation t = mser(series);
  CHECK(t.settled);
  CHECK(t.cut >= 80);
  CHECK(t.cut <= 130);
  CHECK(t.mean == doctest::Approx(10.0).epsilon(0.01));
}

TEST_CASE("a series that never settles is said not to, and a flat one loses next to nothing") {
  std::vector<double> ramp, flat;
  for (int i = 0; i < 200; ++i) {
    ramp.push_back(i);
    flat.push_back(7.0);
  }
  CHECK_FALSE(mser(ramp).settled);
  CHECK(mser(flat).cut == 0);
  CHECK(mser(flat).mean == 7.0);
  CHECK_FALSE(mser({1, 2, 3}, 1).settled);
}

TEST_CASE("MSER's cut is the one that a direct evaluation of every cut finds") {
  fleetcache::Rng rng(17, "test/mser/direct");
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> series;
    for (int i = 0; i < 40; ++i) series.push_back(100 + rng.normal() + (i < 12 ? rng.normal() : 0));
    // Marginal standard error squared after d: variance of the rest over its number; at least five
    // observations are left, and the earliest of equal cuts wins.
    std::size_t best = 0;
    double lowest = 1e300;
    for (std::size_t d = 0; d + 5 <= series.size(); ++d) {
      const std::vector<double> rest(series.begin() + static_cast<std::ptrdiff_t>(d), series.end());
      const auto n = static_cast<double>(rest.size());
      const double spread = standard_deviation(rest);
      const double statistic = spread * spread * (n - 1) / (n * n);
      if (statistic < lowest - 1e-12) {
        lowest = statistic;
        best = d;
      }
    }
    CHECK(mser(series, 1).cut == best);
  }
}
