#include "models/capacity/shared_origin.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "models/origin/token_bucket.hpp"
#include "models/queueing/erlang.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {
namespace {

RetrySpec retries(std::uint32_t count, double base_s, double cap_s, bool jitter) {
  return {count, from_seconds(base_s), from_seconds(cap_s), jitter};
}

// The bucket itself under Poisson requests with retries: share of attempts refused, of requests
// given up, mean wait.
ThrottleAnswer played(const ThrottleSpec& spec, double offered, double seconds) {
  struct Try {
    TimePoint at;
    std::uint64_t number;
    std::uint32_t attempt;
    double waited;
  };
  const auto later = [](const Try& a, const Try& b) {
    return a.at.ns != b.at.ns ? a.at.ns > b.at.ns : a.number > b.number;
  };
  std::priority_queue<Try, std::vector<Try>, decltype(later)> queue(later);
  TokenBucket bucket(PerSecond(spec.rate), spec.burst);
  Rng rng(4, "throttle"), jitter(4, "jitter");
  double attempts = 0, refused = 0, requests = 0, given_up = 0, waited = 0, served = 0;
  const double warm = seconds / 3;
  std::uint64_t number = 0;
  TimePoint next = TimePoint{} + from_seconds(rng.exponential() / offered);
  while (to_seconds(next - TimePoint{}) < seconds) {
    if (queue.empty() || queue.top().at.ns >= next.ns) {
      queue.push({next, number++, 0, 0});
      next = next + from_seconds(rng.exponential() / offered);
      continue;
    }
    Try t = queue.top();
    queue.pop();
    const bool counted = to_seconds(t.at - TimePoint{}) > warm;
    const bool granted = bucket.try_take(t.at);
    if (counted) {
      ++attempts;
      if (!granted) ++refused;
    }
    if (granted || t.attempt == spec.retry.retries) {
      if (!counted) continue;
      ++requests;
      waited += t.waited;
      granted ? ++served : ++given_up;
      continue;
    }
    const Duration wait = backoff(spec.retry, t.attempt, jitter.uniform());
    queue.push({t.at + wait, t.number, t.attempt + 1, t.waited + to_seconds(wait)});
  }
  ThrottleAnswer a;
  a.refused = refused / attempts;
  a.attempts = attempts / requests;
  a.given_up = given_up / requests;
  a.wait_s = waited / requests;
  a.served = served / (seconds - warm);
  return a;
}

}  // namespace

TEST_CASE("a link for one stream at a time delays as M/M/1 does, for two as M/M/2") {
  // rho = 0.8, S = 1: sharing adds S rho / (1 - rho) = 4; two servers, a = 1.6: C = 0.7111, 1.7778.
  const SharedLink one{BytesPerSecond(1e6), BytesPerSecond(1e6), 1};
  CHECK(sharing_delay_s(one, BytesPerSecond(0.8e6), 1) == doctest::Approx(4));
  const SharedLink two{BytesPerSecond(2e6), BytesPerSecond(1e6), 1};
  CHECK(sharing_delay_s(two, BytesPerSecond(1.6e6), 1) == doctest::Approx(1.7778).epsilon(1e-4));
  const SharedLink many{BytesPerSecond(2e6), BytesPerSecond(1e6), 10};
  CHECK(sharing_delay_s(many, BytesPerSecond(16e6), 1) == doctest::Approx(1.7778).epsilon(1e-4));
  CHECK(std::isinf(sharing_delay_s(one, BytesPerSecond(1e6), 1)));
  // A stream wider than the link is the link.
  const SharedLink wide{BytesPerSecond(1e6), BytesPerSecond(9e9), 1};
  CHECK(sharing_delay_s(wide, BytesPerSecond(0.8e6), 1) == doctest::Approx(4));
}

TEST_CASE("the limit for many streams is Erlang's C within a hundredth") {
  for (const double c : {257.0, 400.0, 2000.0})
    for (const double rho : {0.7, 0.9, 0.95, 0.99, 0.999}) {
      CAPTURE(c);
      CAPTURE(rho);
      const SharedLink link{BytesPerSecond(c * 1e6), BytesPerSecond(1e6), 1};
      const double delay = sharing_delay_s(link, BytesPerSecond(c * rho * 1e6), 1);
      const double exact = erlang_c(static_cast<std::uint32_t>(c), c * rho) / (c * (1 - rho));
      CHECK(std::fabs(delay - exact) * c * (1 - rho) < 0.01);
    }
}

