// Distinct designs of the full fleet a minute, through the analytic rung: policy x NVMe x accounts
// x demand x origin path, nothing remembered from one design to the next.
//
//   analytic_bench [preset=mai-2027] [designs=200]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "policies/base/hash.hpp"
#include "sim/analytic/phases.hpp"
#include "sim/scenario/loader.hpp"

using namespace fleetcache;

namespace {

constexpr const char* kPolicies[] = {"lru", "fifo", "pinned", "s3fifo", "sieve"};
constexpr scenario::OriginPath kPaths[] = {scenario::OriginPath::kFrontEnd,
                                           scenario::OriginPath::kBifrost};

std::uint64_t bits_of(double x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// A design of its own for every number: the scenario is changed and viewed afresh, as a sweep does.
double evaluate_design(scenario::Scenario& scenario, unsigned number) {
  const std::string policy = kPolicies[number % 5];
  const unsigned rest = number / 5;
  for (scenario::CacheTier& tier : scenario.cache.tiers) {
    tier.eviction = policy;
    // A step of its own for each number, so that no two designs are the same.
    const std::uint64_t base =
        tier.medium == scenario::Medium::kNvme ? 400'000'000'000 : 9'000'000'000;
    tier.capacity = Bytes(base + base / 500 * number);
  }
  const auto view = analytic::view_of(scenario);
  if (!view) {
    std::fprintf(stderr, "%s\n", view.error().text().c_str());
    std::exit(2);
  }
  analytic::Design design = analytic::design_of(scenario);
  design.path = kPaths[rest % 2];
  design.accounts = 5 + 5 * (rest / 2 % 20);
  design.demand = 1 + 0.5 * (rest / 40 % 10);
  analytic::EpochLaw law(analytic::kSweepObjects);
  const analytic::Phases phases = analytic::evaluate_phases(*view, design, law);
  return phases.steady.goodput + phases.first.goodput;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string preset = argc > 1 ? argv[1] : "mai-2027";
  const unsigned designs = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 200;
  const auto loaded = scenario::load(preset, {});
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().text().c_str());
    return 2;
  }
  scenario::Scenario scenario = loaded->scenario;
  Digest digest;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  for (unsigned i = 0; i < designs; ++i) digest.add(bits_of(evaluate_design(scenario, i)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double cpu_s = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  std::printf(
      "%s: %u designs, %.3f ms CPU each, %.0f a CPU minute (%.0f a minute here), hash %016llx\n",
      preset.c_str(), designs, 1e3 * cpu_s / designs, 60 * designs / cpu_s,
      60 * designs / took.count(), static_cast<unsigned long long>(digest.value()));
  return 0;
}
