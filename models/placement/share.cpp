#include "models/placement/share.hpp"

#include <algorithm>
#include <cmath>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

double normal_density(double z) { return 0.3989422804014327 * portable_exp(-z * z / 2); }

}  // namespace

double share_deviation(double points, double keys) {
  FLEETCACHE_CHECK(points > 0 && keys > 0, "an owner has points and keys");
  return std::sqrt(1 / points + 1 / keys);
}

std::vector<double> cumulative_shares(double sigma, unsigned strata) {
  FLEETCACHE_CHECK(sigma >= 0 && strata >= 1, "at least one stratum");
  std::vector<double> sums;
  double sum = 0, below = 0;  // density at the lower edge of the slice; 0 at minus infinity
  for (unsigned s = 1; s <= strata; ++s) {
    const double above =
        s == strata ? 0 : normal_density(normal_quantile(static_cast<double>(s) / strata));
    // The mean of a slice of the normal law is the fall of its density over the slice's part.
    const double mean = 1 + sigma * (below - above) * strata;
    sum += std::max(0.01, mean);
    sums.push_back(sum);
    below = above;
  }
  for (double& s : sums) s /= sum;
  sums.back() = 1;
  return sums;
}

}  // namespace fleetcache::models
