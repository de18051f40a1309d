/// Which rung answers a scenario: by size, horizon and question.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/cli/study_cost.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

/// What a command may take, all its runs together.
struct Limits {
  double memory_bytes = 0;
  double cpu_s = 0;
  std::string memory_text, time_text;  ///< as the user wrote them
};

struct RungChoice {
  bool analytic = false;
  world::Rung rung = world::Rung::kExact;  ///< when not analytic
  StudyCost cost;                          ///< at `rung`; at the cheapest one when analytic
  std::string why;                         ///< one line
  std::string reason;                      ///< of `why`, what made auto take it; empty when asked
};

/// What all runs of the command take at a rung.
using Price = std::function<StudyCost(world::Rung)>;

/// The price of one run alone.
Price price_of_one(const scenario::Scenario& scenario, const world::RunOptions& refinements);

/// Of `asked` (a rung or "auto"). `auto` takes the most exact of the `built` rungs that is meant
/// for so many nodes and of which one run is done in ten minutes of CPU; else the most exact one
/// within the limits; else closed forms, when they can answer the question. Limits hold for all
/// runs of the command. Fails when the rung asked for exceeds the limits or is not built, or when
/// no rung can answer; the text holds the estimate. Cost: that of a price for each built rung.
Result<RungChoice> choose_rung(const scenario::Scenario& scenario, const std::string& asked,
                               const Price& price, const Limits& limits,
                               std::span<const world::Rung> built = world::kRungsBuilt);

/// Why a rung is beyond the limits: "> 2,000 nodes", "> 24GiB"; empty when it is not.
std::string beyond(const StudyCost& cost, world::Rung rung, const Limits& limits);

/// Why closed forms cannot answer a scenario; empty when they can.
std::string needs_simulation(const scenario::Scenario& scenario);

/// "110,000 nodes, about 231 G requests, 15 TB of memory and 2 d of CPU for one run".
std::string cost_text(const world::Estimate& estimate);

}  // namespace fleetcache::cli
