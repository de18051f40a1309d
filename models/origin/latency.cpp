#include "models/origin/latency.hpp"

#include <algorithm>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

constexpr double kZ99 = 2.3263478740408408;  // normal quantile of 0.99

}  // namespace

LogNormalLatency::LogNormalLatency(Duration p50, Duration p99)
    : median_s_(to_seconds(p50)), sigma_(0) {
  FLEETCACHE_CHECK(p50.count > 0 && p99 >= p50, "a latency law needs 0 < p50 <= p99");
  sigma_ = portable_log(to_seconds(p99) / median_s_) / kZ99;
}

Duration LogNormalLatency::sample(Rng& rng) const {
  return from_seconds(rng.lognormal(median_s_, sigma_));
}

Duration LogNormalLatency::quantile(double p) const {
  return from_seconds(median_s_ * portable_exp(sigma_ * normal_quantile(p)));
}

Duration LogNormalLatency::mean() const {
  return from_seconds(median_s_ * portable_exp(sigma_ * sigma_ / 2));
}

// The value that is exceeded with probability 1 - e^-w, from whichever tail is precise.
double LogNormalLatency::tail_quantile_s(double w) const {
  const double tail = one_minus_exp(w);
  const double z = tail < 0.5 ? -normal_quantile(tail) : normal_quantile(portable_exp(-w));
  return median_s_ * portable_exp(sigma_ * z);
}

Duration LogNormalLatency::quantile_of_max(double n, double p) const {
  FLEETCACHE_CHECK(n > 0 && p > 0 && p < 1, "quantile_of_max needs n > 0 and 0 < p < 1");
  return from_seconds(tail_quantile_s(-portable_log(p) / n));
}

Duration LogNormalLatency::mean_excess_of_max(double n, Duration slack) const {
  FLEETCACHE_CHECK(n >= 1, "the maximum of no reads");
  // With U = F(max)^n uniform, w = -ln U is exponential: E = int e^-w (Q(w/n) - slack)+ dw, taken
  // over s = ln w, where the integrand falls off like e^s and e^-e^s: the trapezoid is spectral.
  constexpr double kLow = -40;
  constexpr double kHigh = 4;
  constexpr double kStep = 0.05;
  const double slack_s = to_seconds(slack);
  double sum = 0;
  for (int i = 0; i <= static_cast<int>((kHigh - kLow) / kStep + 0.5); ++i) {
    const double w = portable_exp(kLow + kStep * i);
    const double excess = tail_quantile_s(w / n) - slack_s;
    if (excess > 0) sum += kStep * w * portable_exp(-w) * excess;
  }
  return from_seconds(sum);
}

Duration quantile_of_slower(const std::function<Duration(double)>& first,
                            const std::function<Duration(double)>& second, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "quantile_of_slower needs 0 < p < 1");
  const double w = -portable_log(p);
  const auto at = [w](const std::function<Duration(double)>& quantile, double part) {
    return quantile(std::clamp(portable_exp(-w * part), 1e-300, 1 - 1e-15));
  };
  // The first takes p^part of the probability, the second the rest: as `part` grows the first's
  // quantile falls and the second's rises. They meet at the quantile of the slower.
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double part = (low + high) / 2;
    (at(first, part) > at(second, 1 - part) ? low : high) = part;
  }
  const double part = (low + high) / 2;
  return std::max(at(first, part), at(second, 1 - part));
}

}  // namespace fleetcache::models
