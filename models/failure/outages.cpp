#include "models/failure/outages.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

/// An exponential span of at least one nanosecond, so that outages never touch. Longer than any
/// horizon where the product would not fit.
Duration draw(Duration mean, Rng& rng) {
  const double ns = rng.exponential() * static_cast<double>(mean.count);
  constexpr double kLongest = 4e18;
  return Duration(static_cast<std::int64_t>(std::clamp(ns, 1.0, kLongest)));
}

}  // namespace

std::vector<Outage> outages(Duration mtbf, Duration repair, TimePoint horizon, Rng& rng) {
  FLEETCACHE_CHECK(mtbf.count > 0 && repair.count > 0, "means above 0");
  std::vector<Outage> out;
  TimePoint at{0};
  while (true) {
    const Duration works = draw(mtbf, rng);
    if (works.count >= horizon.ns - at.ns) return out;
    at = at + works;
    const Duration lasts = draw(repair, rng);
    out.push_back({at, lasts});
    if (lasts.count >= horizon.ns - at.ns) return out;
    at = at + lasts;
  }
}

}  // namespace fleetcache::models
