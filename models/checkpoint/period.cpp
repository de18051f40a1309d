#include "models/checkpoint/period.hpp"

#include <algorithm>
#include <cmath>

#include "policies/base/check.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::models {

namespace {

constexpr double kSpreadMost = 8;  // standard deviations past which a sum is taken as certain

// Normal distribution function by the logistic one: within 0.01.
double normal_share(double z) { return 1 / (1 + portable_exp(-1.702 * z)); }

}  // namespace

Duration checkpoint_period(Duration every, Duration pause, Duration step, double step_cv) {
  FLEETCACHE_CHECK(every.count > 0 && pause.count >= 0 && step.count > 0 && step_cv >= 0,
                   "a checkpoint interval, a pause or a step out of range");
  const double whole = static_cast<double>(every.count - pause.count) /
                       static_cast<double>(step.count);  // steps that fit
  if (whole <= 0) return pause + step;
  // Sum over k of P(k steps are not enough); the first so many surely are not.
  const double spread = step_cv * std::sqrt(whole + 1);
  double steps = std::max(0.0, std::floor(whole - kSpreadMost * spread));
  for (double k = steps;; ++k) {
    const double sigma = step_cv * std::sqrt(k);
    if (sigma <= 0 ? k >= whole : (whole - k) / sigma < -kSpreadMost) break;
    steps += sigma <= 0 ? 1 : normal_share((whole - k) / sigma);
  }
  steps = std::max(1.0, steps);
  return pause + from_seconds(to_seconds(step) * steps);
}

}  // namespace fleetcache::models
