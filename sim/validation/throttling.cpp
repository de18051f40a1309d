// V10 and V12: what a throttled origin accepts, and how often its clients ask.

#include <algorithm>
#include <cmath>

#include "models/origin/retry.hpp"
#include "models/origin/token_bucket.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

// The k-th request at k / offered seconds, rounded to the nanosecond not earlier.
TimePoint request_time(std::uint64_t k, std::uint64_t offered) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return {static_cast<std::int64_t>((k * kSecond + offered - 1) / offered)};
}

Result<std::vector<Case>> run_bucket(const Parameters& p, const Environment&) {
  const double rate = p["rate"], burst = p["burst"];
  const std::uint64_t offered = p.count("offered");
  models::TokenBucket bucket(PerSecond(rate), burst);
  const TimePoint end{from_seconds(p["duration"]).count};
  std::uint64_t accepted = 0;
  double first_refusal_s = -1;
  for (std::uint64_t k = 0; request_time(k, offered) <= end; ++k) {
    const TimePoint now = request_time(k, offered);
    if (bucket.try_take(now)) {
      ++accepted;
    } else if (first_refusal_s < 0) {
      first_refusal_s = to_seconds(now);
    }
  }
  // Requests from time 0 to the end, both included: 1 + floor(offered duration) of them.
  const auto offered_rate = static_cast<double>(offered);
  const double duration = p["duration"];
  const double asked = 1 + std::floor(offered_rate * duration);
  std::vector<Case> cases{{"accepted", std::min(asked, std::floor(burst + rate * duration)),
                           static_cast<double>(accepted), 0, 0}};
  if (offered_rate > rate && burst / (offered_rate - rate) <= duration) {
    // Requests are whole: the fluid instant is known to the time in which one token drains.
    cases.push_back({"first refusal", burst / (offered_rate - rate), first_refusal_s, 0,
                     1 / (offered_rate - rate)});
  }
  return cases;
}

/// Clients whose attempts are refused with a fixed probability and who back off between them.
class RetryingClients final : public engine::EventHandler {
 public:
  RetryingClients(double reject, std::uint32_t retries)
      : reject_(reject),
        spec_{retries, Duration(800'000'000), Duration(60'000'000'000), true},
        rng_(12, "validation/retries") {}

  /// Requests one after the other until the mean is known; ends with the last one's fate.
  Estimate attempts_per_request(double tolerance) {
    constexpr std::uint64_t kLeast = 20'000, kMost = 4'000'000;
    Estimate attempts;
    while (!attempts.settled(tolerance, kLeast) && attempts.count() < kMost) {
      attempts_ = 0;
      queue_.push(queue_.now(), this, 0);
      while (!queue_.empty()) {
        const engine::Event event = queue_.pop();
        on_event(event.at, event.code, event.arg);
      }
      attempts.add(attempts_);
    }
    return attempts;
  }

  void on_event(TimePoint now, std::uint32_t retry, std::uint64_t) override {
    ++attempts_;
    const bool refused = rng_.uniform() < reject_;
    if (!refused || retry == spec_.retries) return;
    queue_.push(now + models::backoff(spec_, retry, rng_.uniform()), this, retry + 1);
  }

 private:
  double reject_;
  models::RetrySpec spec_;
  Rng rng_;
  engine::EventQueue queue_;
  int attempts_ = 0;
};

Result<std::vector<Case>> run_retries(const Parameters& p, const Environment&) {
  const auto retries = static_cast<std::uint32_t>(p.count("q"));
  const double expected = models::expected_attempts(p["p"], retries);
  RetryingClients clients(p["p"], retries);
  const Estimate measured = clients.attempts_per_request(0.01 * expected);
  return std::vector<Case>{{"", expected, measured.mean(), measured.standard_error()}};
}

}  // namespace

Experiment v10() {
  Experiment e;
  e.id = "V10";
  e.title = "a token bucket accepts its burst and its rate, not one request more";
  e.formula =
      "accepted = min(asked, burst + rate duration); first refusal = burst/(offered - rate)";
  e.rung = "core";
  e.kind = Tolerance::kExact;
  e.parameters = {{"rate", "1/s", 20'000, 1, 1e6, true},
                  {"burst", "1", 40'000, 1, 1e8, true},
                  {"offered", "1/s", 60'000, 1, 1e6, true},
                  {"duration", "s", 10, 1, 100, true}};
  e.run = run_bucket;
  return e;
}

Experiment v12() {
  Experiment e;
  e.id = "V12";
  e.title =
      "attempts per request of clients with q retries, each attempt refused with probability p";
  e.formula = "(1 - p^(q+1)) / (1 - p)";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"p", "1", 0.5, 0, 1}, {"q", "1", 3, 0, 20, true}};
  e.points = {{{"p", 0.1}}, {{"p", 0.9}}};
  e.run = run_retries;
  return e;
}

}  // namespace fleetcache::validation
