// V13 to V16: what a synchronous step sees of its nodes.

#include "models/gpu/order_statistics.hpp"

#include <algorithm>

#include "models/gpu/step.hpp"
#include "models/origin/latency.hpp"
#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

Result<std::vector<Case>> run_slowest(const Parameters& p, const Environment&) {
  constexpr std::uint64_t kLeast = 200, kMost = 1'000'000;
  const auto nodes = static_cast<std::uint32_t>(p.count("N"));
  const double expected = models::harmonic(nodes);
  // Without prefetch and compute the stall of a step is its slowest fetch.
  models::StepRecursion job(nodes, 0, Duration(0));
  Rng rng(13, "validation/fetch");
  std::vector<Duration> fetch(nodes);
  Estimate stall;
  while (!stall.settled(0.01 * expected, kLeast) && stall.count() < kMost) {
    for (Duration& each : fetch) each = from_seconds(rng.exponential());
    stall.add(to_seconds(job.step(fetch)));
  }
  return std::vector<Case>{{"", expected, stall.mean(), stall.standard_error()}};
}

/// Reads of step after step as one sequence in which each misses with probability `m`; jumps from
/// miss to miss (geometric gaps), so that rare misses cost no more than frequent ones.
class MissingReads {
 public:
  MissingReads(std::uint64_t nodes, double m)
      : nodes_(nodes), log_hit_(portable_log(1 - m)), rng_(16, "validation/misses") {}

  /// Steps until and including the next one with a miss. Reads after its first miss do not matter.
  std::uint64_t steps_to_miss() {
    // Reads before the first miss: floor(ln u / ln(1 - m)) with u in (0, 1).
    const double hits = log_hit_ < 0 ? rng_.exponential() / -log_hit_ : 0;
    return static_cast<std::uint64_t>(hits) / nodes_ + 1;
  }

 private:
  std::uint64_t nodes_;
  double log_hit_;
  Rng rng_;
};

Result<std::vector<Case>> run_any_miss(const Parameters& p, const Environment&) {
  constexpr int kMissedSteps = 100'000;
  const double m = p["m"];
  const double expected = models::probability_any(p["N"], m);
  double steps = kMissedSteps;
  if (m < 1) {
    MissingReads reads(p.count("N"), m);
    steps = 0;
    for (int i = 0; i < kMissedSteps; ++i) steps += static_cast<double>(reads.steps_to_miss());
  }
  const double share = kMissedSteps / steps;
  // Relative error of 1/mean of a geometric count: sqrt((1 - share) / count).
  const double error = share * std::sqrt((1 - share) / kMissedSteps);
  return std::vector<Case>{{"", expected, share, error}};
}

/// Slowest of N log-normal reads, drawn without a formula for it: only the reads above a normal
/// score `a` are drawn, about kTail a step. Their places among the N are geometric gaps, their
/// scores Marsaglia's tail rejection (1964). That none is there has probability e^-kTail.
class SlowestRead {
 public:
  SlowestRead(double nodes, double median_s, double sigma)
      : nodes_(nodes), median_s_(median_s), sigma_(sigma), rng_(14, "validation/slowest") {
    if (nodes <= kTail) return;
    a_ = 6;
    while (a_ > 0.05 && nodes * above(a_) < kTail) a_ -= 0.01;
    log_below_ = portable_log(1 - above(a_));
  }

  double next() {
    double worst = -1e9;
    if (log_below_ == 0) {
      for (double i = 0; i < nodes_; ++i) worst = std::max(worst, rng_.normal());
    } else {
      for (double at = gap(); at <= nodes_; at += gap()) worst = std::max(worst, tail());
    }
    return median_s_ * portable_exp(sigma_ * worst);
  }

 private:
  static constexpr double kTail = 40;

  // P(Z > a) by Simpson's rule over ten units.
  static double above(double a) {
    constexpr int kSteps = 2000;
    constexpr double kStep = 10.0 / kSteps, kDensity = 0.3989422804014327;
    double sum = 0;
    for (int i = 0; i <= kSteps; ++i) {
      const double x = a + kStep * i;
      const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * portable_exp(-x * x / 2);
    }
    return kDensity * sum * kStep / 3;
  }
  double gap() { return std::floor(rng_.exponential() / -log_below_) + 1; }
  double tail() {
    for (;;) {
      const double x = std::sqrt(a_ * a_ + 2 * rng_.exponential());
      if (rng_.uniform() * x <= a_) return x;
    }
  }

