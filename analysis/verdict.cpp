#include "analysis/verdict.hpp"

#include "analysis/error_vector.hpp"

namespace fleetcache::analysis {

const char* name_of(State state) {
  switch (state) {
    case State::kMet:
      return "met";
    case State::kMissed:
      return "missed";
    case State::kUndecided:
      break;
  }
  return "undecided";
}

namespace {

/// Whether what is left of the start of the run makes up more than half of the error.
bool mostly_transient(const std::vector<ErrorTerm>& errors, const std::string& metric) {
  double warmup = 0;
  for (const ErrorTerm& term : errors) {
    if (term.metric == metric && term.component == "warmup") warmup += term.abs.value_or(0);
  }
  return warmup > total_error(errors, metric) / 2;
}

Verdict draw(const Objective& objective, const std::map<std::string, Metric>& metrics,
             const std::vector<ErrorTerm>& errors, bool interrupted) {
  Verdict verdict;
  verdict.objective = objective;
  const auto found = metrics.find(objective.metric);
  if (found == metrics.end()) {
    verdict.reason = "this run does not report the metric";
    return verdict;
  }
  const Metric& metric = found->second;
  verdict.value = metric.value;
  verdict.unit = metric.unit;
  verdict.ci = seed_error(metric);
  verdict.error = total_error(errors, objective.metric);
  verdict.error_known = !has_unknown_error(errors, objective.metric);
  const double above = metric.value - objective.limit;
  verdict.margin = objective.less_than ? -above : above;
  if (interrupted) {
    verdict.reason = "the run was interrupted";
  } else if (!verdict.error_known) {
    verdict.reason = "a part of the error is not estimated (see ERRORS)";
  } else if (verdict.margin > verdict.error) {
    verdict.state = State::kMet;
  } else if (-verdict.margin > verdict.error) {
    verdict.state = State::kMissed;
  } else {
    verdict.reason = "the margin is not larger than the error";
    if (mostly_transient(errors, objective.metric)) {
      verdict.reason +=
          ", most of it a transient (a first epoch, filling caches): it depends on how long the "
          "run is; a longer time.horizon or a time.warmup decides";
    }
  }
  return verdict;
}

}  // namespace

std::vector<Verdict> draw_verdicts(const std::vector<Objective>& objectives,
                                   const std::map<std::string, Metric>& metrics,
                                   const std::vector<ErrorTerm>& errors, bool interrupted) {
  std::vector<Verdict> verdicts;
  for (const Objective& objective : objectives) {
    verdicts.push_back(draw(objective, metrics, errors, interrupted));
  }
  return verdicts;
}

int slo_exit_code(const std::vector<Verdict>& verdicts) {
  int code = 0;
  for (const Verdict& verdict : verdicts) {
    if (verdict.state == State::kMissed) return 1;
    if (verdict.state == State::kUndecided) code = 4;
  }
  return code;
}

}  // namespace fleetcache::analysis
