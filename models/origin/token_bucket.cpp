#include "models/origin/token_bucket.hpp"

#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

constexpr double kMaxTokens = 1e18;  // whole part of a token count fits an int64

}  // namespace

TokenBucket::Wide TokenBucket::to_units(double tokens) {
  FLEETCACHE_CHECK(tokens >= 0 && tokens <= kMaxTokens, "a token count out of range");
  // Whole tokens exactly; the fraction to 1e-9, the finest that a configuration writes.
  const auto whole = static_cast<std::int64_t>(tokens);
  const auto nano = static_cast<std::int64_t>((tokens - static_cast<double>(whole)) * 1e9 + 0.5);
  return Wide{whole} * 1'000'000'000'000'000 + Wide{nano} * 1'000'000;
}

TokenBucket::TokenBucket(PerSecond rate, double burst_tokens)
    : rate_micro_(0), burst_(to_units(burst_tokens)), level_(burst_) {
  FLEETCACHE_CHECK(rate.count >= 1e-6 && rate.count <= 1e12, "a token rate out of range");
  FLEETCACHE_CHECK(burst_ > 0, "a bucket of no depth grants nothing");
  rate_micro_ = static_cast<std::int64_t>(rate.count * 1e6 + 0.5);
}

void TokenBucket::refill(TimePoint now) {
  FLEETCACHE_CHECK(now >= filled_at_, "a token bucket asked about the past");
  const Wide elapsed = (now - filled_at_).count;
  const Wide missing = burst_ - level_;
  const Wide gained = elapsed * rate_micro_;  // below 9.3e18 x 1e18 < 2^127
  level_ = gained >= missing ? burst_ : level_ + gained;
  filled_at_ = now;
}

bool TokenBucket::try_take(TimePoint now, double tokens) {
  refill(now);
  const Wide wanted = to_units(tokens);
  if (wanted > level_) return false;
  level_ -= wanted;
  return true;
}

TimePoint TokenBucket::ready_at(TimePoint now, double tokens) {
  refill(now);
  const Wide wanted = to_units(tokens);
  constexpr TimePoint kNever{std::numeric_limits<std::int64_t>::max()};
  if (wanted > burst_) return kNever;
  if (wanted <= level_) return now;
  const Wide wait_ns = (wanted - level_ + rate_micro_ - 1) / rate_micro_;
  if (wait_ns > Wide{kNever.ns - now.ns}) return kNever;
  return now + Duration(static_cast<std::int64_t>(wait_ns));
}

double TokenBucket::level(TimePoint now) {
  refill(now);
  return static_cast<double>(level_) * 1e-15;
}

}  // namespace fleetcache::models
