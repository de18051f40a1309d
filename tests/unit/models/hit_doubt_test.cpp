#include "models/capacity/hit_doubt.hpp"

#include <doctest/doctest.h>

using fleetcache::models::hit_doubt;

TEST_CASE("a hit ratio is most in doubt at half, least at its ends, and every doubt adds") {
  const double plain = hit_doubt(0.5, {});
  CHECK(plain == doctest::Approx(0.01 + 0.10 / 4));
  CHECK(hit_doubt(0, {}) == doctest::Approx(0.01));
  CHECK(hit_doubt(0.2, {}) == doctest::Approx(hit_doubt(0.8, {})));
  CHECK(hit_doubt(0.5, {true, false, false, 0}) > plain);
  CHECK(hit_doubt(0.5, {false, true, false, 0}) > plain);
  CHECK(hit_doubt(0.5, {false, false, true, 0}) > plain);
  // A policy that leaves a fifth of its room unused may hit by up to 0.3 of that more.
  CHECK(hit_doubt(0.5, {false, false, false, 0.2}) == doctest::Approx(plain + 0.06));
}
