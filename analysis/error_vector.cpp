#include "analysis/error_vector.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics.hpp"

namespace fleetcache::analysis {
namespace {

// Fewer batches are too long for the run, or too few to tell their spread.
constexpr std::size_t kFewestBatches = 10;

bool moved_by_transfers(const Metric& m) {
  return m.unit == "s" || m.unit == "ratio" || m.unit == "B/s" || m.unit == "1/s";
}

bool is_share(const Metric& m) { return m.unit == "ratio" && std::abs(m.value) <= 1; }

/// What a relative error scales: a share of time is wrong by a part of its smaller side (99 %
/// goodput is 1 % waiting, and the waiting is what is modelled).
double smaller_side(const Metric& m) {
  const double v = std::abs(m.value);
  return is_share(m) ? std::min(v, 1 - v) : v;
}

/// A share is never known exactly: without the floor one of 0 or 100 % would have no error.
double part_of(const Metric& m, double relative, double floor) {
  return std::max(relative * smaller_side(m), is_share(m) ? floor : 0);
}

bool has(const std::string& name, const char* word) { return name.find(word) != std::string::npos; }

/// Closed form against simulation: the largest disagreement measured for a family of figures.
ErrorTerm model_term(const std::string& name, const Metric& m, const ExternalErrors& e) {
  ErrorTerm term{"model", name, 0.0, "", true};
  if (m.unit == "ratio" && (has(name, "stall") || has(name, "goodput"))) {
    const double v = std::clamp(m.value, 0.0, 1.0);
    const double stall = has(name, "stall") ? v : 1 - v;
    term.abs = std::max(e.model_stall * stall, e.model_stall_floor);
    term.estimator =
        "stored: stall and goodput, 25 % of the stall or 2 points, the larger "
        "(exact against analytic in docs/analytic.md)";
  } else if (m.unit == "ratio" && has(name, "hit_ratio")) {
    term.abs = e.model_hit_ratio;
    term.estimator = "stored: hit ratios, 6 points (exact against analytic in docs/analytic.md)";
  } else if (m.unit == "s") {
    term.abs = e.model_time * std::abs(m.value);
    term.estimator = "stored: times, 40 % (exact against analytic in docs/analytic.md)";
  } else {
    term.abs = part_of(m, e.model, e.share_floor);
    term.estimator =
        "declared: 5 %, not compared with simulation (docs/analytic.md lists what was)";
  }
  return term;
}

ErrorTerm seed_term(const std::string& name, const Metric& m) {
  ErrorTerm term{"seed", name, seed_error(m), "", false};
  if (m.replicates.size() > 1) {
    term.estimator = "spread of " + std::to_string(m.replicates.size()) + " seeds, Student t, 95 %";
  } else if (m.batches.size() >= kFewestBatches) {
    // The count differs from figure to figure; one line of the page covers all.
    term.estimator = "batch means, Student t of n - 1 degrees, 95 %";
  } else if (!m.batches.empty()) {
    term.estimator = "not estimated: fewer than " + std::to_string(kFewestBatches) +
                     " batches (a longer horizon has more; --seeds 5 needs none)";
  } else {
    term.estimator = "not estimated: one run has no spread of this figure (--seeds 5 has)";
  }
  return term;
}

ErrorTerm warmup_term(const std::string& name, const Metric& m) {
  const Truncation truncation = mser(m.batches, 1);
  ErrorTerm term{"warmup", name, std::abs(truncation.mean - mean(m.batches)), "", false};
  term.estimator = "MSER over batch means: drops the first " + std::to_string(truncation.cut) +
                   " of " + std::to_string(m.batches.size());
  if (!truncation.settled) term.estimator += "; no steady part found";
  return term;
}

}  // namespace

std::optional<double> seed_error(const Metric& m) {
  if (m.replicates.size() > 1) {
    // Of one run, not of the mean over seeds: the figure shown is that of the first seed.
    return student_t_95(m.replicates.size() - 1) * standard_deviation(m.replicates);
  }
  if (m.batches.size() >= kFewestBatches) return confidence_95(m.batches);
  return std::nullopt;
}

std::vector<ErrorTerm> error_vector(const std::map<std::string, Metric>& figures,
                                    const std::vector<std::string>& metrics, bool simulated,
                                    const ExternalErrors& external) {
  std::vector<ErrorTerm> terms;
  for (const std::string& name : metrics) {
    const auto found = figures.find(name);
    if (found == figures.end()) continue;
    const Metric& m = found->second;
    if (!simulated) {
      terms.push_back(model_term(name, m, external));
      continue;
    }
    terms.push_back(seed_term(name, m));
    if (m.batches.size() >= 4) terms.push_back(warmup_term(name, m));
    if (moved_by_transfers(m)) {
      terms.push_back({"fluid", name, part_of(m, external.fluid, external.share_floor),
                       "declared: fluid flows within 5 % of packets (shares: of the smaller side, "
                       "0.1 points at "
                       "least) for transfers of 16 BDP or more (a design target, unproven)",
                       true});
    }
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
