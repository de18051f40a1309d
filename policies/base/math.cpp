#include "policies/base/math.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fleetcache {
namespace {

constexpr double kLn2High =
    6.93147180369123816490e-01;  // ln 2 to 33 bits, so that k * high is exact
constexpr double kLn2Low = 1.90821492927058770002e-10;

double polynomial(const double* coefficient, int degree, double x) {
  double sum = coefficient[degree];
  for (int i = degree - 1; i >= 0; --i) sum = sum * x + coefficient[i];
  return sum;
}

}  // namespace

double portable_log(double x) {
  // x = m 2^k with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh((m - 1) / (m + 1)) as an odd series.
  int k = 0;
  double m = std::frexp(x, &k);  // exact: bit operations only
  if (m < 0.70710678118654752440) {
    m *= 2;
    --k;
  }
  const double z = (m - 1.0) / (m + 1.0);
  const double z2 = z * z;
  double series = 0;
  for (int n = 23; n >= 3; n -= 2) series = (series + 1.0 / n) * z2;
  return k * kLn2High + (2 * z + (2 * z * series + k * kLn2Low));
}

double portable_exp(double x) {
  if (x > 700) return std::numeric_limits<double>::max();
  if (x < -700) return 0.0;
  const double scaled = x * 1.44269504088896340736;
  const auto k = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = (x - static_cast<double>(k) * kLn2High) - static_cast<double>(k) * kLn2Low;
  double series = 1.0;
  for (int n = 17; n >= 1; --n)
    series = 1.0 + series * r / n;  // |r| <= ln2/2: 17 terms reach 1e-18
  return std::ldexp(series, static_cast<int>(k));
}

double normal_quantile(double p) {
  static constexpr double kA[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                   1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                   4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                   3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr double kB[8] = {1.0,
                                   4.2313330701600911252e+1,
                                   6.8718700749205790830e+2,
                                   5.3941960214247511077e+3,
                                   2.1213794301586595867e+4,
                                   3.9307895800092710610e+4,
                                   2.8729085735721942674e+4,
                                   5.2264952788528545610e+3};
  static constexpr double kC[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                   5.76949722146069140550e0,  3.64784832476320460504e0,
                                   1.27045825245236838258e0,  2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kD[8] = {1.0,
                                   2.05319162663775882187e0,
                                   1.67638483018380384940e0,
                                   6.89767334985100004550e-1,
                                   1.48103976427480074590e-1,
                                   1.51986665636164571966e-2,
                                   5.47593808499534494600e-4,
                                   1.05075007164441684324e-9};
  static constexpr double kE[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                   1.78482653991729133580e0,  2.96560571828504891230e-1,
                                   2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double kF[8] = {1.0,
                                   5.99832206555887937690e-1,
                                   1.36929880922735805310e-1,
                                   1.48753612908506148525e-2,
                                   7.86869131145613259100e-4,
                                   1.84631831751005468180e-5,
                                   1.42151175831644588870e-7,
                                   2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, 7, r) / polynomial(kB, 7, r);
  }
  const double tail = q < 0 ? p : 1.0 - p;
  double r = std::sqrt(-portable_log(tail));
  double value = 0;
  if (r <= 5.0) {
    r -= 1.6;
    value = polynomial(kC, 7, r) / polynomial(kD, 7, r);
  } else {
    r -= 5.0;
    value = polynomial(kE, 7, r) / polynomial(kF, 7, r);
  }
  return q < 0 ? -value : value;
}

}  // namespace fleetcache
