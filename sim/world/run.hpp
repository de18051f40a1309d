/// The exact rung: every request of every node, one flow per remote read, the real policy core.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "policies/base/result.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/probes/record.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::world {

struct RunOptions {
  /// Set by a signal handler: the run stops at the next event and the record says so.
  const std::atomic<bool>* interrupted = nullptr;
  /// Called a few times a second of wall time with the share of the horizon that is done, 0..1.
  std::function<void(double done)> progress;
  /// Another engine than SimGrid: a fixed delay to time the code around it, a faulty one to see the
  /// checks catch it. Empty: SimGrid.
  std::function<std::unique_ptr<engine::FlowEngine>()> make_engine;
};

/// Expected cost of simulating a scenario at this rung.
struct Estimate {
  std::uint64_t nodes = 0;
  double requests = 0;  ///< cache requests over the horizon
  double flows = 0;     ///< transfers that SimGrid would see
  double memory_bytes = 0;
  double cpu_seconds = 0;
};
Estimate estimate(const scenario::Scenario& scenario);

/// Simulates the scenario. Uses the process's one SimGrid engine: call once a process.
/// Fails when an input cannot be simulated (a trace that cannot be read, an unknown policy).
Result<probes::Record> run(const scenario::Scenario& scenario, const RunOptions& options);

}  // namespace fleetcache::world
