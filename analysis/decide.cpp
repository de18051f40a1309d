#include "analysis/decide.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "analysis/error_vector.hpp"
#include "analysis/sampled_terms.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::analysis {
namespace {

// What is not known about an assumed input without a stated range.
constexpr double kUnstated = 0.5;

std::string digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  // 1.2e+03 as people write it.
  if (value >= 100 && value < 1e9) std::snprintf(text, sizeof text, "%.0f", std::ceil(value));
  return text;
}

bool reducible(const ErrorTerm& term) { return !term.external; }

/// How a run gets the component to `part` of what it is.
std::string remedy(const ErrorTerm& term, double part, const Evidence& evidence) {
  const double times = 1 / part;
  if (term.component == "seed") {
    // The mean of n seeds is off by 1 / sqrt(n) of one; fewer than five have no useful spread.
    return "--reps " + digits(std::max(5.0, std::ceil(evidence.reps * times * times) + 2));
  }
  if (term.component == "warmup") return "a longer time.horizon or a time.warmup";
  if (term.component == "window") return "--epsilon " + digits(evidence.epsilon * part);
  if (term.component == "sample") return "--sample-factor " + digits(std::ceil(times * times));
  if (term.component == "representative") {
    return "--representative-factor " + digits(std::ceil(times));
  }
  if (term.component == "skip") return "--no-step-over";
  if (term.component == "bundle") return "--rung exact on a part of the fleet";
  if (term.component == "placement") return "--rung bundled on a part of the fleet";
  if (term.component == "fluid") return "a packet-level measurement of its transfers";
  static const std::set<std::string> of_closed_forms = {"model",  "failures", "hits", "rates",
                                                        "timing", "losses",   "draws"};
  if (of_closed_forms.count(term.component) != 0) return "a simulating rung";
  return "a longer run";
}

std::string remedy_of_unknown(const ErrorTerm& term, const Evidence& evidence) {
  if (term.component == "seed") return "--reps 5, or a longer time.horizon";
  if (term.component == "tail") {
    const TailSample* tail = extrapolated_tail(term.metric, evidence);
    const double times =
        tail != nullptr && tail->samples > 0 ? kDrawsPerReader * tail->readers / tail->samples : 2;
    return "--sample-factor " + digits(std::ceil(times)) + ", or as many times the steps";
  }
  if (term.component == "skip") return "--no-step-over";
  return evidence.effort == Effort::kNone ? "--error quick or full" : "--error full";
}

const ErrorTerm* largest(const std::vector<const ErrorTerm*>& terms) {
  const ErrorTerm* best = nullptr;
  for (const ErrorTerm* term : terms) {
    if (term->abs && (best == nullptr || *term->abs > *best->abs)) best = term;
  }
  return best;
}

std::string joined(const std::vector<std::string>& words, const char* last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == words.size() ? last : ", ") + words[i];
  }
  return out;
}

void add_once(const std::string& word, std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

/// All of them are wanted: each by itself leaves the sum unknown.
Decider unknown_decide(const std::vector<const ErrorTerm*>& unknown, const Evidence& evidence) {
  std::vector<std::string> components, remedies;
  for (const ErrorTerm* term : unknown) {
    add_once(term->component, components);
    add_once(remedy_of_unknown(*term, evidence), remedies);
  }
  const bool one = components.size() == 1;
  const std::string asked_for_none =
      evidence.effort == Effort::kNone ? " (the error was not measured: --error none)" : "";
  return {"component", joined(components, ", "), std::nullopt, std::nullopt,
          std::string("decided if component") + (one ? " " : "s ") + joined(components, " and ") +
              (one ? " is" : " are") + " estimated" + asked_for_none + ": " +
              joined(remedies, ", and ")};
}

Decider decides(const ErrorTerm& term, double needed, const Evidence& evidence) {
  const double part = needed / *term.abs;
  return {"component", term.component, *term.abs, needed,
          "decided if component " + term.component + " is at most " + digits(100 * part) +
              " % of what it is: " + remedy(term, part, evidence)};
}

}  // namespace

std::optional<Decider> component_that_decides(const Verdict& verdict,
                                              const std::vector<ErrorTerm>& terms,
                                              const Evidence& evidence) {
  std::vector<const ErrorTerm*> of_metric, unknown;
  for (const ErrorTerm& term : terms) {
    if (term.metric != verdict.objective.metric) continue;
    (term.abs ? of_metric : unknown).push_back(&term);
  }
  if (!unknown.empty()) return unknown_decide(unknown, evidence);
  const double margin = std::abs(verdict.margin);
  const auto suffices = [&](const ErrorTerm* term) {
    return margin > verdict.error - *term->abs && *term->abs > 0;
  };
  for (const bool ours : {true, false}) {
    std::vector<const ErrorTerm*> candidates;
    for (const ErrorTerm* term : of_metric) {
      if (reducible(*term) == ours && suffices(term)) candidates.push_back(term);
    }
    if (const ErrorTerm* best = largest(candidates)) {
      // A little under the break-even point, where the margin would only equal the sum.
      return decides(*best, 0.95 * (margin - (verdict.error - *best->abs)), evidence);
    }
  }
  const ErrorTerm* most = largest(of_metric);
  if (most == nullptr || *most->abs <= 0) return std::nullopt;
  return Decider{"component", most->component, *most->abs, std::nullopt,
                 "no component decides alone; the largest is " + most->component + ": " +
                     remedy(*most, 0.5, evidence) + " halves it"};
}

std::optional<Decider> input_that_decides(const Verdict& verdict,
                                          const std::vector<Sensitivity>& sensitivities) {
  // Which of them matters is not known before the error is.
  if (!verdict.error_known) return std::nullopt;
  const double margin = std::abs(verdict.margin);
  struct Candidate {
    const Sensitivity* input;
    double reach;
  };
  std::vector<Candidate> candidates;
  for (const Sensitivity& s : sensitivities) {
    const bool stated = s.range_low > 0 && s.range_high > 0;
    const double unknown =
        stated ? std::max(portable_log(s.range_high), -portable_log(s.range_low)) : kUnstated;
    const double reach = std::abs(s.slope) * unknown;
    if (reach > margin) candidates.push_back({&s, reach});
  }
  if (candidates.empty()) return std::nullopt;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.reach > b.reach; });
  const auto precision = [&](const Candidate& c) { return margin / std::abs(c.input->slope); };
  const Candidate& best = candidates.front();
  std::string text = "hangs on kind: assumed input " + best.input->input + " (" + best.input->text +
                     "): its sign holds if that is known within ±" + digits(100 * precision(best)) +
                     " %";
  std::vector<std::string> others;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    others.push_back(candidates[i].input->input + " (±" + digits(100 * precision(candidates[i])) +
                     " %)");
  }
  if (!others.empty()) text += "; less so on " + joined(others, " and ");
  return Decider{"input", best.input->input, std::nullopt, precision(best), text};
}

}  // namespace fleetcache::analysis
