/// What a client does after a refusal.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::models {

struct RetrySpec {
  std::uint32_t retries = 0;  ///< after the first attempt
  Duration base;              ///< first back-off; doubles each time
  Duration cap;               ///< longest back-off
  bool jitter = false;        ///< full jitter: uniform in [0, back-off)
};

/// The wait before retry number `attempt` (0 = the first retry): base 2^attempt, at most cap; with
/// jitter that times `uniform01` in [0, 1). Source: the SDK's documented exponential retry.
Duration backoff(const RetrySpec& spec, std::uint32_t attempt, double uniform01);

/// Mean attempts per request when each attempt fails with probability `reject` by itself and a
/// client gives up after `retries` retries: (1 - p^(q+1)) / (1 - p), which is q + 1 at p = 1.
/// Requires: 0 <= reject <= 1. Valid for: independent refusals (no retry storm).
/// Checked by: validation V12.
double expected_attempts(double reject, std::uint32_t retries);

/// Probability that a request is given up: p^(q+1).
double give_up_probability(double reject, std::uint32_t retries);

}  // namespace fleetcache::models
