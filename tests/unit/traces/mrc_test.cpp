#include "sim/traces/mrc.hpp"

#include <doctest/doctest.h>

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "sim/traces/shards.hpp"
#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

/// 5 % to 100 % of the working set, evenly: what the published errors are means over.
std::vector<Capacity> shares() {
  std::vector<Capacity> out;
  for (std::uint64_t percent = 5; percent <= 100; percent += 5)
    out.push_back({0, percent * 10'000});
  return out;
}

std::string zipf(const test::TemporaryFolder& folder, std::uint32_t objects, std::uint64_t requests,
                 std::uint64_t seed) {
  const std::string path = folder.file("z" + std::to_string(seed) + ".bin");
  const auto ids = synthesize({SynthKind::kZipf, objects, requests, 0, seed}).value();
  REQUIRE(write_oracle_general(path, ids, true).ok());
  return path;
}

CurveReport curves(const std::string& path, CurveSpec spec) {
  spec.capacities = spec.capacities.empty() ? shares() : spec.capacities;
  auto report = miss_ratio_curves(path, {}, spec);
  REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text()));
  return std::move(report).value();
}

CurveSpec spec_of(std::vector<std::string> policies, double rate = 1, std::uint32_t splits = 1) {
  CurveSpec spec;
  spec.policies = std::move(policies);
  spec.rate = rate;
  spec.splits = splits;
  return spec;
}

double mean_absolute_error(const Curve& a, const Curve& b) {
  REQUIRE(a.points.size() == b.points.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    REQUIRE(a.points[i].capacity == b.points[i].capacity);
    sum += std::abs(a.points[i].miss_ratio - b.points[i].miss_ratio);
  }
  return sum / static_cast<double>(a.points.size());
}

}  // namespace

TEST_CASE("at rate 1 every curve is that of whole caches, to the request") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 5'000, 60'000, 3);
  const auto report = curves(path, spec_of({"lru", "sieve", "belady"}));
  REQUIRE(report.curves.size() == 3);
  CHECK(report.curves[0].method == CurveMethod::kStack);
  CHECK(report.curves[1].method == CurveMethod::kReplay);
  ReplaySpec whole;
  whole.policies = {"lru", "sieve", "belady"};
  whole.capacities = shares();
  const auto rows = replay(path, {}, whole).value().rows;
  std::size_t row = 0;
  for (const Curve& curve : report.curves) {
    for (const CurvePoint& point : curve.points) {
      CHECK(point.capacity == rows[row].capacity);
      CHECK(point.miss_ratio ==
            static_cast<double>(rows[row].misses) / static_cast<double>(rows[row].requests));
      ++row;
    }
  }
}

// The error of a sample grows as caches shrink to a few hot objects: at 0.1 % of this working set
// it is several points (sd of the sampled share ~ sqrt(1 / (rate x rank))), which the spread of
// splits shows.
TEST_CASE("a sample of 1 % of a million objects is within 1 % of the exact curves") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 1'000'000, 3'000'000, 7);
  const std::vector<std::string> policies = {"lru", "sieve", "s3fifo"};
  const auto exact = curves(path, spec_of(policies));
  for (const std::uint64_t seed : {1, 2, 3}) {
    CurveSpec sampled = spec_of(policies, 0.01);
    sampled.sample_seed = seed;
    const auto about = curves(path, sampled);
    for (std::size_t p = 0; p < policies.size(); ++p) {
      CAPTURE(policies[p]);
      CAPTURE(seed);
      const double error = mean_absolute_error(exact.curves[p], about.curves[p]);
      MESSAGE(policies[p] << " seed " << seed << ": mean absolute error " << error);
      CHECK(error < 0.01);
    }
  }
}

