#include "models/origin/retry.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

Duration backoff(const RetrySpec& spec, std::uint32_t attempt, double uniform01) {
  FLEETCACHE_CHECK(spec.base.count >= 0 && spec.cap.count >= 0, "a negative back-off");
  Duration wait = spec.base;
  for (std::uint32_t i = 0; i < attempt && wait < spec.cap; ++i) wait = wait + wait;
  if (wait > spec.cap) wait = spec.cap;
  if (!spec.jitter) return wait;
  return Duration(static_cast<std::int64_t>(static_cast<double>(wait.count) * uniform01));
}

double expected_attempts(double reject, std::uint32_t retries) {
  FLEETCACHE_CHECK(reject >= 0 && reject <= 1, "a probability outside [0, 1]");
  // The geometric sum itself: exact at p = 1, where the quotient is 0/0.
  double sum = 1;
  for (std::uint32_t i = 0; i < retries; ++i) sum = sum * reject + 1;
  return sum;
}

double give_up_probability(double reject, std::uint32_t retries) {
  FLEETCACHE_CHECK(reject >= 0 && reject <= 1, "a probability outside [0, 1]");
  double product = reject;
  for (std::uint32_t i = 0; i < retries; ++i) product *= reject;
  return product;
}

}  // namespace fleetcache::models
