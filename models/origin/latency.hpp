/// Latency of one read: log-normal, by the two figures that benchmarks publish.
#pragma once

#include <cstdint>
#include <functional>

#include "policies/base/rng.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Log-normal latency with a given median and 99th percentile. Fits published Blob block reads to
/// p99.9 within 2 % (standard, premium flat accounts); hierarchical namespaces have a heavier tail.
/// Source: docs/models/latency.md. Checked by: tests/unit/models/origin_test.cpp (V14, V15).
class LogNormalLatency {
 public:
  /// Requires: 0 < p50 <= p99. Equal ones make a constant.
  LogNormalLatency(Duration p50, Duration p99);

  double sigma() const { return sigma_; }
  Duration median() const { return from_seconds(median_s_); }
  /// One draw; takes exactly one number from the stream.
  Duration sample(Rng& rng) const;
  /// Requires: 0 < p < 1.
  Duration quantile(double p) const;
  Duration mean() const;
  /// Quantile of the slowest of n independent reads. Requires: 0 < p < 1, n > 0; n < 1: of what
  /// has the law F^n, the slowest where only a share n of the steps has one, to first order.
  Duration quantile_of_max(double n, double p) const;
  /// Mean of the slowest of n independent reads. ~900 normal quantiles (0.1 ms); relative error
  /// below 1e-6.
  Duration mean_of_max(double n) const { return mean_excess_of_max(n, Duration(0)); }
  /// E[(max - slack)+]: the mean stall of a synchronous step that can hide `slack`.
  Duration mean_excess_of_max(double n, Duration slack) const;

 private:
  double tail_quantile_s(double w) const;

  double median_s_;
  double sigma_;
};

/// Quantile of the slower of two independent times by their own quantile functions: where both
/// reach it with probabilities that multiply to p. Requires: 0 < p < 1, both increasing on (0, 1).
/// 60 evaluations of each. Checked by: tests/unit/models/origin_test.cpp.
Duration quantile_of_slower(const std::function<Duration(double)>& first,
                            const std::function<Duration(double)>& second, double p);

}  // namespace fleetcache::models