TEST_CASE("sharing is what a played link does: sizes do not matter, the mean number does") {
  // Room for 4 streams, a = 3.4, transfers constant or exponential: one event at a time.
  const double expected =
      sharing_delay_s({BytesPerSecond(4), BytesPerSecond(1), 1}, BytesPerSecond(3.4), 1);
  for (const bool constant : {true, false}) {
    Rng rng(8, "sharing", constant ? 1 : 0);
    std::vector<double> left;
    double now = 0, next = 0, area = 0, start = 0;
    int arrivals = 0;
    const int all = 600'000, warm = 60'000;
    while (arrivals < all) {
      const double speed = left.empty() ? 0 : std::min(1.0, 4.0 / static_cast<double>(left.size()));
      const auto least = std::min_element(left.begin(), left.end());
      const double done = left.empty() ? 1e300 : now + *least / speed;
      const double until = std::min(next, done);
      if (arrivals > warm) area += static_cast<double>(left.size()) * (until - now);
      for (double& l : left) l -= speed * (until - now);
      now = until;
      if (done <= next) {
        *least = left.back();
        left.pop_back();
        continue;
      }
      if (arrivals++ == warm) start = now;
      left.push_back(constant ? 1 : rng.exponential());
      next = now + rng.exponential() / 3.4;
    }
    const double sojourn = area / (now - start) / 3.4;  // Little
    CHECK(sojourn == doctest::Approx(1 + expected).epsilon(0.03));
  }
}

TEST_CASE("a burst takes what the link takes for all of it") {
  // 100 reads of 10 MB over 2 links of 100 MB/s: 5 s, of which one alone is 0.2 s at 50 MB/s.
  const SharedLink link{BytesPerSecond(100e6), BytesPerSecond(50e6), 2};
  CHECK(burst_delay_s(link, 100, 10e6) == doctest::Approx(4.8));
  CHECK(burst_delay_s(link, 4, 10e6) == 0);
  // Tokens: 60,000 requests on 40,000 and 40,000/s: the last waits half a second; retries after
  // 0.2, 0.6, 1.4 s make that 0.6.
  ThrottleSpec spec{40'000, 40'000, retries(0, 0.2, 8, false)};
  CHECK(burst_throttle_s(spec, 60'000) == doctest::Approx(0.5));
  spec.retry.retries = 5;
  CHECK(burst_throttle_s(spec, 60'000) == doctest::Approx(0.6));
  CHECK(burst_throttle_s(spec, 40'000) == 0);
}

TEST_CASE("V10 and V12 in one: below the rate nothing is refused, above it the rate is served") {
  const ThrottleSpec spec{20'000, 40'000, retries(3, 1, 60, true)};
  const ThrottleAnswer calm = open_throttle(spec, 19'000);
  CHECK(calm.refused == 0);
  CHECK(calm.attempts == 1);
  CHECK(std::isinf(calm.calm_s));
  const ThrottleAnswer over = open_throttle(spec, 60'000);
  CHECK(over.calm_s == doctest::Approx(1));
  CHECK(over.served == 20'000);
  CHECK(over.given_up == doctest::Approx(2.0 / 3));
  CHECK(over.refused == doctest::Approx(std::pow(2.0 / 3, 0.25)));
  // Attempts (1 - p^4)/(1 - p) = (1/3)/(1 - p).
  CHECK(over.attempts == doctest::Approx(1.0 / 3 / (1 - over.refused)));
}

TEST_CASE("the bucket itself, with clients that retry, refuses and delays as the formula says") {
  for (const double load : {1.1, 1.5, 3.0}) {
    CAPTURE(load);
    const ThrottleSpec spec{500, 500, retries(4, 0.5, 60, true)};
    const ThrottleAnswer closed = open_throttle(spec, load * spec.rate);
    const ThrottleAnswer real = played(spec, load * spec.rate, 600);
    CHECK(real.refused == doctest::Approx(closed.refused).epsilon(0.02));
    CHECK(real.attempts == doctest::Approx(closed.attempts).epsilon(0.02));
    CHECK(real.given_up == doctest::Approx(closed.given_up).epsilon(0.05));
    CHECK(real.wait_s == doctest::Approx(closed.wait_s).epsilon(0.04));
    CHECK(real.served == doctest::Approx(closed.served).epsilon(0.02));
  }
}

TEST_CASE("a bucket of twice the rate does not pass for the right one (negative control)") {
  const ThrottleSpec spec{500, 500, retries(4, 0.5, 60, true)};
  ThrottleSpec wrong = spec;
  wrong.rate *= 2;
  CHECK(std::fabs(played(spec, 1500, 200).refused - open_throttle(wrong, 1500).refused) > 0.05);
}

TEST_CASE("clients that wait for their answer are slowed to the rate") {
  // 100 clients of 0.1 s ask 1,000/s of 200/s: with endless patience 100 / (0.1 + w) = 200, w =
  // 0.4.
  const ThrottleSpec spec{200, 200, retries(40, 0.1, 0.1, false)};
  const ThrottleAnswer a = closed_throttle(spec, 100, 0.1);
  CHECK(a.served == doctest::Approx(200).epsilon(1e-6));
  CHECK(a.wait_s == doctest::Approx(0.4).epsilon(1e-2));
  CHECK(a.refused == doctest::Approx(0.8).epsilon(1e-2));  // w = 0.1 p / (1 - p)
  CHECK(closed_throttle(spec, 10, 0.1).refused == 0);
}

}  // namespace fleetcache::models
