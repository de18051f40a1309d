#include "models/statistics/batch_means.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "policies/base/rng.hpp"

using fleetcache::models::BatchMeans;

TEST_CASE("the standard error of five batches is the textbook one") {
  BatchMeans batches(10, 20, 5);
  for (int i = 0; i < 5; ++i) {
    batches.add(10.5 + 2 * i, i);  // batch means 0, 1, 2, 3, 4
    batches.add(11.5 + 2 * i, i);
  }
  batches.add(9.9, 1e9);  // outside
  batches.add(20.1, 1e9);
  CHECK(batches.mean() == 2.0);
  // variance of 0..4 is 10/4 = 2.5; SE = sqrt(2.5 / 5)
  CHECK(batches.standard_error() == doctest::Approx(std::sqrt(0.5)));
  CHECK(batches.means().size() == 5);
}

TEST_CASE("weights pull the mean, and fewer than two batches give no error") {
  BatchMeans batches(0, 1, 4);
  batches.add(0.1, 1.0, 3.0);
  batches.add(0.1, 5.0, 1.0);
  CHECK(batches.mean() == 2.0);  // (3 * 1 + 1 * 5) / 4
  CHECK(batches.standard_error() == 0);
}

TEST_CASE("batch means see the correlation that independent samples would hide") {
  // AR(1) with phi = 0.9: variance of the mean of n samples is about
  // sigma_x^2 / n * (1 + phi) / (1 - phi) = 19 sigma_x^2 / n, so SE is 4.36 times the naive one.
  fleetcache::Rng rng(3, "test/ar1");
  const int n = 200000;
  BatchMeans batches(0, n);
  double x = 0, sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    x = 0.9 * x + rng.normal();
    batches.add(i + 0.5, x);
    sum += x;
    squares += x * x;
  }
  const double naive = std::sqrt((squares / n - (sum / n) * (sum / n)) / n);
  CHECK(batches.standard_error() / naive == doctest::Approx(std::sqrt(19.0)).epsilon(0.4));
}
