/// A mergeable histogram of non-negative numbers with a fixed relative error, for percentiles of
/// latencies and utilisations whose range is not known beforehand.
#pragma once

#include <cstdint>
#include <vector>

namespace fleetcache::models {

/// Log-linear buckets: every power of two is cut into 128 equal parts, so a quantile is within
/// `kRelativeError` of a value that has exactly the asked rank. The bucket of a number is read off
/// its bits (IEEE 754 doubles of one sign sort like integers): no logarithm, the same buckets on
/// every machine.
///
/// A sampled observation stands for `weight` of the population. Weights that are whole, or powers
/// of two, add up exactly, so that merging gives the same counts in any order; other weights and
/// `sum` are floating-point sums, and callers that need their last bit merge in one fixed order.
///
/// Memory: 8 bytes for each bucket between the smallest and the largest value, 1 KiB an octave.
/// Source: idea of HdrHistogram (Tene) and DDSketch (Masson, Rim, Lee, VLDB 2019).
/// Checked by: tests/unit/models/quantile_sketch_test.cpp.
class QuantileSketch {
 public:
  /// Half a bucket over its lower edge: 2^-8, for normal numbers (>= 2.3e-308).
  static constexpr double kRelativeError = 1.0 / 256.0;

  /// One observation that stands for `weight`. Requires: both finite and >= 0. O(1), amortised.
  void add(double value, double weight = 1);
  /// Adds what `other` holds, its weights times `factor`. Requires: factor finite and >= 0.
  void merge(const QuantileSketch& other, double factor = 1);
  /// What was added after `earlier`, an older copy of this sketch that only grew since. The ends
  /// are those of buckets: within kRelativeError. O(buckets).
  QuantileSketch since(const QuantileSketch& earlier) const;

  /// The least value with a share of at least q of the weight up to it (rank ceil(q * count) where
  /// weights are 1), within kRelativeError; the exact minimum for q = 0 and
  /// maximum for q = 1; 0 when empty. Requires: 0 <= q <= 1. O(buckets).
  double quantile(double q) const;

  /// Total weight: what the observations stand for.
  double weight() const { return weight_; }
  /// The same, rounded.
  std::uint64_t count() const { return static_cast<std::uint64_t>(weight_ + 0.5); }
  /// Equally weighted observations with the same standard error (Kish): (sum w)^2 / sum w^2.
  double effective_count() const { return squares_ > 0 ? weight_ * weight_ / squares_ : 0; }
  double sum() const { return sum_; }  ///< of value times weight
  double mean() const { return weight_ > 0 ? sum_ / weight_ : 0; }
  double min() const { return min_; }  ///< 0 when empty
  double max() const { return max_; }  ///< 0 when empty

 private:
  double& bucket(std::uint64_t index);

  std::uint64_t first_ = 0;  ///< index of counts_[0]
  std::vector<double> counts_;
  double weight_ = 0;
  double squares_ = 0;  ///< of the weights
  double sum_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace fleetcache::models
