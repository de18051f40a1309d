#include "models/statistics/steadiness.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "policies/base/check.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::models {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;  // of the values
};

Moments moments(const std::vector<double>& values, std::size_t from, std::size_t to) {
  const auto n = static_cast<double>(to - from);
  Moments m;
  for (std::size_t i = from; i < to; ++i) m.mean += values[i] / n;
  for (std::size_t i = from; i < to; ++i) {
    m.variance += (values[i] - m.mean) * (values[i] - m.mean) / (n - 1);
  }
  return m;
}

/// Upper tail of the standard normal by bisection on its quantile.
double normal_tail(double z) {
  if (z > 37) return 0;
  double low = 0, high = 0.5;  // p in (low, high]: z >= 0
  for (int i = 0; i < 60; ++i) {
    const double p = (low + high) / 2;
    if (-normal_quantile(p) > z) {
      low = p;
    } else {
      high = p;
    }
  }
  return high;
}

/// Two-sided p of Mann-Kendall's S, by its normal limit with continuity correction.
double trend_p(const std::vector<double>& values) {
  double s = 0;
  std::map<double, double> ties;
  for (std::size_t i = 0; i < values.size(); ++i) {
    ties[values[i]] += 1;
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      s += values[j] > values[i] ? 1 : values[j] < values[i] ? -1 : 0;
    }
  }
  const auto n = static_cast<double>(values.size());
  double variance = n * (n - 1) * (2 * n + 5);
  for (const auto& [value, t] : ties) variance -= t * (t - 1) * (2 * t + 5);
  if (variance <= 0) return 1;  // all equal
  const double z = std::max(0.0, std::abs(s) - 1) / std::sqrt(variance / 18);
  return std::min(1.0, 2 * normal_tail(z));
}

/// Quantile of Student's t above the median by the expansion of Abramowitz and Stegun 26.7.5:
/// within 1 % from 6 degrees of freedom on.
double student_quantile(double p, double degrees) {
  const double z = normal_quantile(p);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

SteadinessOf judge(const WindowedSeries& series, double trend_rate, double steady_rate) {
  SteadinessOf out;
  out.name = series.name;
  const std::size_t n = series.means.size();
  if (n < Steadiness::kWindowsMin) {
    out.reason = Unsteady::kTooFewWindows;
    return out;
  }
  const std::size_t half = n / 2;  // of an odd number the middle window is in neither half
  const Moments first = moments(series.means, 0, half);
  const Moments second = moments(series.means, n - half, n);
  const double mean = moments(series.means, 0, n).mean;
  out.trend_p = trend_p(series.means);
  out.shift = second.mean - first.mean;
  out.shift_standard_error =
      std::sqrt((first.variance + second.variance) / static_cast<double>(half));
  out.shift_allowed = series.shift_relative * std::abs(mean) + series.shift_absolute;
  const double margin = out.shift_standard_error *
                        student_quantile(1 - steady_rate, 2 * static_cast<double>(half) - 2);
  if (out.trend_p < trend_rate) {
    out.reason = Unsteady::kTrend;
  } else if (std::abs(out.shift) > out.shift_allowed) {
    out.reason = Unsteady::kShift;
  } else if (std::abs(out.shift) + margin > out.shift_allowed) {
    // A series that never moves has no margin and is allowed no shift: it passes.
    out.reason = Unsteady::kTooNoisy;
  }
  return out;
}

}  // namespace

const char* name_of(Unsteady reason) {
  switch (reason) {
    case Unsteady::kNo:
      return "steady";
    case Unsteady::kTooFewWindows:
      return "too few windows";
    case Unsteady::kTrend:
      return "has a trend";
    case Unsteady::kShift:
      return "shifted between the halves";
    case Unsteady::kTooNoisy:
      return "too noisy to tell";
  }
  return "?";
}

Steadiness test_steadiness(const std::vector<WindowedSeries>& series, double false_trend_rate,
                           double false_steady_rate) {
  FLEETCACHE_CHECK(false_trend_rate > 0 && false_trend_rate < 0.5 && false_steady_rate > 0 &&
                       false_steady_rate < 0.5,
                   "rates of error lie between 0 and 0.5");
  Steadiness out;
  out.false_trend_rate = false_trend_rate;
  out.false_steady_rate = false_steady_rate;
  out.steady = !series.empty();
  for (const WindowedSeries& each : series) {
    out.series.push_back(
        judge(each, false_trend_rate / static_cast<double>(series.size()), false_steady_rate));
    out.steady = out.steady && out.series.back().reason == Unsteady::kNo;
  }
  return out;
}

std::string Steadiness::text() const {
  if (series.empty()) return "not steady: no series to judge";
  for (const SteadinessOf& s : series) {
    if (s.reason == Unsteady::kNo) continue;
    char line[200];
    std::snprintf(line, sizeof line, ": %s (trend p %.3g, shift %.3g +- %.2g, allowed %.3g)",
                  name_of(s.reason), s.trend_p, s.shift, s.shift_standard_error, s.shift_allowed);
    return "not steady: " + s.name + line;
  }
  return "steady: " + std::to_string(series.size()) + " series without trend or shift";
}

}  // namespace fleetcache::models
