#include "models/capacity/shared_epochs.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::models {

double epoch_window_share(double epochs) {
  if (epochs <= 0) return 0;
  if (epochs >= 2) return 1;
  const double t = epochs;
  if (t <= 1) return t - t * t * t / 6;
  // The window covers a whole epoch when it starts late enough (share t - 1), else the union of a
  // head and a tail of two independent shuffles: integral of t - pt + p^2 over p in [t-1, 1].
  const double s = t - 1;
  return s + t * (1 - s) - t * (1 - s * s) / 2 + (1 - s * s * s) / 3;
}

double epoch_window(double c) {
  FLEETCACHE_CHECK(c >= 0 && c <= 1, "a share outside [0, 1]");
  if (c >= 1) return 2;
  return bisect_increasing(epoch_window_share, c, 0.0, 2.0);
}

namespace {

// P(u v > z) for u, v uniform in [a, 1].
double product_above(double z, double a) {
  if (z >= 1) return 0;
  if (z <= a * a) return 1;
  const double area = (1 - a) * (1 - a);
  if (z >= a) return ((1 - z) + (z > 0 ? z * portable_log(z) : 0)) / area;
  const double narrow = z / a - a - z * portable_log(z / (a * a));
  return (narrow + (1 - a) * (1 - z / a)) / area;
}

}  // namespace

double epoch_units_seen(double units, double epochs) {
  FLEETCACHE_CHECK(units >= 1 && epochs >= 0, "units or epochs out of range");
  if (epochs <= 0) return 0;
  return units <= 1 ? 1 : 1 - portable_exp(epochs * portable_log(1 - 1 / units));
}

double epoch_lru_units(double c, double units) {
  FLEETCACHE_CHECK(units >= 1 && c >= 0 && c <= 1, "units or share out of range");
  if (c <= 0) return 0;
  if (c >= 1) return 1;
  const double q = 1 / units;
  const double a = 1 - q;
  if (units > 1e6) return c;
  if (a <= 0) return product_above(1 - c, 0);
  // Accesses up to k epochs ago hit for sure while (1-c)/a^(k-1) <= a^2: they sum to 1 - a^sure.
  const double log_a = portable_log(a);
  const double bound = (portable_log(1 - c) / log_a) - 1;  // largest k with a^(k+1) >= 1-c
  double sure = bound >= 1 ? static_cast<double>(static_cast<long long>(bound)) : 0;
  double hit = sure > 0 ? 1 - portable_exp(sure * log_a) : 0;
  for (double k = sure + 1;; ++k) {
    const double survive = portable_exp((k - 1) * log_a);
    const double z = (1 - c) / survive;
    if (z >= 1) break;
    hit += q * survive * product_above(z, a);
  }
  return std::min(1.0, hit);
}

double epoch_part_progress(double readers, double from, double to) {
  if (readers <= 1) return (from + to) / 2;
  const auto left = [readers](double x) { return x < 1 ? power(1 - x, readers) : 0.0; };
  const double unread = (left(from) - left(to)) / (readers * (to - from));
  return 1 - power(unread, 1 / (readers - 1));
}

}  // namespace fleetcache::models
