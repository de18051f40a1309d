/// Which rung answers a scenario: by size, horizon and question.
#pragma once

#include <span>
#include <string>

#include "policies/base/result.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

/// What a run may take.
struct Limits {
  double memory_bytes = 0;
  double cpu_s = 0;
  std::string memory_text, time_text;  ///< as the user wrote them
};

struct RungChoice {
  bool analytic = false;
  world::Rung rung = world::Rung::kExact;  ///< when not analytic
  world::Estimate estimate;                ///< of `rung`; of the cheapest one when analytic
  std::string why;                         ///< one line
};

/// Of `asked` (a rung or "auto"). `auto` takes the most exact of the `built` rungs that is meant
/// for so many nodes and done in ten minutes of CPU; else the most exact one within the limits;
/// else closed forms, when they can answer the question. Fails when the rung asked for exceeds the
/// limits or is not built, or when no rung can answer; the text holds the estimate.
Result<RungChoice> choose_rung(const scenario::Scenario& scenario, const std::string& asked,
                               const world::RunOptions& refinements, const Limits& limits,
                               std::span<const world::Rung> built = world::kRungsBuilt);

/// Why closed forms cannot answer a scenario; empty when they can.
std::string needs_simulation(const scenario::Scenario& scenario);

/// "110,000 nodes, about 231 G requests, 15 TB of memory and 2 d of CPU a run".
std::string cost_text(const world::Estimate& estimate);

}  // namespace fleetcache::cli
