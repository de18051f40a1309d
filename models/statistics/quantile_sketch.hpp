/// A mergeable histogram of non-negative numbers with a fixed relative error, for percentiles of
/// latencies and utilisations whose range is not known beforehand.
#pragma once

#include <cstdint>
#include <vector>

namespace fleetcache::models {

/// Log-linear buckets: every power of two is cut into 128 equal parts, so a quantile is within
/// `kRelativeError` of a value that has exactly the asked rank. The bucket of a number is read off
/// its bits (IEEE 754 doubles of one sign sort like integers): no logarithm, the same buckets on
/// every machine. Merging gives the same counts in any order; `sum` is a floating-point sum, so
/// callers that need its last bit merge in one fixed order.
///
/// Memory: 8 bytes for each bucket between the smallest and the largest value, 1 KiB an octave.
/// Source: idea of HdrHistogram (Tene) and DDSketch (Masson, Rim, Lee, VLDB 2019).
/// Checked by: tests/unit/models/quantile_sketch_test.cpp.
class QuantileSketch {
 public:
  /// Half a bucket over its lower edge: 2^-8, for normal numbers (>= 2.3e-308).
  static constexpr double kRelativeError = 1.0 / 256.0;

  /// Counts `value` `times` times. Requires: value finite and >= 0. O(1), amortised.
  void add(double value, std::uint64_t times = 1);
  void merge(const QuantileSketch& other);

  /// The value of rank ceil(q * count), within kRelativeError; the exact minimum for q = 0 and
  /// maximum for q = 1; 0 when empty. Requires: 0 <= q <= 1. O(buckets).
  double quantile(double q) const;

  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  double min() const { return min_; }  ///< 0 when empty
  double max() const { return max_; }  ///< 0 when empty

 private:
  std::uint64_t& bucket(std::uint64_t index);

  std::uint64_t first_ = 0;  ///< index of counts_[0]
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace fleetcache::models
