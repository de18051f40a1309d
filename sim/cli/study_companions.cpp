#include "sim/cli/study_companions.hpp"

#include <algorithm>

#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

using Kind = CompanionRun::Kind;

constexpr int kSalts = 4;  // fewer have no useful spread

world::RunOptions refinements_of(const world::RunOptions& base) {
  world::RunOptions options;
  options.rung = base.rung;
  options.epsilon = base.epsilon;
  options.sample_factor = base.sample_factor;
  options.representative_factor = base.representative_factor;
  options.salt = base.salt;
  options.step_over = base.step_over;
  return options;
}

CompanionRun changed(Kind kind, const world::RunOptions& base, int salt = 0) {
  CompanionRun run{kind, refinements_of(base)};
  run.options.salt += static_cast<std::uint64_t>(salt);
  switch (kind) {
    case Kind::kEpsilonDoubled:
      run.options.epsilon = std::min(2 * base.epsilon, 0.5);
      break;
    case Kind::kEpsilonHalved:
      run.options.epsilon /= 2;
      break;
    case Kind::kSamplesDoubled:
      run.options.sample_factor *= 2;
      break;
    case Kind::kRepresentativesDoubled:
      run.options.representative_factor *= 2;
      break;
    case Kind::kSalt:
      break;
    case Kind::kQuarter:
      run.options.sample_factor /= 4;
      run.options.representative_factor /= 4;
      break;
  }
  return run;
}

analysis::Figures figures_of(const analysis::Result& answer) {
  analysis::Figures figures;
  for (const auto& [name, metric] : answer.metrics) figures[name] = metric.value;
  return figures;
}

}  // namespace

std::vector<CompanionRun> companion_runs(const world::RunOptions& base, analysis::Effort effort) {
  std::vector<CompanionRun> runs;
  if (base.rung == world::Rung::kExact || effort == analysis::Effort::kNone) return runs;
  const bool fleet = base.rung == world::Rung::kFleet;
  if (effort == analysis::Effort::kQuick) {
    if (!fleet) runs.push_back(changed(Kind::kEpsilonDoubled, base));
    for (int i = 1; fleet && i <= kSalts; ++i) runs.push_back(changed(Kind::kQuarter, base, i));
    return runs;
  }
  runs.push_back(changed(Kind::kEpsilonHalved, base));
  if (!fleet) return runs;
  runs.push_back(changed(Kind::kSamplesDoubled, base));
  runs.push_back(changed(Kind::kRepresentativesDoubled, base));
  for (int i = 1; i <= kSalts; ++i) runs.push_back(changed(Kind::kSalt, base, i));
  return runs;
}

std::vector<std::string> refinement_flags(const world::RunOptions& options) {
  const world::RunOptions usual;
  std::vector<std::string> flags;
  const auto put = [&](const char* flag, double value, double without) {
    if (value != without) flags.insert(flags.end(), {flag, scenario::print_number(value)});
  };
  put("--epsilon", options.epsilon, usual.epsilon);
  put("--sample-factor", options.sample_factor, usual.sample_factor);
  put("--representative-factor", options.representative_factor, usual.representative_factor);
  if (options.salt != usual.salt) {
    flags.insert(flags.end(), {"--salt", std::to_string(options.salt)});
  }
  if (options.step_over != usual.step_over) flags.emplace_back("--no-step-over");
  return flags;
}

void add_companion(Kind kind, const analysis::Result& answer, analysis::Companions& companions) {
  switch (kind) {
    case Kind::kEpsilonDoubled:
      companions.epsilon_doubled = figures_of(answer);
      break;
    case Kind::kEpsilonHalved:
      companions.epsilon_halved = figures_of(answer);
      break;
    case Kind::kSamplesDoubled:
      companions.samples_doubled = figures_of(answer);
      break;
    case Kind::kRepresentativesDoubled:
      companions.representatives_doubled = figures_of(answer);
      break;
    case Kind::kSalt:
      companions.salts.push_back(figures_of(answer));
      break;
    case Kind::kQuarter:
      companions.quarters.push_back(figures_of(answer));
      break;
  }
}

void borrow_errors(const std::vector<analysis::ErrorTerm>& base,
                   std::vector<analysis::ErrorTerm>& variant) {
  for (analysis::ErrorTerm& term : variant) {
    if (term.abs) continue;
    const auto same = std::find_if(base.begin(), base.end(), [&](const analysis::ErrorTerm& t) {
      return t.metric == term.metric && t.component == term.component;
    });
    if (same == base.end() || !same->abs) continue;
    term.abs = same->abs;
    term.estimator = "that of the base";
  }
}

}  // namespace fleetcache::cli
