#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "models/statistics/steadiness.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {
namespace {

constexpr int kRuns = 2000;

/// Windows around 1 with the given spread; `drift` is the rise from first to last window, `step` a
/// jump in the middle, `correlation` that of neighbours.
std::vector<double> windows(Rng& rng, std::size_t n, double spread, double drift, double step,
                            double correlation = 0) {
  std::vector<double> out;
  double noise = rng.normal();
  for (std::size_t i = 0; i < n; ++i) {
    noise = correlation * noise + std::sqrt(1 - correlation * correlation) * rng.normal();
    const double at = static_cast<double>(i) / static_cast<double>(n - 1);
    out.push_back(1 + spread * noise + drift * at + (2 * i >= n ? step : 0));
  }
  return out;
}

struct Rates {
  double steady = 0, trend = 0, shift = 0, noisy = 0;
};

Rates rates(std::size_t n, double spread, double drift, double step, double correlation = 0,
            std::size_t series = 1) {
  Rng rng(21, "test/steadiness", n);
  Rates r;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<WindowedSeries> all(series);
    for (WindowedSeries& s : all) s.means = windows(rng, n, spread, drift, step, correlation);
    const Steadiness result = test_steadiness(all);
    r.steady += result.steady ? 1.0 / kRuns : 0;
    bool trend = false;
    for (const SteadinessOf& s : result.series) trend = trend || s.reason == Unsteady::kTrend;
    r.trend += trend ? 1.0 / kRuns : 0;
    r.shift += result.series[0].reason == Unsteady::kShift ? 1.0 / kRuns : 0;
    r.noisy += result.series[0].reason == Unsteady::kTooNoisy ? 1.0 / kRuns : 0;
  }
  return r;
}

TEST_CASE("white noise is called a trend no more often than stated, over one and over ten series") {
  // 0.05 with a standard error of sqrt(0.05 x 0.95 / 2000) = 0.005.
  for (const std::size_t n : {8U, 16U, 32U}) {
    CAPTURE(n);
    const Rates one = rates(n, 0.004, 0, 0);
    CHECK(one.trend < 0.065);
    CHECK(one.trend > 0.02);
    CHECK(one.steady > 0.85);  // little noise against an allowed shift of 2 %
    CHECK(rates(n, 0.004, 0, 0, 0, 10).trend < 0.065);
  }
}

TEST_CASE("a drift and a step beyond what is allowed are found") {
  CHECK(rates(16, 0.004, 0.03, 0).steady < 0.01);
  CHECK(rates(16, 0.004, 0.03, 0).trend > 0.95);
  CHECK(rates(16, 0.004, 0, 0.03).steady < 0.01);
  // A series that goes up and comes back has no trend and no shift: only events can tell of it.
}

TEST_CASE("a shift of just what is allowed passes in at most the stated share of the runs") {
  // Halves apart by 2 % of their mean 1.01: the edge of what is allowed. The trend test, which
  // would see most of these steps, is switched off as far as it goes.
  Rng rng(22, "test/edge");
  int passed = 0;
  for (int run = 0; run < kRuns; ++run) {
    const Steadiness result =
        test_steadiness({{"x", windows(rng, 16, 0.004, 0, 0.0202), 0.02, 0}}, 1e-9, 0.05);
    passed += result.steady ? 1 : 0;
  }
  CHECK(passed < 0.065 * kRuns);
  CHECK(passed > 0.01 * kRuns);
}

TEST_CASE("noise is not taken for steadiness: what cannot be told is said to be so") {
  const Rates noisy = rates(8, 0.2, 0, 0);
  CHECK(noisy.steady < 0.06);
  CHECK(noisy.noisy + noisy.shift > 0.85);
}

TEST_CASE("correlated windows turn down more often than stated, as the header says") {
  const Rates correlated = rates(16, 0.004, 0, 0, 0.3);
  MESSAGE("trend found in " << correlated.trend << " of runs correlated by 0.3");
  CHECK(correlated.trend < 0.16);
}

TEST_CASE("constant and zero series are steady, short ones are not judged") {
  const std::vector<double> ones(8, 1), zeros(8, 0);
  CHECK(test_steadiness({{"a", ones}, {"b", zeros}}).steady);
  const Steadiness few = test_steadiness({{"a", ones}, {"short", {1, 1, 1}}});
  CHECK_FALSE(few.steady);
  CHECK(few.series[1].reason == Unsteady::kTooFewWindows);
  CHECK(few.text().find("short: too few windows") != std::string::npos);
  CHECK_FALSE(test_steadiness({}).steady);
  // A count that is mostly 0 needs an absolute allowance.
  const std::vector<double> rare = {0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0};
  CHECK_FALSE(test_steadiness({{"rare", rare}}).steady);
  CHECK(test_steadiness({{"rare", rare, 0.02, 1}}).steady);
}

}  // namespace
}  // namespace fleetcache::models
