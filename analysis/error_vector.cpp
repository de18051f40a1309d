#include "analysis/error_vector.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics.hpp"

namespace fleetcache::analysis {
namespace {

// A standard error that came without its batches is read as one of sixteen: probes merge batches
// in pairs and keep 16 to 32, so this is the widest interval that fits.
constexpr std::size_t kFewestBatches = 16;

bool moved_by_transfers(const Metric& m) {
  return m.unit == "s" || m.unit == "ratio" || m.unit == "B/s" || m.unit == "1/s";
}

/// What a relative error scales: a share of time is wrong by a part of its smaller side (99 %
/// goodput is 1 % waiting, and the waiting is what is modelled).
double scale_of(const Metric& m) {
  const double v = std::abs(m.value);
  return m.unit == "ratio" && v <= 1 ? std::min(v, 1 - v) : v;
}

ErrorTerm seed_term(const std::string& name, const Metric& m) {
  ErrorTerm term{"seed", name, seed_error(m), "", false};
  if (m.replicates.size() > 1) {
    term.estimator = "spread of " + std::to_string(m.replicates.size()) + " seeds, Student t, 95 %";
  } else if (m.batches.size() > 1) {
    term.estimator = std::to_string(m.batches.size()) + " batch means, Student t, 95 %";
  } else if (m.standard_error > 0) {
    term.estimator = "batch means (at least 16), Student t, 95 %";
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
  if (m.batches.size() > 1) return confidence_95(m.batches);
  if (m.standard_error > 0) return student_t_95(kFewestBatches - 1) * m.standard_error;
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
      terms.push_back({"model", name, external.model * scale_of(m),
                       "declared: closed form within 5 % of simulation in steady state", true});
      continue;
    }
    terms.push_back(seed_term(name, m));
    if (m.batches.size() >= 4) terms.push_back(warmup_term(name, m));
    if (moved_by_transfers(m)) {
      terms.push_back(
          {"fluid", name, external.fluid * scale_of(m),
           "declared: fluid flows within 5 % of packets for transfers of 16 BDP or more "
           "(a design target, unproven)",
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
