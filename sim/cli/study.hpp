/// One `run`: the base scenario and what stands beside it (variants, replicates under other seeds,
/// the +10 % what-if), as one result.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/result.hpp"
#include "policies/base/result.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/study_reps.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

struct StudyOptions {
  bool analytic = false;  ///< closed forms; else the world at `run.rung`
  /// Of the base and, with what a companion changes, of every child. Progress and interruption are
  /// set by the study itself.
  world::RunOptions run;
  std::string what;                   ///< file or preset, for the children
  std::vector<std::string> settings;  ///< of `--set` and `--seed`, for the children
  bool single = false;  ///< a companion itself: nothing beside the base, nobody reads its advice
  bool variants = true;
  bool what_if = true;
  std::uint32_t seeds = 1;        ///< runs of the base under different seeds, the first included
  bool average = false;           ///< figures are means over the seeds, not those of the first
  std::optional<StopRule> until;  ///< more seeds until it is satisfied, at most `seeds_max`
  std::uint32_t seeds_max = 1;
  analysis::Effort effort = analysis::Effort::kQuick;
  ProgressMode progress = ProgressMode::kNone;
  /// Expected CPU time of the runs as study_cost.hpp orders them; empty: not known.
  std::vector<double> weights;
};

/// "exact", "bundled", "fleet" or "analytic".
inline const char* rung_name(const StudyOptions& options) {
  return options.analytic ? "analytic" : world::name_of(options.run.rung);
}

struct StudyOutcome {
  analysis::Result result;
  std::vector<std::string> failures;  ///< "variant NAME: why": the answer is partial
  std::map<std::string, std::vector<analysis::ErrorTerm>> variant_errors;  ///< of children
};

/// Runs everything at one rung. A simulated base runs in this process and the others in children,
/// at most two at once; the analytic rung needs no children. Fails when the base has no answer.
Result<StudyOutcome> run_study(const scenario::Loaded& loaded, const StudyOptions& options);

/// Arguments that `--variant` would take from a scenario: "path=value", in order. Fails for an
/// unknown name.
Result<std::vector<std::string>> variant_settings(const scenario::Scenario& scenario,
                                                  const std::string& name);

}  // namespace fleetcache::cli
