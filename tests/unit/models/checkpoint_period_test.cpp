#include <doctest/doctest.h>

#include "models/checkpoint/period.hpp"
#include "models/gpu/jitter.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {

namespace {

// Plays 20,000 checkpoints step by step.
double played(double every, double pause, double step, double cv) {
  Rng rng(3, "test/checkpoints");
  constexpr int kCheckpoints = 20'000;
  double sum = 0;
  for (int i = 0; i < kCheckpoints; ++i) {
    double since = pause;
    do {
      since += to_seconds(jittered(from_seconds(step), cv, rng));
    } while (since < every);
    sum += since;
  }
  return sum / kCheckpoints;
}

double told(double every, double pause, double step, double cv) {
  return to_seconds(
      checkpoint_period(from_seconds(every), from_seconds(pause), from_seconds(step), cv));
}

}  // namespace

TEST_CASE("checkpoints come at the end of a step, so later than their interval") {
  // 600 s, 2 s of pause: 59.8 steps of 10 s do not do, 60 do.
  CHECK(told(600, 2, 10, 0) == doctest::Approx(602));
  CHECK(told(100, 0, 30, 0) == doctest::Approx(120));
  // A step longer than the interval: one each.
  CHECK(told(10, 2, 30, 0) == doctest::Approx(32));
  CHECK(told(1, 2, 30, 0) == doctest::Approx(32));
}

TEST_CASE("the mean period is that of checkpoints played step by step") {
  for (const double every : {135.0, 600.0, 61.0})
    for (const double step : {2.0, 10.0, 47.0})
      for (const double cv : {0.005, 0.02, 0.1}) {
        CAPTURE(every);
        CAPTURE(step);
        CAPTURE(cv);
        CHECK(told(every, 5, step, cv) ==
              doctest::Approx(played(every, 5, step, cv)).epsilon(0.006));
      }
  // 5 s and 13 steps of 10 s are 135 s exactly: half of the periods have a fourteenth (negative
  // control: neither the interval nor the interval rounded up).
  CHECK(told(135, 5, 10, 0.01) == doctest::Approx(140).epsilon(0.01));
}

}  // namespace fleetcache::models