  double nodes_, median_s_, sigma_;
  double a_ = 0;
  double log_below_ = 0;  // ln P(Z <= a); 0: every read is drawn
  Rng rng_;
};

// What slack does not hide of the slowest read, to a relative standard error.
Estimate late_by(SlowestRead reads, double slack_s, double tolerance) {
  constexpr std::uint64_t kLeast = 2000, kMost = 2'000'000;
  Estimate late;
  while (!late.settled(tolerance, kLeast) && late.count() < kMost)
    late.add(std::max(0.0, reads.next() - slack_s));
  return late;
}

constexpr double kZ99 = 2.3263478740408408;  // normal score of the 99th percentile

Result<std::vector<Case>> run_slowest_read(const Parameters& p, const Environment&) {
  const double n = p["N"], ratio = p["p99"];
  const models::LogNormalLatency law(from_seconds(1), from_seconds(ratio));
  const double expected = to_seconds(law.mean_of_max(n));
  const Estimate e = late_by(SlowestRead(n, 1, portable_log(ratio) / kZ99), 0, 0.02 * expected);
  return std::vector<Case>{{"", expected, e.mean(), e.standard_error()}};
}

Result<std::vector<Case>> run_stall(const Parameters& p, const Environment&) {
  const double n = p["N"], median = p["p50"], high = p["p99"], slack = p["S"];
  if (high < median) return Error{"V15", "p99 must not be below p50"};
  const models::LogNormalLatency law(from_seconds(median), from_seconds(high));
  const double expected = to_seconds(law.mean_excess_of_max(n, from_seconds(slack)));
  if (expected < 0.01 * median)
    return Error{"V15", "a stall below a hundredth of the median is too rare to measure"};
  const double sigma = portable_log(high / median) / kZ99;
  const Estimate e = late_by(SlowestRead(n, median, sigma), slack, 0.03 * expected);
  return std::vector<Case>{{"", expected, e.mean(), e.standard_error()}};
}

}  // namespace

Experiment v14() {
  Experiment e;
  e.id = "V14";
  e.title = "slowest of N log-normal reads, median 1 s, 99th percentile p99";
  e.formula = "E[max] = int 1 - F^N";
  e.rung = "core";
  e.tolerance = 0.02;
  e.parameters = {{"N", "1", 8, 1, 4e6, true}, {"p99", "s", 3, 1.01, 20}};
  e.points = {{{"N", 1000}}, {{"N", 4096}}, {{"N", 100'000}}, {{"N", 400'000}}};
  e.run = run_slowest_read;
  return e;
}

Experiment v15() {
  Experiment e;
  e.id = "V15";
  e.title = "stall of a step by the slowest of N log-normal reads behind a slack S";
  e.formula = "int from S of 1 - F^N";
  e.rung = "core";
  e.tolerance = 0.03;
  e.parameters = {{"N", "1", 1000, 1, 4e6, true},
                  {"S", "s", 0, 0, 0.5},
                  {"p50", "s", 0.05, 0.001, 1},
                  {"p99", "s", 0.15, 0.0011, 10}};
  e.points = {{{"S", 0.2}},
              {{"S", 0.3}},
              {{"N", 100'000}, {"S", 0.2}},
              {{"N", 100'000}, {"S", 0.3}},
              {{"N", 100'000}, {"S", 0.4}},
              {{"N", 100'000}, {"S", 0.5}}};
  e.run = run_stall;
  return e;
}

Experiment v13() {
  Experiment e;
  e.id = "V13";
  e.title = "stall of a step that waits for the slowest of N exponential fetches (mean 1 s)";
  e.formula = "H_N = 1 + 1/2 + ... + 1/N";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"N", "1", 72, 1, 400'000, true}};
  e.points = {{{"N", 1000}}, {{"N", 4096}}};
  e.run = run_slowest;
  return e;
}

Experiment v16() {
  Experiment e;
  e.id = "V16";
  e.title = "share of steps of N nodes that see a miss, each node missing with probability m";
  e.formula = "1 - (1 - m)^N";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"N", "1", 4096, 1, 1e6, true}, {"m", "1", 1e-4, 1e-9, 1}};
  e.points = {{{"m", 1e-5}}, {{"N", 400'000}, {"m", 1e-6}}, {{"N", 400'000}, {"m", 1e-5}}};
  e.run = run_any_miss;
  return e;
}

}  // namespace fleetcache::validation
