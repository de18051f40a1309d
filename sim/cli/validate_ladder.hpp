/// `validate ladder`: drawn scenarios answered at every rung, as `run` would answer them, and what
/// the answers disagree by.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/validation/ladder.hpp"
#include "sim/validation/ladder_scenario.hpp"

namespace fleetcache::cli {

struct LadderOptions {
  std::uint64_t first = 0;      ///< number of the first scenario
  std::uint64_t scenarios = 3;  ///< of each size
  std::uint64_t seed = 1;
  std::string keep;  ///< folder for the scenario files; empty: they are not kept
};

struct LadderRun {
  std::uint64_t index = 0;
  bool wide = false;  ///< too large for the exact rung
  std::string summary;
  std::vector<validation::LadderAnswer> answers;  ///< (exact,) bundled, fleet, analytic
  std::string failure;                            ///< a rung without an answer
};

/// One pair of neighbouring rungs over the scenarios of one size.
struct LadderPair {
  bool wide = false;
  std::vector<validation::Disagreement> disagreements;
  validation::LadderStep step;
};

struct LadderOutcome {
  LadderOptions options;
  std::vector<LadderRun> runs;
  std::vector<LadderPair> pairs;

  /// Whether any answer broke an identity or is missing: that fails, disagreement does not.
  bool sound() const;
};

/// Every rung in a process of its own, one after the other: `run FILE --rung R --error quick`.
/// Fails where no file can be written. Stops early when interrupted.
Result<LadderOutcome> climb_ladder(const LadderOptions& options);

nlohmann::json to_json(const LadderOutcome& outcome);
std::string ladder_text(const LadderOutcome& outcome, bool markdown);

}  // namespace fleetcache::cli