TEST_CASE("a sample of fixed size keeps no more objects and is as good as its rate") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 300'000, 2'000'000, 9);
  const auto exact = curves(path, spec_of({"lru"}));
  CurveSpec fixed = spec_of({"lru"}, 1, 2);
  fixed.max_objects = 4'000;
  const auto about = curves(path, fixed);
  const Curve& curve = about.curves[0];
  CHECK(curve.method == CurveMethod::kShards);
  CHECK(curve.rate < 0.05);  // 4 000 of about 200 000 ids that occur
  CHECK(curve.rate > 0.01);
  MESSAGE("mean absolute error " << mean_absolute_error(exact.curves[0], curve));
  CHECK(mean_absolute_error(exact.curves[0], curve) < 0.015);

  LruCurve kept({0, Sampling::kModulus, 100}, {10}, true);
  for (std::uint64_t id = 0; id < 5'000; ++id) {
    Request r;
    r.id = id;
    kept.add(r, Sampling::hash(id, 0));
    REQUIRE(kept.objects() <= 100);
  }
  CHECK(kept.rate() == doctest::Approx(100.0 / 5'000).epsilon(0.3));
}

TEST_CASE("the interval of independent samples covers the truth about as often as it says") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 100'000, 400'000, 11);
  CurveSpec spec = spec_of({"lru"});
  spec.capacities = {{5'000, 0}};
  const double truth = curves(path, spec).curves[0].points[0].miss_ratio;
  spec.rate = 0.02;
  spec.splits = 5;
  const double t = boost::math::quantile(boost::math::students_t_distribution<double>(4), 0.975);
  int covered = 0;
  constexpr int kTrials = 60;
  for (int trial = 0; trial < kTrials; ++trial) {
    spec.sample_seed = static_cast<std::uint64_t>(trial);
    const CurvePoint point = curves(path, spec).curves[0].points[0];
    REQUIRE(point.samples.size() == 5);
    double square = 0;
    for (const double s : point.samples) square += (s - point.miss_ratio) * (s - point.miss_ratio);
    const double half = t * std::sqrt(square / 4 / 5);
    covered += std::abs(point.miss_ratio - truth) <= half ? 1 : 0;
  }
  MESSAGE(covered << " of " << kTrials << " intervals of 95 % cover the truth");
  // 57 expected, standard deviation 1.7; hot objects skew the samples a little.
  CHECK(covered >= 50);
}

TEST_CASE("samples are disjoint, so that all of them together are the whole") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 2'000, 50'000, 5);
  CurveSpec spec = spec_of({"fifo", "lru"}, 0.25, 9);
  spec.capacities = {{1'000'000, 0}};  // everything fits: only first requests miss
  const auto report = curves(path, spec);
  const double cold = curves(path,
                             [&] {
                               CurveSpec all = spec;
                               all.rate = 1;
                               return all;
                             }())
                          .curves[0]
                          .points[0]
                          .miss_ratio;
  for (const Curve& curve : report.curves) {
    CHECK(curve.samples == 4);
    CHECK(curve.points[0].miss_ratio == doctest::Approx(cold).epsilon(1e-12));
  }
}

TEST_CASE("one thread or several give the same curves, sample by sample") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 20'000, 300'000, 13);
  CurveSpec spec = spec_of({"lru", "s3fifo", "random"}, 0.05, 3);
  const auto one = curves(path, spec);
  spec.threads = 4;
  const auto more = curves(path, spec);
  for (std::size_t c = 0; c < one.curves.size(); ++c) {
    for (std::size_t i = 0; i < one.curves[c].points.size(); ++i) {
      CHECK(one.curves[c].points[i].samples == more.curves[c].points[i].samples);
    }
  }
}

TEST_CASE("curves that cannot be are refused") {
  const test::TemporaryFolder folder;
  const std::string path = zipf(folder, 100, 1'000, 1);
  const auto error = [&](const CurveSpec& spec) {
    CurveSpec with = spec;
    with.capacities = {{10, 0}};
    const auto report = miss_ratio_curves(path, {}, with);
    return report ? std::string() : report.error().text();
  };
  CHECK(error(spec_of({"fifo"}, 0.01)).find("leaves nothing of a capacity of 10") !=
        std::string::npos);
  // A sample of nothing would print a miss ratio of 0.
  CHECK(error(spec_of({"lru"}, 1e-6)).find("holds none of the objects") != std::string::npos);
  CHECK(error(spec_of({"lru"}, 0)) == "--rate: want more than 0 and up to 1");
  CurveSpec fixed = spec_of({"fifo"});
  fixed.max_objects = 10;
  CHECK(error(fixed).find("fixed size is for lru alone") != std::string::npos);
}
