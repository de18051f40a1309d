#include "analysis/sampled_terms.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics.hpp"
#include "analysis/stored_errors.hpp"

namespace fleetcache::analysis {
namespace {

std::optional<double> difference(const std::optional<Figures>& companion, const std::string& name,
                                 double base) {
  if (!companion) return std::nullopt;
  const auto found = companion->find(name);
  if (found == companion->end()) return std::nullopt;
  return std::abs(found->second - base);
}

std::vector<double> of_all(const std::vector<Figures>& companions, const std::string& name) {
  std::vector<double> values;
  for (const Figures& figures : companions) {
    const auto found = figures.find(name);
    if (found != figures.end()) values.push_back(found->second);
  }
  return values;
}

std::string not_estimated(const Evidence& evidence) {
  return evidence.effort == Effort::kNone ? "not estimated (--error none)"
                                          : "not estimated: its companion runs gave no answer";
}

}  // namespace

ErrorTerm window_term(const std::string& name, const Metric& metric, const Evidence& evidence) {
  ErrorTerm term{"window", name, std::nullopt, not_estimated(evidence), false};
  if (const auto half = difference(evidence.companions.epsilon_halved, name, metric.value)) {
    term.abs = 2 * *half;
    term.estimator = "twice the difference to a run with half the re-solve threshold";
  } else if (const auto twice =
                 difference(evidence.companions.epsilon_doubled, name, metric.value)) {
    term.abs = *twice;
    term.estimator = "difference to a run with twice the re-solve threshold";
  } else if (evidence.rung == "fleet" && evidence.effort == Effort::kQuick) {
    // The threshold's own error is small beside sampling; its bound is part of the stored table.
    term.abs = part_of(metric, 0.005);
    term.estimator = "declared: 0.5 % at a threshold of 5 % (--error full measures it)";
    term.external = true;
  }
  return term;
}

ErrorTerm sample_term(const std::string& name, const Metric& metric, const Evidence& evidence) {
  ErrorTerm term{"sample", name, std::nullopt, not_estimated(evidence), false};
  std::vector<double> salts = of_all(evidence.companions.salts, name);
  const std::vector<double> quarters = of_all(evidence.companions.quarters, name);
  if (salts.size() >= 2) {
    salts.push_back(metric.value);
    const double spread = student_t_95(salts.size() - 1) * standard_deviation(salts);
    const auto doubled = difference(evidence.companions.samples_doubled, name, metric.value);
    term.abs = std::max(spread, 2 * doubled.value_or(0));
    term.estimator = "spread of " + std::to_string(salts.size()) +
                     " salts, Student t, or twice the difference to doubled samples, the larger";
  } else if (quarters.size() >= 2) {
    term.abs = student_t_95(quarters.size() - 1) * standard_deviation(quarters) / 2;
    term.estimator = "spread of " + std::to_string(quarters.size()) +
                     " salts with a quarter of the samples, Student t, halved";
  }
  return term;
}

ErrorTerm representative_term(const std::string& name, const Metric& metric,
                              const Evidence& evidence) {
  ErrorTerm term{"representative", name, std::nullopt, not_estimated(evidence), false};
  const std::vector<double> quarters = of_all(evidence.companions.quarters, name);
  if (const auto doubled =
          difference(evidence.companions.representatives_doubled, name, metric.value)) {
    term.abs = 2 * *doubled;
    term.estimator = "Richardson: twice the difference to doubled representatives";
  } else if (!quarters.empty()) {
    term.abs = std::abs(mean(quarters) - metric.value) / 3;
    term.estimator = "Richardson: a third of the difference to a quarter of the representatives";
  }
  return term;
}

ErrorTerm skip_term(const std::string& name, const Evidence& evidence) {
  ErrorTerm term{"skip", name, std::nullopt,
                 "not estimated: no stretch that was stepped over was re-run for this figure",
                 false};
  const auto found = evidence.skip.find(name);
  if (found != evidence.skip.end()) {
    term.abs = std::abs(found->second);
    term.estimator = "stretches stepped over, against one re-run in full";
  }
  return term;
}

const TailSample* extrapolated_tail(const std::string& name, const Evidence& evidence) {
  const TailSample* worst = nullptr;
  for (const auto& [job, tail] : evidence.tails) {
    if (tail.samples >= kDrawsPerReader * tail.readers) continue;
    // Figures of all jobs together hang on each of them.
    const bool of_job = name.rfind("train." + job + ".", 0) == 0 || name == "train.stall" ||
                        name == "train.goodput";
    if (!of_job) continue;
    if (worst == nullptr || tail.samples * worst->readers < worst->samples * tail.readers) {
      worst = &tail;
    }
  }
  return worst;
}

ErrorTerm tail_term(const std::string& name, const Evidence& evidence) {
  ErrorTerm term{"tail", name, std::nullopt,
                 "extrapolated: fewer than 10 draws for each reader whose slowest counts", false};
  const auto found = evidence.tail.find(name);
  if (found != evidence.tail.end()) term.abs = std::abs(found->second);
  return term;
}

}  // namespace fleetcache::analysis
