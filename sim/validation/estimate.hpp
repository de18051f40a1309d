/// Means with their standard errors, and when a run was long enough.
#pragma once

#include <cmath>
#include <cstdint>

namespace fleetcache::validation {

/// Mean of independent values (Welford).
class Estimate {
 public:
  void add(double value) {
    ++n_;
    const double delta = value - mean_;
    mean_ += delta / static_cast<double>(n_);
    squares_ += delta * (value - mean_);
  }
  std::uint64_t count() const { return n_; }
  double mean() const { return mean_; }
  double standard_error() const {
    if (n_ < 2) return 0;
    const auto n = static_cast<double>(n_);
    return std::sqrt(squares_ / (n - 1) / n);
  }
  /// Long enough for the pass rule, with a margin for the error of the error.
  bool settled(double tolerance, std::uint64_t least) const {
    return n_ >= least && standard_error() <= 0.4 * tolerance;
  }

 private:
  std::uint64_t n_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// Mean of a correlated series by batches of equal length: each batch mean is nearly independent.
class BatchEstimate {
 public:
  explicit BatchEstimate(std::uint64_t batch) : batch_(batch) {}

  void add(double value) {
    sum_ += value;
    if (++filled_ < batch_) return;
    means_.add(sum_ / static_cast<double>(batch_));
    sum_ = 0;
    filled_ = 0;
  }
  const Estimate& batches() const { return means_; }

 private:
  std::uint64_t batch_;
  std::uint64_t filled_ = 0;
  double sum_ = 0;
  Estimate means_;
};

}  // namespace fleetcache::validation
