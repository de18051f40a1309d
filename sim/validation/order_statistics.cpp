// V13 and V16: what a synchronous step sees of its nodes.

#include "models/gpu/order_statistics.hpp"

#include <algorithm>

#include "models/gpu/step.hpp"
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

}  // namespace

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
