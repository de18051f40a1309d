#include "sim/cli/study_verdicts.hpp"

#include <set>

#include "analysis/decide.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/study_companions.hpp"
#include "sim/cli/study_sensitivity.hpp"

namespace fleetcache::cli {

void judge_variants(StudyOutcome& out) {
  for (auto& [name, errors] : out.variant_errors) {
    analysis::Variant& variant = out.result.variants.at(name);
    borrow_errors(out.result.error, errors);
    std::vector<analysis::Objective> objectives;
    for (const analysis::Verdict& v : variant.verdict) objectives.push_back(v.objective);
    auto verdicts =
        analysis::draw_verdicts(objectives, variant.metrics, errors, out.result.interrupted);
    // Batches stay in the child: its own interval is kept.
    for (std::size_t i = 0; i < verdicts.size(); ++i) verdicts[i].ci = variant.verdict[i].ci;
    variant.verdict = std::move(verdicts);
  }
}

void name_inputs(const StudyOptions& options, analysis::Result& result) {
  if (options.single || result.interrupted) return;
  std::set<std::string> metrics;
  for (const analysis::Verdict& v : result.verdict) {
    if (v.state == analysis::State::kUndecided && v.value) metrics.insert(v.objective.metric);
  }
  if (metrics.empty()) return;
  const auto sensitivities = assumed_sensitivities(options.what, options.settings, metrics);
  for (analysis::Verdict& v : result.verdict) {
    const auto found = sensitivities.find(v.objective.metric);
    if (v.state != analysis::State::kUndecided || found == sensitivities.end()) continue;
    auto decider = analysis::input_that_decides(v, found->second);
    if (decider) v.deciders.push_back(std::move(*decider));
  }
}

}  // namespace fleetcache::cli
