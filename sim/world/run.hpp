/// Simulating a scenario: one world at three fidelities, the real policy core at each.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "policies/base/result.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/probes/record.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::world {

/// How much of the fleet is simulated one by one (DESIGN.md section 5).
enum class Rung : std::uint8_t {
  kExact,    ///< every request of every node, one flow per remote read
  kBundled,  ///< the same requests; flows of a path class share one weighted flow
  kFleet,    ///< bundles, sampled keys and readers, pooled caches, steady stretches stepped over
};
inline constexpr std::array<const char*, 3> kRungNames = {"exact", "bundled", "fleet"};
constexpr const char* name_of(Rung rung) { return kRungNames[static_cast<std::size_t>(rung)]; }

/// The rungs that `run` obeys. `auto` chooses among these; another one is refused.
inline constexpr std::array kRungsBuilt = {Rung::kExact, Rung::kBundled, Rung::kFleet};

/// What a run does beside its scenario. The refinements of the sampled rungs are here, not in the
/// scenario, so that a companion run differs from its base in nothing else.
struct RunOptions {
  Rung rung = Rung::kExact;
  /// Bundles are solved again when a class's population moved by this part. In (0, 1).
  double epsilon = 0.05;
  /// Multiplies how many keys and readers a step the fleet rung samples (`fleet.samples_per_step`),
  /// at least one. Positive; a quarter makes the cheap companions of `--error quick`.
  double sample_factor = 1;
  /// Multiplies the representatives of a stratum at the fleet rung, at least one. Positive.
  double representative_factor = 1;
  /// Chooses which keys and readers the fleet rung samples; what arrives stays the same.
  std::uint64_t salt = 0;
  /// The fleet rung steps over steady stretches; false simulates every one.
  bool step_over = true;
  /// Bundles are solved by the native solver instead of SimGrid's: many runs in one process.
  bool native_solver = false;
  /// Set by a signal handler: the run stops at the next event and the record says so.
  const std::atomic<bool>* interrupted = nullptr;
  /// Called a few times a second of wall time with the share of the horizon that is done, 0..1.
  std::function<void(double done)> progress;
  /// Another engine than SimGrid: a fixed delay to time the code around it, a faulty one to see the
  /// checks catch it. Empty: SimGrid.
  std::function<std::unique_ptr<engine::FlowEngine>()> make_engine;
};

/// Expected cost of simulating a scenario at one rung, by a table of measured constants
/// (estimate.cpp). CPU times are within a factor of two of one another for the scenarios of
/// tests/unit/cli/estimate_test.cpp on a machine like the one they were measured on.
struct Estimate {
  std::uint64_t nodes = 0;
  double requests = 0;  ///< cache requests over the horizon
  double flows = 0;     ///< transfers that SimGrid would see
  double live = 0;      ///< transfers under way when one starts or ends, on average
  double memory_bytes = 0;
  double cpu_seconds = 0;
};
/// Factors as in RunOptions. Cost: reads the request traces, if there are any.
Estimate estimate(const scenario::Scenario& scenario, Rung rung = Rung::kExact,
                  double sample_factor = 1, double representative_factor = 1);

/// Simulates the scenario. Uses the process's one SimGrid engine: call once a process.
/// Fails when an input cannot be simulated (a trace that cannot be read, an unknown policy).
Result<probes::Record> run(const scenario::Scenario& scenario, const RunOptions& options);

}  // namespace fleetcache::world
