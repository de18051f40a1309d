#include "analysis/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "policies/base/check.hpp"

namespace fleetcache::analysis {

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double center = mean(values);
  double squares = 0;
  for (const double v : values) squares += (v - center) * (v - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double student_t_95(std::size_t degrees) {
  FLEETCACHE_CHECK(degrees > 0, "an interval needs two values");
  constexpr std::array<double, 9> kSmall = {12.7062047, 4.3026527, 3.1824463, 2.7764451, 2.5705818,
                                            2.4469119,  2.3646243, 2.3060041, 2.2621572};
  if (degrees <= kSmall.size()) return kSmall[degrees - 1];
  constexpr double z = 1.959963984540054;
  constexpr double z2 = z * z;
  const auto n = static_cast<double>(degrees);
  const double g1 = z * (z2 + 1) / 4;
  const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  return z + (g1 + (g2 + g3 / n) / n) / n;
}

double confidence_95(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  return student_t_95(values.size() - 1) * standard_deviation(values) /
         std::sqrt(static_cast<double>(values.size()));
}

double lag_one_correlation(const std::vector<double>& values) {
  if (values.size() < 3) return 0;
  const double center = mean(values);
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - center) * (values[i] - center);
    if (i > 0) products += (values[i] - center) * (values[i - 1] - center);
  }
  return squares > 0 ? products / squares : 0;
}

double confidence_95_of_batches(const std::vector<double>& batches) {
  constexpr std::size_t kFewestToMerge = 12;
  std::vector<double> means = batches;
  while (means.size() >= kFewestToMerge && lag_one_correlation(means) > 0) {
    // An odd one is dropped at the front, where the transient is.
    const std::size_t skip = means.size() % 2;
    for (std::size_t i = 0; i < means.size() / 2; ++i) {
      means[i] = (means[skip + 2 * i] + means[skip + 2 * i + 1]) / 2;
    }
    means.resize(means.size() / 2);
  }
  return confidence_95(means);
}

Truncation mser(const std::vector<double>& series, std::size_t group) {
  FLEETCACHE_CHECK(group > 0, "groups hold at least one observation");
  const std::size_t groups = series.size() / group;
  Truncation result;
  result.mean = mean(series);
  if (groups < 4) return result;
  std::vector<double> means(groups);
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < group; ++i) means[g] += series[g * group + i];
    means[g] /= static_cast<double>(group);
  }
  // Deviations from a fixed point keep the running sum of squares from cancelling.
  const double origin = means.back();
  double sum = 0, squares = 0, best = -1;
  std::size_t cut = 0;
  for (std::size_t d = groups; d-- > 0;) {
    sum += means[d] - origin;
    squares += (means[d] - origin) * (means[d] - origin);
    const auto left = static_cast<double>(groups - d);
    // The last few groups alone have little variance by chance: the usual guard is five.
    if (groups - d < std::min<std::size_t>(5, groups / 2)) continue;
    const double statistic = std::max(0.0, squares - sum * sum / left) / (left * left);
    if (best < 0 || statistic <= best) {
      best = statistic;
      cut = d;
      result.mean = origin + sum / left;
    }
  }
  result.cut = cut * group;
  result.settled = cut <= groups / 2;
  return result;
}

}  // namespace fleetcache::analysis
