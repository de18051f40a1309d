#include "models/gpu/jitter.hpp"

#include <cmath>

#include "policies/base/math.hpp"

namespace fleetcache::models {

Duration jittered(Duration mean, double cv, Rng& rng) {
  if (cv == 0) return mean;
  const double sigma2 = portable_log(1 + cv * cv);
  return from_seconds(to_seconds(mean) *
                      portable_exp(std::sqrt(sigma2) * rng.normal() - sigma2 / 2));
}

}  // namespace fleetcache::models
