#include "sim/validation/coverage.hpp"

#include <doctest/doctest.h>

#include "analysis/statistics.hpp"

using namespace fleetcache;
using validation::count_covered;

TEST_CASE("an interval too narrow by a third is told from a right one (negative control)") {
  validation::CoverageSetup setup;
  setup.customers = 50'000;
  setup.seeds = 200;
  const auto right = count_covered(setup, analysis::confidence_95_of_batches);
  const auto narrow = count_covered(setup, [](const std::vector<double>& batches) {
    return analysis::confidence_95_of_batches(batches) / 1.5;
  });
  // 200 runs tell 95 % to 1.5 points; 1.96 / 1.5 standard deviations cover 81 %.
  CHECK(right >= 182);
  CHECK(narrow <= 174);
}

TEST_CASE("batches that are too short for the correlation are merged") {
  // Two levels that last eight batches each: the spread of single batches is not that of the mean.
  std::vector<double> slow;
  for (int i = 0; i < 32; ++i) slow.push_back(i / 8 % 2 == 0 ? 1.0 : 2.0);
  CHECK(analysis::lag_one_correlation(slow) > 0.5);
  CHECK(analysis::confidence_95_of_batches(slow) > 2 * analysis::confidence_95(slow));
  // Alternating ones have a negative correlation: left alone.
  std::vector<double> quick;
  for (int i = 0; i < 32; ++i) quick.push_back(i % 2 == 0 ? 1.0 : 2.0);
  CHECK(analysis::confidence_95_of_batches(quick) == analysis::confidence_95(quick));
  CHECK(analysis::confidence_95_of_batches({}) == 0);
}
