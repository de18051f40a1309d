#include "models/statistics/quantile_sketch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "policies/base/rng.hpp"

using fleetcache::models::QuantileSketch;

TEST_CASE("a sketch's quantiles are within its relative error of the exact ones") {
  // Log-normal, sigma 3: values over about 16 octaves.
  fleetcache::Rng rng(7, "test/sketch");
  std::vector<double> values;
  QuantileSketch sketch;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(rng.lognormal(1e-3, 3.0));
    sketch.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999}) {
    // Rank ceil(q n), counted from 1.
    const auto rank = static_cast<std::size_t>(std::ceil(q * 20000.0));
    const double exact = values[rank - 1];
    CHECK(std::abs(sketch.quantile(q) - exact) <= QuantileSketch::kRelativeError * exact);
  }
  CHECK(sketch.quantile(0) == values.front());
  CHECK(sketch.quantile(1) == values.back());
  CHECK(sketch.count() == 20000);
}

TEST_CASE("merged sketches answer like one that saw everything, in either order") {
  fleetcache::Rng rng(8, "test/merge");
  QuantileSketch left, right, both;
  for (int i = 0; i < 1000; ++i) {
    const double small = rng.uniform();
    const double large = 1000 * rng.uniform();
    left.add(small);
    right.add(large);
    both.add(small);
    both.add(large);
  }
  QuantileSketch ab = left, ba = right;
  ab.merge(right);
  ba.merge(left);
  for (double q = 0; q <= 1; q += 0.05) {
    CHECK(ab.quantile(q) == both.quantile(q));
    CHECK(ba.quantile(q) == both.quantile(q));
  }
  CHECK(ab.count() == 2000);
  CHECK(ab.min() == both.min());
  CHECK(ab.max() == both.max());
}

TEST_CASE("zeros count, an empty sketch answers zero, and weights repeat a value") {
  QuantileSketch sketch;
  CHECK(sketch.quantile(0.5) == 0);
  CHECK(sketch.mean() == 0);
  sketch.add(0.0, 3);
  sketch.add(-0.0);
  sketch.add(8.0, 4);
  // Ranks 1..4 are zero, 5..8 are eight.
  CHECK(sketch.quantile(0.5) == 0);
  CHECK(sketch.quantile(0.51) == 8.0);
  CHECK(sketch.mean() == 4.0);  // 4 * 8 / 8
  QuantileSketch empty;
  sketch.merge(empty);
  CHECK(sketch.count() == 8);
}

TEST_CASE("values that fall keep the sketch right while it grows downwards") {
  QuantileSketch sketch;
  for (int i = 1000; i >= 1; --i) sketch.add(static_cast<double>(i));
  CHECK(sketch.quantile(0.5) == doctest::Approx(500).epsilon(QuantileSketch::kRelativeError));
  CHECK(sketch.sum() == 500500.0);
}

TEST_CASE("an observation of weight w counts like w of them, and a merge can scale") {
  fleetcache::Rng rng(9, "test/weights");
  QuantileSketch repeated, weighted, halves;
  for (int i = 0; i < 500; ++i) {
    const double value = rng.exponential();
    const int weight = 1 + i % 7;
    for (int k = 0; k < weight; ++k) repeated.add(value);
    weighted.add(value, weight);
    halves.add(value, weight / 2.0);
  }
  QuantileSketch scaled;
  scaled.merge(halves, 2);
  for (double q = 0; q <= 1; q += 0.05) {
    CHECK(weighted.quantile(q) == repeated.quantile(q));
    CHECK(scaled.quantile(q) == repeated.quantile(q));
  }
  CHECK(scaled.weight() == repeated.weight());
  CHECK(scaled.mean() == doctest::Approx(repeated.mean()).epsilon(1e-12));
  // Equal weights are as good as their number; unequal ones are worth less than it.
  CHECK(repeated.effective_count() == doctest::Approx(repeated.weight()));
  CHECK(weighted.effective_count() < 500);
  CHECK(scaled.effective_count() == doctest::Approx(weighted.effective_count()));
}

TEST_CASE("what came after an older copy of a sketch can be told apart") {
  QuantileSketch sketch;
  for (int i = 1; i <= 100; ++i) sketch.add(i);
  const QuantileSketch earlier = sketch;
  CHECK(sketch.since(earlier).count() == 0);
  for (int i = 1; i <= 50; ++i) sketch.add(1000 + i);
  const QuantileSketch later = sketch.since(earlier);
  CHECK(later.count() == 50);
  CHECK(later.mean() == doctest::Approx(1025.5).epsilon(1e-12));
  CHECK(later.quantile(0.5) == doctest::Approx(1025).epsilon(0.005));
  CHECK(later.min() == doctest::Approx(1001).epsilon(0.005));
  CHECK(sketch.since(QuantileSketch()).count() == 150);
}
