/// Errors of a figure that is a mean of others: of all training jobs, weighted by their time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// What an estimator begins with where the parts decide.
inline constexpr const char* kToldByParts = "weighted over its jobs, each: ";

/// A part of a mean: its share of it and the error of its figure.
struct WeightedTerms {
  double weight = 0;  ///< of 1
  std::vector<ErrorTerm> terms;
};

/// What "train.goodput" is a mean of: "train.JOB.goodput" -> "train.JOB.weight", of the jobs that
/// have both. Empty for a figure that is no such mean.
std::map<std::string, double> parts_of(const std::string& name,
                                       const std::map<std::string, Metric>& figures);

/// The terms of a mean, `own` as estimated from the mean itself, so that none is smaller than what
/// its parts imply: a component that the mean does not have, or does not know, is the weighted sum
/// of those of the parts (unknown when one of them is); a known one is at least that sum, or for
/// independent draws (seed, sample), whose spread the mean itself shows, the root of the weighted
/// squares. The warm-up of the only part is that of the mean: its own batches take a planned stop
/// for one. Estimators say so where the parts decide.
std::vector<ErrorTerm> with_parts(std::vector<ErrorTerm> own, const std::string& metric,
                                  const std::vector<WeightedTerms>& parts);

}  // namespace fleetcache::analysis
