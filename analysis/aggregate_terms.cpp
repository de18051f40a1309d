#include "analysis/aggregate_terms.hpp"

#include <algorithm>
#include <cmath>

namespace fleetcache::analysis {
namespace {

const std::string kOfAllJobs = "train.";
constexpr double kWholeMean = 1e-6;  // weights add up to 1 but for rounding

bool drawn_independently(const std::string& component) {
  return component == "seed" || component == "sample";
}

/// One component over the parts that have it.
struct Implied {
  const ErrorTerm* largest = nullptr;  // of the weighted ones; of the unknown ones the first
  bool unknown = false;
  double sum = 0, squares = 0, most = -1, weight = 0;
  int parts = 0;

  /// One part that is all of the mean, and known.
  bool is_whole() const { return !unknown && parts == 1 && std::abs(weight - 1) < kWholeMean; }
  void add(const ErrorTerm& term, double share) {
    if (!term.abs) {
      if (largest == nullptr) largest = &term;
      unknown = true;
      return;
    }
    const double part = share * *term.abs;
    weight += share;
    ++parts;
    sum += part;
    squares += part * part;
    if (part > most) {
      most = part;
      largest = &term;
    }
  }
};

void combine(ErrorTerm& own, const Implied& implied) {
  if (!own.abs) {
    if (implied.unknown) return;
    own.abs = implied.sum;
  } else if (own.component == "warmup" && implied.is_whole()) {
    own.abs = implied.sum;
  } else {
    const double least =
        drawn_independently(own.component) ? std::sqrt(implied.squares) : implied.sum;
    if (least <= *own.abs) return;
    own.abs = least;
  }
  own.estimator = kToldByParts + implied.largest->estimator;
  own.external = implied.largest->external;
}

}  // namespace

std::map<std::string, double> parts_of(const std::string& name,
                                       const std::map<std::string, Metric>& figures) {
  std::map<std::string, double> parts;
  if (name.rfind(kOfAllJobs, 0) != 0) return parts;
  const std::string figure = name.substr(kOfAllJobs.size());
  if (figure.empty() || figure.find('.') != std::string::npos) return parts;
  const std::string weight = ".weight";
  for (auto at = figures.lower_bound(kOfAllJobs); at != figures.end(); ++at) {
    if (at->first.rfind(kOfAllJobs, 0) != 0) break;
    if (at->first.size() < weight.size() || !at->first.ends_with(weight)) continue;
    const std::string part = at->first.substr(0, at->first.size() - weight.size()) + "." + figure;
    if (figures.count(part) > 0 && at->second.value > 0) parts[part] = at->second.value;
  }
  return parts;
}

std::vector<ErrorTerm> with_parts(std::vector<ErrorTerm> own, const std::string& metric,
                                  const std::vector<WeightedTerms>& parts) {
  std::vector<std::string> order;  // of components, as they come
  std::map<std::string, Implied> implied;
  for (const WeightedTerms& part : parts) {
    for (const ErrorTerm& term : part.terms) {
      if (implied.count(term.component) == 0) order.push_back(term.component);
      implied[term.component].add(term, part.weight);
    }
  }
  for (const std::string& component : order) {
    auto found = std::find_if(own.begin(), own.end(),
                              [&](const ErrorTerm& term) { return term.component == component; });
    const Implied& of_parts = implied.at(component);
    if (found == own.end()) {
      own.push_back({component, metric, std::nullopt, of_parts.largest->estimator,
                     of_parts.largest->external});
      found = own.end() - 1;
    }
    combine(*found, of_parts);
  }
  return own;
}

}  // namespace fleetcache::analysis
