#include "models/gpu/jitter.hpp"

#include <doctest/doctest.h>

using namespace fleetcache;

TEST_CASE("jitter keeps the mean and has the asked coefficient of variation") {
  Rng rng(1, "test/jitter");
  double sum = 0, squares = 0;
  const int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const double s = to_seconds(models::jittered(from_seconds(2), 0.3, rng));
    sum += s;
    squares += s * s;
  }
  const double mean = sum / n;
  CHECK(mean == doctest::Approx(2).epsilon(0.005));  // standard error 0.6 / sqrt(n) = 0.0013
  CHECK((squares / n - mean * mean) / (mean * mean) == doctest::Approx(0.09).epsilon(0.03));
}

TEST_CASE("without jitter nothing is drawn") {
  Rng rng(1, "test/jitter");
  CHECK(models::jittered(from_seconds(2), 0, rng) == from_seconds(2));
  CHECK(rng.draws() == 0);
}
