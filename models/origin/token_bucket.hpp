/// Request and byte throttles of an origin, in exact integer arithmetic.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// A token bucket: full at its start, refilled at a constant rate up to its burst. The level is an
/// integer count of 1e-15 tokens (rate in micro-tokens per second times nanoseconds), so the number
/// of grants never depends on how often or when the bucket is asked.
/// Requires: rate > 0, rate a multiple of 1e-6/s up to 1e12 tokens/s, burst_tokens > 0, and calls
/// in order of time (`now` never smaller than before).
/// Source: accepted(t) <= burst + rate t (network calculus). Checked by: validation V10.
class TokenBucket {
 public:
  TokenBucket(PerSecond rate, double burst_tokens);

  /// Takes `tokens` if they are there; otherwise changes nothing and returns false. O(1).
  bool try_take(TimePoint now, double tokens = 1);
  /// The earliest instant, not before `now`, at which try_take(tokens) would succeed if nobody else
  /// asked; the end of time when `tokens` exceeds the burst. Takes nothing. O(1).
  TimePoint ready_at(TimePoint now, double tokens = 1);
  /// Tokens there at `now`.
  double level(TimePoint now);

 private:
  __extension__ using Wide = __int128;

  static Wide to_units(double tokens);
  void refill(TimePoint now);

  std::int64_t rate_micro_;  ///< 1e-6 tokens per second = 1e-15 tokens per nanosecond
  Wide burst_;
  Wide level_;
  TimePoint filled_at_;
};

}  // namespace fleetcache::models
