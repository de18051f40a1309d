#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "models/gpu/order_statistics.hpp"
#include "models/numeric.hpp"
#include "models/statistics/max_of_n.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {
namespace {

constexpr double kSigma = 0.472266;  // of the logarithm: p99 = 3 medians, ln 3 / 2.32635

/// E[max of n] by integrating the true quantile function over the Gumbel level of the maximum.
template <class Exceeded>
double true_mean(Exceeded exceeded_with, double n) {
  double sum = 0, mass = 0;
  for (double w = -5; w < 200; w += 1.0 / 64) {
    const double e = std::exp(-w), density = std::exp(-w - e);
    sum += density * exceeded_with(-std::expm1(-e / n));
    mass += density;
  }
  return sum / mass;
}

enum class Law { kExponential, kLogNormal, kPareto };

double exceeded(Law law, double p) {
  switch (law) {
    case Law::kExponential:
      return -std::log(p);
    case Law::kLogNormal:
      return std::exp(-kSigma * normal_quantile(p));
    default:
      return std::pow(p, -1.0 / 4);  // Pareto, tail exponent 4
  }
}

std::vector<Weighted> pool_of(Law law, std::uint32_t size, std::uint64_t seed) {
  Rng rng(seed, "test/pool");
  std::vector<Weighted> pool;
  for (std::uint32_t i = 0; i < size; ++i) pool.push_back({exceeded(law, 1 - rng.uniform()), 1});
  return pool;
}

TEST_CASE("the reference's means of the maximum: V13 and V14") {
  // H_N, and numeric means of the log-normal with median 1 and p99 3.
  CHECK(true_mean([](double p) { return exceeded(Law::kExponential, p); }, 100'000) ==
        doctest::Approx(12.09).epsilon(0.001));
  const auto lognormal = [](double p) { return exceeded(Law::kLogNormal, p); };
  CHECK(true_mean(lognormal, 8) == doctest::Approx(2.05).epsilon(0.005));
  CHECK(true_mean(lognormal, 1000) == doctest::Approx(4.69).epsilon(0.005));
  CHECK(true_mean(lognormal, 4096) == doctest::Approx(5.61).epsilon(0.005));
  CHECK(true_mean(lognormal, 100'000) == doctest::Approx(8.0).epsilon(0.005));
}

TEST_CASE("a pool of ten observations a node answers alone, within its standard error") {
  for (const Law law : {Law::kExponential, Law::kLogNormal, Law::kPareto}) {
    CAPTURE(static_cast<int>(law));
    const double expected = true_mean([&](double p) { return exceeded(law, p); }, 1000);
    int inside = 0;
    double errors = 0, estimated = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      const MaxOfN max(pool_of(law, 20'000, seed), 1000);
      CHECK_FALSE(max.extrapolated());
      CHECK(max.model_error() == 0);
      inside += std::abs(max.mean() - expected) <= 2 * max.standard_error() ? 1 : 0;
      errors += (max.mean() - expected) * (max.mean() - expected);
      estimated += max.standard_error() * max.standard_error();
    }
    MESSAGE("empirical: inside " << inside << "/60, rms error " << std::sqrt(errors / 60)
                                 << ", estimated " << std::sqrt(estimated / 60) << " of "
                                 << expected);
    CHECK(inside >= 51);  // 85 %: the jackknife of a maximum is a little short
    CHECK(std::sqrt(errors / estimated) < 1.5);
    CHECK(std::sqrt(errors / estimated) > 0.6);
  }
}

TEST_CASE("beyond the pool the answer is marked, and its two errors cover the truth") {
  for (const Law law : {Law::kExponential, Law::kLogNormal, Law::kPareto}) {
    CAPTURE(static_cast<int>(law));
    const double expected = true_mean([&](double p) { return exceeded(law, p); }, 100'000);
    int inside = 0;
    double bias = 0, claimed = 0, modelled = 0, naive = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      const auto pool = pool_of(law, 10'000, seed);
      const MaxOfN max(pool, 100'000);
      CHECK(max.extrapolated());
      const double error = 2 * max.standard_error() + max.model_error();
      inside += std::abs(max.mean() - expected) <= error ? 1 : 0;
      bias += max.mean() / expected - 1;
      claimed += error / expected;
      // The control: the pool's own largest value, with no tail, is far too small.
      double largest = 0;
      for (const Weighted& o : pool) largest = std::max(largest, o.value);
      naive += largest / expected - 1;
      modelled += max.model_error() / expected;
    }
    MESSAGE("extrapolated 10x: inside " << inside << "/60, mean bias " << bias / 60
                                        << ", claimed error " << claimed / 60 << ", of the model "
                                        << modelled / 60 << ", bias without a tail " << naive / 60);
    CHECK(inside >= 54);
    CHECK(std::abs(bias / 60) < 0.06);
    CHECK(naive / 60 < -0.12);
  }
}

TEST_CASE("draws have the mean that is stated, rise with u, and one draw stands for all nodes") {
  const MaxOfN max(pool_of(Law::kExponential, 20'000, 3), 1000);
  Rng rng(1, "test/draws");
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) sum += max.draw(rng.uniform() + 1e-17);
  // Spread of the maximum pi / sqrt 6 = 1.28: 20,000 draws are within 3 x 0.009.
  CHECK(std::abs(sum / 20'000 - max.mean()) < 0.03);
  CHECK(max.draw(0.9) >= max.draw(0.5));
  const MaxOfN far(pool_of(Law::kExponential, 2'000, 3), 100'000);
  sum = 0;
  for (int i = 0; i < 20'000; ++i) sum += far.draw(rng.uniform() + 1e-17);
  CHECK(std::abs(sum / 20'000 - far.mean()) < 0.02 * far.mean());
  CHECK(far.draw(1e-9) < far.draw(0.5));
  CHECK(far.draw(0.5) < far.draw(0.999999));
}

TEST_CASE("weights stand for observations: half of them with twice the weight say the same") {
  auto all = pool_of(Law::kLogNormal, 20'000, 5);
  std::vector<Weighted> doubled;
  for (std::size_t i = 0; i < 10'000; ++i) {
    doubled.push_back({all[i].value, 2});
    all[10'000 + i] = all[i];
  }
  const MaxOfN twice(all, 500), weighted(doubled, 500);
  CHECK(weighted.mean() == doctest::Approx(twice.mean()).epsilon(1e-12));
  CHECK(weighted.observations() == doctest::Approx(10'000));
}

TEST_CASE("pools that hold one value, or ties only, answer that value") {
  CHECK(MaxOfN({{2.5, 1}}, 1000).mean() == doctest::Approx(2.5));
  const MaxOfN ties(std::vector<Weighted>(100, {3, 1}), 1000);
  CHECK(ties.extrapolated());
  CHECK(ties.mean() == doctest::Approx(3));
  CHECK(ties.standard_error() == doctest::Approx(0));
  CHECK(ties.draw(0.999) == doctest::Approx(3));
  const MaxOfN zeros(std::vector<Weighted>(100, {0, 1}), 1000);
  CHECK(zeros.mean() == 0);
}

TEST_CASE("a pool in bounded memory keeps a uniform sample that stands for everything added") {
  ObservationPool pool(1000, 7);
  for (int i = 0; i < 100'000; ++i) pool.add(i, 3);
  CHECK(pool.size() <= 1000);
  CHECK(pool.size() > 400);
  double weight = 0, sum = 0;
  for (const Weighted& o : pool.observations()) {
    weight += o.weight;
    sum += o.weight * o.value;
  }
  // About 780 kept, each with a chance of 1/128: the total has a relative error of 0.036, the mean
  // of uniform values 0.577 / sqrt 780 = 0.021.
  CHECK(weight == doctest::Approx(300'000).epsilon(0.11));
  CHECK(sum / weight == doctest::Approx(49'999.5).epsilon(0.07));
  pool.clear();
  pool.add(4);
  CHECK(pool.observations().at(0).weight == 1);
}

}  // namespace
}  // namespace fleetcache::models
