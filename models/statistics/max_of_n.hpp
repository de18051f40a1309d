/// The slowest of N, from a pool of observations of one: what a synchronous step of N nodes waits
/// for when only some of the nodes are simulated.
#pragma once

#include <cstdint>
#include <vector>

namespace fleetcache::models {

/// An observation and how many of the population it stands for.
struct Weighted {
  double value = 0;
  double weight = 1;
};

/// Exceedances y over a threshold as a generalised Pareto law,
/// P(Y > y) = (1 + shape y / scale)^(-1/shape), exponential where shape = 0.
struct ParetoTail {
  double threshold = 0;
  double share = 0;  ///< of the population above the threshold
  double scale = 0;
  double shape = 0;

  /// The value exceeded with probability `p`. Requires: 0 < p <= share.
  double exceeded_with(double p) const;
};

/// Distribution of the largest of N independent draws from the law that `pool` samples.
///
/// With at least `kPerNode` effective observations a node (n >= 10 N) the pool answers alone: the
/// empirical quantile function at u^(1/N). With fewer the answer lies beyond what was seen: the
/// tail above a high threshold is fitted as a generalised Pareto law by probability-weighted
/// moments, and the answer is marked `extrapolated`.
///
/// Two errors are kept apart. `standard_error` is that of the pool as a sample: a jackknife of the
/// whole answer over 20 consecutive blocks of the pool, in the order given, so that observations
/// that follow each other may be correlated. `model_error` is how far other tails that
/// describe the same exceedances as well (Kolmogorov distance) go off: a log-normal one, and one
/// fitted above a lower threshold; 0 where nothing is extrapolated. Ten times beyond the pool the
/// two together (2 standard errors plus model) come to 35 to 65 % of the answer: that is what
/// extrapolation costs.
///
/// Requires: a pool with positive weights, values finite and >= 0; n >= 1. Valid for: independent
/// draws; an extrapolated answer also for one smooth tail (retries with fixed time-outs are not
/// one). Shapes are held to [-0.5, 0.9]: beyond, the mean of the maximum is not to be had.
/// Cost: O(n log n) to make, O(log n) a draw.
/// Source: Hosking and Wallis, Technometrics 29 (1987), for the moments; Pickands (1975) for the
/// law; Shao and Wu (1989) for the delete-a-block jackknife. Checked by: V13, V14 in
/// tests/unit/models/statistics_tail_test.cpp.
class MaxOfN {
 public:
  static constexpr double kPerNode = 10;

  MaxOfN(std::vector<Weighted> pool, double n);

  /// One draw of the maximum. Requires: 0 < u < 1, uniform. Increasing in u.
  double draw(double u) const;
  double mean() const { return mean_; }
  double standard_error() const { return standard_error_; }
  double model_error() const { return model_error_; }
  bool extrapolated() const { return extrapolated_; }
  /// Effective observations in the pool: (sum w)^2 / sum w^2.
  double observations() const { return observations_; }
  const ParetoTail& tail() const { return tail_; }  ///< meaningful where extrapolated

 private:
  std::vector<double> values_;  // ascending
  std::vector<double> below_;   // share of the weight up to and with each value
  double n_ = 1;
  double observations_ = 0;
  double mean_ = 0;
  double standard_error_ = 0;
  double model_error_ = 0;
  bool extrapolated_ = false;
  ParetoTail tail_;
};

/// Observations of a stretch of time in bounded memory. When full, half of them are dropped, each
/// by a hash of its number, and those that stay stand for twice as many: the pool is a uniform
/// sample of everything added, whatever the length of the stretch.
class ObservationPool {
 public:
  explicit ObservationPool(std::size_t most = 65536, std::uint64_t seed = 0);
  /// Amortised O(1).
  void add(double value, double weight = 1);
  void clear();
  std::size_t size() const { return kept_.size(); }
  std::uint64_t added() const { return added_; }
  /// What is kept, weights scaled up to all that was added.
  std::vector<Weighted> observations() const;

 private:
  struct Kept {
    Weighted observation;
    std::uint64_t hash = 0;
  };
  bool keeps(std::uint64_t hash) const {
    return (hash & ((std::uint64_t{1} << halvings_) - 1)) == 0;
  }

  std::size_t most_;
  std::uint64_t seed_;
  std::uint64_t added_ = 0;
  std::uint32_t halvings_ = 0;
  std::vector<Kept> kept_;
};

}  // namespace fleetcache::models
