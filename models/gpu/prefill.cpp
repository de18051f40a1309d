#include "models/gpu/prefill.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

Duration prefill_time(std::uint64_t new_tokens, std::uint64_t context_tokens, PerSecond rate,
                      double quadratic_s_per_token2) {
  FLEETCACHE_CHECK(rate.count > 0 && quadratic_s_per_token2 >= 0, "a prefill rate out of range");
  const auto fresh = static_cast<double>(new_tokens);
  const auto context = static_cast<double>(context_tokens);
  const double attention = quadratic_s_per_token2 * fresh * (fresh + 2 * context);
  return from_seconds(fresh / rate.count + attention);
}

}  // namespace fleetcache::models
