#include "analysis/error_vector.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/aggregate_terms.hpp"
#include "analysis/sampled_terms.hpp"
#include "analysis/statistics.hpp"
#include "analysis/stored_errors.hpp"

namespace fleetcache::analysis {
namespace {

// Fewer batches are too long for the run, or too few to tell their spread.
constexpr std::size_t kFewestBatches = 10;
// And of random failures.
constexpr int kFewestStops = 10;
constexpr double kNormal_95 = 1.96;

bool moved_by_transfers(const Metric& m) {
  return m.unit == "s" || m.unit == "ratio" || m.unit == "B/s" || m.unit == "1/s";
}

std::string percent(double part) {
  char text[24];
  std::snprintf(text, sizeof text, "%g %%", 100 * part);
  return text;
}

/// Closed form against simulation: what is left of their disagreement when what goes into the form
/// is right.
ErrorTerm model_term(const std::string& name, const Metric& m) {
  ErrorTerm term{"model", name, 0.0, "", true};
  const char* const compared = " (closed forms against simulation: docs/validation.md)";
  switch (family_of(name, m)) {
    case Family::kStall: {
      const double v = std::clamp(m.value, 0.0, 1.0);
      const double stall = name.find("stall") != std::string::npos ? v : 1 - v;
      term.abs = std::max(kModelErrors.stall * stall, kModelErrors.stall_floor);
      term.estimator = "stored: stall and goodput, " + percent(kModelErrors.stall) +
                       " of the stall (of what a goodput lacks) or " +
                       percent(kModelErrors.stall_floor) + " of the time, the larger" + compared;
      break;
    }
    case Family::kHitRatio:
      term.abs = kModelErrors.hit_ratio;
      term.estimator = "stored: hit ratios, " + percent(kModelErrors.hit_ratio) + compared;
      break;
    case Family::kTime:
      term.abs = kModelErrors.time * std::abs(m.value);
      term.estimator = "stored: times, " + percent(kModelErrors.time) + compared;
      break;
    case Family::kTailTime:
      term.abs = kModelErrors.tail * std::abs(m.value);
      term.estimator = "stored: times that few take, " + percent(kModelErrors.tail) + compared;
      break;
    case Family::kRate:
    case Family::kOther:
      term.abs = part_of(m, kModelErrors.other);
      term.estimator = "stored: rates and other figures, " + percent(kModelErrors.other) + compared;
  }
  return term;
}

/// What goes into closed forms, moved by its own error.
void add_moved_terms(const std::string& name, const Evidence& evidence,
                     std::vector<ErrorTerm>& terms) {
  static const std::map<std::string, const char*> how = {
      {"hits", "hit ratios moved by their stated error, the whole answer again"},
      {"rates", "what origins give moved by 5 %, the whole answer again"},
      {"timing", "the measured time begun a tenth of the warm-up earlier and later"},
      {"losses",
       "lost copies and reads after a stop: the answer without, and all reads of a job in one "
       "heap"},
      {"draws", "so many prompts have so much spread, 95 %"},
  };
  for (const auto& [component, figures] : evidence.moved) {
    const auto width = figures.find(name);
    const auto text = how.find(component);
    if (width == figures.end() || text == how.end()) continue;
    terms.push_back({component, name, width->second, text->second, true});
  }
}

ErrorTerm seed_term(const std::string& name, const Metric& m) {
  ErrorTerm term{"seed", name, seed_error(m), "", false};
  if (m.replicates.size() > 1) {
    term.estimator = (m.averaged ? "mean of " : "spread of ") +
                     std::to_string(m.replicates.size()) + " seeds, Student t, 95 %";
  } else if (m.batches.size() >= kFewestBatches) {
    // The count differs from figure to figure; one line of the page covers all.
    term.estimator = "batch means long enough by their correlation, Student t, 95 %";
  } else if (!m.batches.empty()) {
    term.estimator = "not estimated: fewer than " + std::to_string(kFewestBatches) +
                     " batches (a longer horizon has more; --seeds 5 needs none)";
  } else {
    term.estimator = "not estimated: one run has no spread of this figure (--seeds 5 has)";
  }
  return term;
}

/// The figures of the job, or of all jobs, that "train.JOB.goodput" is one of: "train.JOB.". Empty
/// for what random failures do not move by stopping jobs.
std::string stopped_with(const std::string& name) {
  if (name.rfind("train.", 0) != 0) return "";
  const std::size_t dot = name.rfind('.');
  const std::string figure = name.substr(dot + 1);
  const bool moves = figure == "goodput" || figure == "stall" || figure == "restore_share" ||
                     figure == "down_share" || figure == "redone_share" ||
                     figure == "checkpoint_share";
  return moves ? name.substr(0, dot + 1) : "";
}

/// Shares of time that the stops of jobs take.
double lost_to_stops(const std::string& prefix, const std::map<std::string, Metric>& figures) {
  double lost = 0;
  for (const char* part : {"restore_share", "down_share", "redone_share"}) {
    const auto found = figures.find(prefix + part);
    if (found != figures.end()) lost += found->second.value;
  }
  return lost;
}

/// Failures that are drawn come by themselves: k stops that cost a share L of the time in all have
/// a spread of L sqrt(2 / k) when what one costs is spread like an exponential. Batches of a job
/// know only its steps, so this comes on top of them; seeds know all.
void add_failures(const std::string& name, const Metric& m,
                  const std::map<std::string, Metric>& figures, ErrorTerm& seed) {
  const std::string prefix = stopped_with(name);
  const auto stops = figures.find(prefix + "random_stops");
  if (prefix.empty() || stops == figures.end() || m.replicates.size() > 1) return;
  const double k = stops->second.value;
  if (k < kFewestStops) {
    seed.abs.reset();
    seed.estimator = "not estimated: fewer than " + std::to_string(kFewestStops) +
                     " random failures stopped jobs (--seeds 5 tells what they cost)";
    return;
  }
  const double failures = kNormal_95 * lost_to_stops(prefix, figures) * std::sqrt(2 / k);
  if (seed.abs) {
    seed.abs = std::sqrt(*seed.abs * *seed.abs + failures * failures);
    seed.estimator += "; and the number of random failures";
  }
}

/// The same for closed forms, which know what failures cost in the mean: at least as much as that
/// where few were drawn.
void add_drawn_failures(const std::string& name, const Metric& m,
                        const std::map<std::string, Metric>& figures,
                        std::vector<ErrorTerm>& terms) {
  const std::string prefix = stopped_with(name);
  const auto stops = figures.find(prefix + "random_stops");
  const auto waste = figures.find(prefix + "failure_waste");
  if (prefix.empty() || stops == figures.end()) return;
  const double k = stops->second.value;
  double abs = k > 0 ? kNormal_95 * lost_to_stops(prefix, figures) * std::sqrt(2 / k) : 0;
  // Jobs without checkpoints have no cost in the mean: they lose all that they have.
  if (k < kFewestStops && waste != figures.end())
    abs = std::max(abs, waste->second.value * m.value);
  // A job that stops more often stalls for less of the time, by as much as it runs less.
  if (name.ends_with("stall")) abs *= m.value;
  terms.push_back({"failures", name, abs,
                   "the number of random failures and what each costs, 95 %; of few, at least "
                   "their cost in the mean",
                   true});
}

ErrorTerm warmup_term(const std::string& name, const Metric& m) {
  const Truncation truncation = mser(m.batches, 1);
  ErrorTerm term{"warmup", name, std::abs(truncation.mean - mean(m.batches)), "", false};
  term.estimator = "MSER over batch means: drops the first " + std::to_string(truncation.cut) +
                   " of " + std::to_string(m.batches.size());
  if (!truncation.settled) term.estimator += "; no steady part found";
  return term;
}

ErrorTerm ladder_term(const std::string& component, const std::string& name, const Metric& m,
                      const std::array<LadderRow, 6>& table, const std::string& between) {
  const LadderRow& row = row_of(table, family_of(name, m));
  char part[48];
  std::snprintf(part, sizeof part, row.points > 0 ? "%g %% or %g points" : "%g %%",
                100 * row.relative, 100 * row.points);
  return {component, name, std::max(part_of(m, row.relative), row.points),
          std::string("stored: ") + part + " of figures of this family, " + between +
              " over drawn scenarios (docs/validation.md)",
          true};
}

void add_sampled_terms(const std::string& name, const Metric& m, const Evidence& evidence,
                       std::vector<ErrorTerm>& terms) {
  if (evidence.rung == "exact") return;
  if (moved_by_transfers(m)) {
    terms.push_back(ladder_term("bundle", name, m, kBundleErrors, "exact against bundled"));
    terms.push_back(window_term(name, m, evidence));
  }
  if (evidence.rung != "fleet") return;
  if (moved_by_transfers(m)) {
    terms.push_back(ladder_term("placement", name, m, kFleetErrors, "bundled against fleet"));
  }
  terms.push_back(sample_term(name, m, evidence));
  terms.push_back(representative_term(name, m, evidence));
  if (evidence.stepped_s > 0) terms.push_back(skip_term(name, evidence));
  if (extrapolated_tail(name, evidence) != nullptr) terms.push_back(tail_term(name, evidence));
}

std::vector<ErrorTerm> terms_of(const std::string& name,
                                const std::map<std::string, Metric>& figures,
                                const Evidence& evidence) {
  const Metric& m = figures.at(name);
  if (evidence.rung == "analytic") {
    std::vector<ErrorTerm> terms = {model_term(name, m)};
    add_moved_terms(name, evidence, terms);
    add_drawn_failures(name, m, figures, terms);
    return terms;
  }
  std::vector<ErrorTerm> terms = {seed_term(name, m)};
  add_failures(name, m, figures, terms.front());
  if (m.batches.size() >= 4) terms.push_back(warmup_term(name, m));
  if (moved_by_transfers(m)) {
    terms.push_back({"fluid", name, part_of(m, fluid_error()), fluid_source(), true});
  }
  add_sampled_terms(name, m, evidence, terms);
  return terms;
}

}  // namespace

std::optional<double> seed_error(const Metric& m) {
  if (m.averaged) return confidence_95(m.replicates);
  if (m.replicates.size() > 1) {
    // Of one run, not of the mean over seeds: the figure shown is that of the first seed.
    return student_t_95(m.replicates.size() - 1) * standard_deviation(m.replicates);
  }
  if (m.batches.size() >= kFewestBatches) return confidence_95_of_batches(m.batches);
  return std::nullopt;
}

std::vector<ErrorTerm> error_vector(const std::map<std::string, Metric>& figures,
                                    const std::vector<std::string>& metrics,
                                    const Evidence& evidence) {
  std::vector<ErrorTerm> terms;
  for (const std::string& name : metrics) {
    if (figures.count(name) == 0) continue;
    std::vector<WeightedTerms> parts;
    for (const auto& [part, weight] : parts_of(name, figures)) {
      parts.push_back({weight, terms_of(part, figures, evidence)});
    }
    const auto of_metric = with_parts(terms_of(name, figures, evidence), name, parts);
    terms.insert(terms.end(), of_metric.begin(), of_metric.end());
  }
  return terms;
}

double total_error(const std::vector<ErrorTerm>& terms, const std::string& metric) {
  double sum = 0;
  for (const ErrorTerm& term : terms) {
    if (term.metric == metric) sum += term.abs.value_or(0);
  }
  return sum;
}

bool has_unknown_error(const std::vector<ErrorTerm>& terms, const std::string& metric) {
  return std::any_of(terms.begin(), terms.end(), [&](const ErrorTerm& term) {
    return term.metric == metric && !term.abs.has_value();
  });
}

}  // namespace fleetcache::analysis
