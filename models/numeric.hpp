/// Small numerical tools of the models, on the portable log and exp of the policy core: the same
/// bits on every machine, so that a closed form in a result document can be compared byte by byte.
#pragma once

#include "policies/base/math.hpp"

namespace fleetcache::models {

/// 1 - e^-x without cancellation at small x. Requires: x >= 0. Relative error below 1e-14.
inline double one_minus_exp(double x) {
  if (x > 0.25) return 1.0 - portable_exp(-x);
  double series = 1.0;  // x (1 - x/2 (1 - x/3 (1 - ...))): 12 terms reach 1e-16 at x = 1/4
  for (int n = 13; n >= 2; --n) series = 1.0 - series * x / n;
  return x * series;
}

/// ln(1 + x) without cancellation at small x. Requires: x > -1.
inline double log_one_plus(double x) {
  if (x > 0.05 || x < -0.05) return portable_log(1.0 + x);
  const double z = x / (2.0 + x);  // ln(1 + x) = 2 atanh(x / (2 + x))
  const double z2 = z * z;
  double series = 0;
  for (int n = 13; n >= 3; n -= 2) series = (series + 1.0 / n) * z2;
  return 2.0 * z + 2.0 * z * series;
}

/// base^exponent. Requires: base > 0.
inline double power(double base, double exponent) {
  return portable_exp(exponent * portable_log(base));
}

/// The x in [low, high] at which an increasing `f` crosses `target`, to the last bits of a double
/// (200 halvings at most); the nearer end when it crosses outside.
template <class F>
double bisect_increasing(F f, double target, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (f(middle) < target) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}

}  // namespace fleetcache::models
