#include "models/gpu/order_statistics.hpp"

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

double harmonic(double n) {
  FLEETCACHE_CHECK(n >= 0, "a harmonic number of a negative count");
  if (n <= 1000) {
    double sum = 0;
    for (int i = static_cast<int>(n); i >= 1; --i) sum += 1.0 / i;
    return sum;
  }
  constexpr double kEulerGamma = 0.57721566490153286061;
  return portable_log(n) + kEulerGamma + 1 / (2 * n) - 1 / (12 * n * n);
}

double probability_any(double n, double m) {
  FLEETCACHE_CHECK(n >= 0 && m >= 0 && m <= 1, "a probability outside [0, 1]");
  if (m == 1) return n > 0 ? 1 : 0;
  return one_minus_exp(-n * log_one_plus(-m));
}

double uniform_of_max(double u, double n) { return power(u, 1 / n); }

}  // namespace fleetcache::models
