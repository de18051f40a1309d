// Coverage of the interval that a run reports, on the queue whose mean wait is known.

#include "sim/validation/coverage.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics.hpp"
#include "models/queueing/erlang.hpp"
#include "policies/base/rng.hpp"
#include "sim/probes/collector.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// Waits of consecutive customers: first come, first served, service of mean 1. Each takes the
/// server that is free first; the queue starts empty, as a run does.
probes::Series waits(const CoverageSetup& setup, std::uint64_t seed) {
  Rng arrivals(seed, "validation/coverage/arrivals");
  Rng services(seed, "validation/coverage/services");
  const double arrival_rate = setup.load * setup.servers;
  std::vector<double> free_at(setup.servers, 0.0);
  probes::Series series;
  double now = 0;
  for (std::uint64_t i = 0; i < setup.customers; ++i) {
    now += arrivals.exponential() / arrival_rate;
    const auto first = std::min_element(free_at.begin(), free_at.end());
    const double start = std::max(now, *first);
    *first = start + services.exponential();
    series.add(start - now);
  }
  return series;
}

Result<std::vector<Case>> run_coverage(const Parameters& p, const Environment&) {
  const CoverageSetup setup{static_cast<std::uint32_t>(p.count("servers")), p["load"],
                            static_cast<std::uint64_t>(p.count("customers")),
                            static_cast<std::uint64_t>(p.count("seeds"))};
  const auto covered =
      static_cast<double>(count_covered(setup, analysis::confidence_95_of_batches));
  const auto n = static_cast<double>(setup.seeds);
  const double expected = 0.95;
  return std::vector<Case>{
      {"runs covered", expected, covered / n, std::sqrt(expected * (1 - expected) / n)}};
}

}  // namespace

std::uint64_t count_covered(const CoverageSetup& setup, const Interval& interval) {
  const double truth = models::erlang_c_wait(setup.servers, setup.load * setup.servers);
  std::uint64_t covered = 0;
  for (std::uint64_t seed = 1; seed <= setup.seeds; ++seed) {
    const probes::Series series = waits(setup, seed);
    covered += std::abs(series.mean() - truth) <= interval(series.batch_means()) ? 1U : 0U;
  }
  return covered;
}

Experiment coverage() {
  Experiment e;
  e.id = "coverage";
  e.title = "share of runs whose 95 % interval holds the mean wait of an M/M/c queue";
  e.formula = "0.95; the mean by Erlang-C";
  e.rung = "core";
  e.tolerance = 0.02;
  e.kind = Tolerance::kAbsolute;
  // 500 seeds tell 95 % to 1 point; the full size is --set seeds=1000.
  e.parameters = {{"seeds", "1", 500, 100, 10'000, true},
                  {"customers", "1", 100'000, 50'000, 1'000'000, true},
                  {"servers", "1", 8, 1, 64, true},
                  {"load", "1", 0.8, 0.1, 0.9}};
  e.run = run_coverage;
  return e;
}

}  // namespace fleetcache::validation
