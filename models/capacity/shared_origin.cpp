#include "models/capacity/shared_origin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "models/queueing/erlang.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

constexpr double kExactServers = 256;
constexpr double kNever = std::numeric_limits<double>::infinity();

// Standard normal distribution function of a positive x: Simpson's rule, to 1e-10.
double normal_below(double x) {
  constexpr int kSteps = 64;
  const double step = std::min(x, 8.0) / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double at = step * i;
    const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * portable_exp(-at * at / 2);
  }
  return 0.5 + 0.3989422804014327 * sum * step / 3;
}

double waiting_probability(double servers, double offered) {
  if (servers <= kExactServers) return erlang_c(static_cast<std::uint32_t>(servers), offered);
  const double beta = (1 - offered / servers) * std::sqrt(servers);
  if (beta > 8) return 0;
  const double density = 0.3989422804014327 * portable_exp(-beta * beta / 2);
  return 1 / (1 + beta * normal_below(beta) / density);
}

double stream_of(const SharedLink& link) {
  return link.stream.count > 0 ? std::min(link.stream.count, link.capacity.count)
                               : link.capacity.count;
}

double mean_backoff_s(const RetrySpec& spec, std::uint32_t attempt) {
  return to_seconds(backoff(spec, attempt, 0.5));
}

double mean_wait_s(const RetrySpec& spec, double refused) {
  double sum = 0, still = refused;
  for (std::uint32_t i = 0; i < spec.retries; ++i, still *= refused)
    sum += still * mean_backoff_s(spec, i);
  return sum;
}

ThrottleAnswer answer_at(const ThrottleSpec& spec, double refused) {
  ThrottleAnswer a;
  a.refused = refused;
  a.attempts = expected_attempts(refused, spec.retry.retries);
  a.given_up = give_up_probability(refused, spec.retry.retries);
  a.wait_s = mean_wait_s(spec.retry, refused);
  return a;
}

}  // namespace

double sharing_delay_s(const SharedLink& link, BytesPerSecond load, double alone_s) {
  FLEETCACHE_CHECK(link.links > 0 && load.count >= 0, "a shared link out of range");
  if (link.capacity.count <= 0) return load.count > 0 ? kNever : 0;
  const double stream = stream_of(link);
  const double servers = std::floor(link.capacity.count / stream + 1e-9);
  const double under_way = load.count / link.links / stream;
  if (under_way >= servers) return kNever;
  return alone_s * waiting_probability(servers, under_way) / (servers - under_way);
}

double burst_delay_s(const SharedLink& link, double reads, double bytes) {
  if (link.capacity.count <= 0) return reads > 0 ? kNever : 0;
  const double together = reads / link.links * bytes / link.capacity.count;
  return std::max(0.0, together - bytes / stream_of(link));
}

ThrottleAnswer open_throttle(const ThrottleSpec& spec, double offered) {
  FLEETCACHE_CHECK(offered >= 0 && spec.rate >= 0, "a throttle out of range");
  const bool over = offered > spec.rate;
  const double missing = over ? 1 - spec.rate / offered : 0;
  const double refused = missing <= 0   ? 0
                         : missing >= 1 ? 1
                                        : power(missing, 1.0 / (spec.retry.retries + 1.0));
  ThrottleAnswer a = answer_at(spec, refused);
  a.served = std::min(offered, spec.rate);
  a.calm_s = over ? spec.burst / (offered - spec.rate) : kNever;
  return a;
}

ThrottleAnswer closed_throttle(const ThrottleSpec& spec, double clients, double service_s) {
  FLEETCACHE_CHECK(clients >= 0 && service_s > 0, "clients of no service time");
  const auto granted = [&](double p) {
    return clients * (1 - give_up_probability(p, spec.retry.retries)) /
           (service_s + mean_wait_s(spec.retry, p));
  };
  double refused = 0;
  if (granted(0) > spec.rate)
    refused = bisect_increasing([&](double p) { return -granted(p); }, -spec.rate, 0.0, 1.0);
  ThrottleAnswer a = answer_at(spec, refused);
  a.served = std::min(granted(refused), spec.rate);
  a.calm_s = granted(0) > spec.rate ? spec.burst / (granted(0) - spec.rate) : kNever;
  return a;
}

double burst_throttle_s(const ThrottleSpec& spec, double reads) {
  const double excess = reads - spec.burst;
  if (excess <= 0) return 0;
  if (spec.rate <= 0) return kNever;
  const double least = excess / spec.rate;
  double wait = 0;
  for (std::uint32_t i = 0; i < spec.retry.retries && wait < least; ++i)
    wait += mean_backoff_s(spec.retry, i);
  return std::max(wait, least);
}

}  // namespace fleetcache::models
