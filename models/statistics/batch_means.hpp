/// Batch means of a time series: the standard error of a mean whose samples are correlated.
#pragma once

#include <cstddef>
#include <vector>

namespace fleetcache::models {

/// Splits a window of time into equal batches and keeps the weighted mean of each. Means of long
/// batches are nearly independent, so their spread gives the standard error of the whole mean.
/// Valid for: batches much longer than the correlation time of the series.
/// Source: Law, Simulation Modeling and Analysis, 5th ed., section 9.5.3.
/// Checked by: tests/unit/models/batch_means_test.cpp.
class BatchMeans {
 public:
  static constexpr std::size_t kBatches = 20;

  /// Requires: end_s > start_s.
  BatchMeans(double start_s, double end_s, std::size_t batches = kBatches);

  /// A sample at a time; samples outside the window are left out. O(1).
  void add(double time_s, double value, double weight = 1);

  double mean() const;  ///< of all samples; 0 when there are none
  /// Of `mean`: 0 when fewer than two batches hold a sample.
  double standard_error() const;
  /// Means of the batches that hold a sample, in time order.
  std::vector<double> means() const;

 private:
  double start_s_;
  double width_s_;
  std::vector<double> sums_;
  std::vector<double> weights_;
};

/// Standard error of the mean of equally weighted, nearly independent values; 0 for fewer than two.
double standard_error(const std::vector<double>& values);

}  // namespace fleetcache::models
