#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/origin/bifrost.hpp"
#include "models/origin/blob_front_end.hpp"
#include "models/origin/deltazero.hpp"
#include "models/origin/latency.hpp"
#include "models/origin/retry.hpp"
#include "models/origin/token_bucket.hpp"

namespace fleetcache::models {
namespace {

constexpr Duration kMillisecond(1'000'000);

Duration ms(std::int64_t n) { return kMillisecond * n; }

TEST_CASE("a bucket grants its burst at once and then its rate") {
  TokenBucket bucket(PerSecond(10), 3);
  int granted = 0;
  for (int i = 0; i < 5; ++i) granted += bucket.try_take({});
  CHECK(granted == 3);
  // 1 token takes 1/10 s = 100,000,000 ns: not one nanosecond earlier.
  CHECK(bucket.ready_at({}).ns == 100'000'000);
  CHECK_FALSE(bucket.try_take({99'999'999}));
  CHECK(bucket.try_take({100'000'000}));
  CHECK_FALSE(bucket.try_take({100'000'000}));
}

TEST_CASE("asking a bucket often neither gains nor loses a token") {
  // 1/3 token a nanosecond-rounded poll would drift in doubles; here 7 polls or 7e5 are the same.
  TokenBucket rare(PerSecond(3), 5);
  TokenBucket often(PerSecond(3), 5);
  for (int i = 0; i < 5; ++i) CHECK(rare.try_take({}) == often.try_take({}));
  for (std::int64_t t = 1; t <= 1'000'000'000; t += 1'427) CHECK_FALSE(often.try_take({t}, 5));
  CHECK(rare.level({1'000'000'000}) == often.level({1'000'000'000}));
  CHECK(rare.level({1'000'000'000}) == doctest::Approx(3.0));
}

TEST_CASE("a bucket never holds more than its burst and never promises more") {
  TokenBucket bucket(PerSecond(20'000), 40'000);
  CHECK(bucket.level({1'000'000'000'000}) == 40'000);
  CHECK(bucket.ready_at({1'000'000'000'000}, 40'001).ns == INT64_MAX);
  CHECK(bucket.ready_at({1'000'000'000'000}, 40'000).ns == 1'000'000'000'000);
}

TEST_CASE("ready_at is the first nanosecond at which a take succeeds") {
  // 7/s: one token in 142,857,142.86 ns, so at 142,857,143 and not before.
  TokenBucket bucket(PerSecond(7), 1);
  REQUIRE(bucket.try_take({}));
  const TimePoint ready = bucket.ready_at({});
  CHECK(ready.ns == 142'857'143);
  TokenBucket copy = bucket;
  CHECK_FALSE(copy.try_take({ready.ns - 1}));
  CHECK(bucket.try_take(ready));
}

TEST_CASE("a bucket of bytes holds the rates of a whole region") {
  // 25 GB/s, 5 s of burst = 125 GB; 200 GB asked in 10 GB pieces at t = 0: 12 granted.
  TokenBucket bucket(PerSecond(25e9), 125e9);
  int granted = 0;
  for (int i = 0; i < 20; ++i) granted += bucket.try_take({}, 10e9);
  CHECK(granted == 12);
  // 5 GB are left; 10 GB need (10 - 5)/25 s.
  CHECK(bucket.ready_at({}, 10e9).ns == 200'000'000);
}

TEST_CASE("a back-off doubles, stops at its cap and jitters below itself") {
  const RetrySpec spec{5, ms(4'000), ms(60'000), false};
  // 4 + 8 + 16 + 32 + 60 = 120 s over five retries.
  Duration sum;
  for (std::uint32_t i = 0; i < 5; ++i) sum += backoff(spec, i, 0.5);
  CHECK(sum == ms(120'000));
  CHECK(backoff(spec, 200, 0) == ms(60'000));  // no overflow of the doubling
  RetrySpec jittered = spec;
  jittered.jitter = true;
  CHECK(backoff(jittered, 1, 0.25) == ms(2'000));  // 8 s x 0.25
  CHECK(backoff(jittered, 1, 0).count == 0);
}

TEST_CASE("attempts per request are the geometric sum") {
  CHECK(expected_attempts(0.1, 3) == doctest::Approx(1.111));  // 1 + .1 + .01 + .001
  CHECK(expected_attempts(0.5, 3) == doctest::Approx(1.875));  // 1 + .5 + .25 + .125
  CHECK(expected_attempts(0.9, 3) == doctest::Approx(3.439));  // (1 - .6561)/.1
  CHECK(expected_attempts(1.0, 3) == 4);                       // every attempt is made
  CHECK(expected_attempts(0.7, 0) == 1);
  CHECK(give_up_probability(0.5, 3) == doctest::Approx(0.0625));
}

TEST_CASE("a log-normal latency has the quantiles it was made from") {
  const LogNormalLatency law(ms(173), ms(392));
  CHECK(law.sigma() == doctest::Approx(0.352).epsilon(0.002));  // ln(392/173)/2.3263
  CHECK(to_seconds(law.quantile(0.5)) == doctest::Approx(0.173));
  CHECK(to_seconds(law.quantile(0.99)) == doctest::Approx(0.392));
  CHECK(to_seconds(law.mean()) ==
        doctest::Approx(0.173 * std::exp(0.352 * 0.352 / 2)).epsilon(1e-3));
}

TEST_CASE("the slowest of N reads grows as the published fit says") {
  // Median of the slowest of 1k, 10k, 100k standard block reads: 533, 661, 798 ms.
  const LogNormalLatency law(ms(173), ms(392));
  CHECK(to_seconds(law.quantile_of_max(1e3, 0.5)) == doctest::Approx(0.533).epsilon(0.003));
  CHECK(to_seconds(law.quantile_of_max(1e4, 0.5)) == doctest::Approx(0.661).epsilon(0.003));
  CHECK(to_seconds(law.quantile_of_max(1e5, 0.5)) == doctest::Approx(0.798).epsilon(0.003));
}

TEST_CASE("the mean of the slowest of N agrees with its published values") {
  // Median 1, p99 3: 2.05, 4.69, 5.61, 8.0, 9.2 (validation table, V14).
  const LogNormalLatency law(from_seconds(1), from_seconds(3));
  CHECK(to_seconds(law.mean_of_max(1)) == doctest::Approx(to_seconds(law.mean())).epsilon(1e-6));
  CHECK(to_seconds(law.mean_of_max(8)) == doctest::Approx(2.05).epsilon(0.005));
  CHECK(to_seconds(law.mean_of_max(1e3)) == doctest::Approx(4.69).epsilon(0.005));
  CHECK(to_seconds(law.mean_of_max(4096)) == doctest::Approx(5.61).epsilon(0.005));
  CHECK(to_seconds(law.mean_of_max(1e5)) == doctest::Approx(8.0).epsilon(0.01));
  CHECK(to_seconds(law.mean_of_max(4e5)) == doctest::Approx(9.2).epsilon(0.01));
}

TEST_CASE("a step stalls by what its slowest read exceeds the slack") {
  // Median 50 ms, p99 150 ms, N = 1,000: 234, 36.7, 2.7 ms at slack 0, 0.2, 0.3 s (V15).
  const LogNormalLatency law(ms(50), ms(150));
  CHECK(to_seconds(law.mean_excess_of_max(1e3, ms(0))) == doctest::Approx(0.234).epsilon(0.01));
  CHECK(to_seconds(law.mean_excess_of_max(1e3, ms(200))) == doctest::Approx(0.0367).epsilon(0.02));
  CHECK(to_seconds(law.mean_excess_of_max(1e5, ms(400))) == doctest::Approx(0.0205).epsilon(0.02));
}

TEST_CASE("a sample takes one number and follows the law") {
  const LogNormalLatency law(ms(100), ms(300));
  Rng rng(7, "latency");
  int below_p50 = 0;
  int below_p99 = 0;
  constexpr int kDraws = 40'000;
  for (int i = 0; i < kDraws; ++i) {
    const Duration x = law.sample(rng);
    below_p50 += x <= ms(100);
    below_p99 += x <= ms(300);
  }
  CHECK(rng.draws() == kDraws);
  // Standard errors 0.0025 and 0.0005.
  CHECK(below_p50 / static_cast<double>(kDraws) == doctest::Approx(0.5).epsilon(0.02));
  CHECK(below_p99 / static_cast<double>(kDraws) == doctest::Approx(0.99).epsilon(0.002));
}

const FrontEndLimits kAccount{PerSecond(40'000), BytesPerSecond(25e9), BytesPerSecond(7.5e9),
                              Bytes(5'629'499'534'213'120), BytesPerSecond(0)};

TEST_CASE("an account is bound by bytes for large objects and by requests for small ones") {
  // 200 Gbps / 40,000 = 625,000 B: below that the request limit comes first.
  CHECK(front_end_capacity(kAccount, 1, Bytes(624'999)).limit == OriginLimit::kRequests);
  CHECK(front_end_capacity(kAccount, 1, Bytes(625'000)).limit == OriginLimit::kEgress);
  const PathCapacity large = front_end_capacity(kAccount, 10, Bytes(16 << 20));
  CHECK(large.limit == OriginLimit::kEgress);
  CHECK(large.throughput.count == 250e9);
  const PathCapacity small = front_end_capacity(kAccount, 10, Bytes(100'000));
  CHECK(small.limit == OriginLimit::kRequests);
  CHECK(small.throughput.count == doctest::Approx(10 * 40e3 * 100e3));
  FrontEndLimits fleet = kAccount;
  fleet.fleet_egress = BytesPerSecond(100e9);
  CHECK(front_end_capacity(fleet, 10, Bytes(16 << 20)).limit == OriginLimit::kFleetEgress);
}

TEST_CASE("the accounts needed are set by the limit that is reached first") {
  // 10 Tbps = 1.25e12 B/s over 25 GB/s = 50 accounts exactly.
  AccountPlan plan = accounts_needed(kAccount, {BytesPerSecond(1.25e12), PerSecond(75e3), {}, 0});
  CHECK(plan.accounts == 50);
  CHECK(plan.limit == OriginLimit::kEgress);
  // 50 PB / 5 PiB = 8.88 -> 9; 3.5 Tbps of checkpoints = 437.5e9 / 7.5e9 = 58.3 -> 59.
  plan = accounts_needed(kAccount, {{}, {}, BytesPerSecond(437.5e9), 50e15});
  CHECK(plan.by_capacity == 9);
  CHECK(plan.accounts == 59);
  CHECK(plan.limit == OriginLimit::kIngress);
  plan = accounts_needed(kAccount, {BytesPerSecond(1e9), PerSecond(400'001), {}, 0});
  CHECK(plan.accounts == 11);
  CHECK(plan.limit == OriginLimit::kRequests);
  CHECK(accounts_needed(kAccount, {}).accounts == 1);
}

TEST_CASE("the direct path is bound by stamp, by front end or by plans") {
  const BytesPerSecond fe(1e12);
  BifrostLimits limits{BytesPerSecond(4e12), PerSecond(1e6), 1, 0};
  PathCapacity got = bifrost_capacity(limits, fe, 1e9);
  CHECK(got.limit == OriginLimit::kStamp);
  CHECK(got.throughput.count == 4e12);
  // 20 % must go through the front end: 1e12 / 0.2 = 5e12 > 4e12/0.8 = 5e12: the tie is the
  // stamp's.
  limits.eligible = 0.8;
  CHECK(bifrost_capacity(limits, fe, 1e9).throughput.count == doctest::Approx(5e12));
  // With 10 % fallback d = 0.72: front end 1e12/0.28 = 3.57e12 binds before 4e12/0.72.
  limits.fallback = 0.1;
  got = bifrost_capacity(limits, fe, 1e9);
  CHECK(got.limit == OriginLimit::kFrontEnd);
  CHECK(got.throughput.count == doctest::Approx(1e12 / 0.28));
  limits.plan_requests = PerSecond(100);
  got = bifrost_capacity(limits, fe, 1e9);
  CHECK(got.limit == OriginLimit::kPlan);
  CHECK(got.throughput.count == doctest::Approx(100 * 1e9 / 0.8));
  limits = {BytesPerSecond(4e12), PerSecond(1e6), 0, 0};
  CHECK(bifrost_capacity(limits, fe, 1e9).throughput.count == 1e12);
}

TEST_CASE("the follow-on scales the stamp and the latencies, not the rate of plans") {
  const DirectPath base{BytesPerSecond(4e12), PerSecond(10), ms(4), ms(8), ms(40)};
  const DirectPath scaled = with_deltazero(base, {2, 0.5});
  CHECK(scaled.stamp.count == 8e12);
  CHECK(scaled.plan_requests.count == 10);
  CHECK(scaled.plan_time == ms(2));
  CHECK(scaled.first_byte_p50 == ms(4));
  CHECK(scaled.first_byte_p99 == ms(20));
}

TEST_CASE("the slower of two groups of reads has the law of the slowest of all") {
  // Nine reads of one law and one of another: the quantile is where the probabilities multiply.
  const LogNormalLatency direct(from_seconds(0.008), from_seconds(0.040));
  const LogNormalLatency others(from_seconds(0.020), from_seconds(0.080));
  Rng rng(5, "slower of two");
  std::vector<double> slowest;
  for (int i = 0; i < 100'000; ++i) {
    Duration most = others.sample(rng);
    for (int k = 0; k < 9; ++k) most = std::max(most, direct.sample(rng));
    slowest.push_back(to_seconds(most));
  }
  std::sort(slowest.begin(), slowest.end());
  for (const double p : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    const Duration told =
        quantile_of_slower([&](double q) { return direct.quantile_of_max(9, q); },
                           [&](double q) { return others.quantile_of_max(1, q); }, p);
    CAPTURE(p);
    CHECK(to_seconds(told) ==
          doctest::Approx(slowest[static_cast<std::size_t>(p * 100'000)]).epsilon(0.02));
  }
  // Of two groups of one law it is the slowest of both; of a constant and less, the constant.
  const auto of = [](const LogNormalLatency& law, double n) {
    return [&law, n](double q) { return law.quantile_of_max(n, q); };
  };
  CHECK(to_seconds(quantile_of_slower(of(direct, 30), of(direct, 70), 0.3)) ==
        doctest::Approx(to_seconds(direct.quantile_of_max(100, 0.3))).epsilon(1e-6));
  const LogNormalLatency late(from_seconds(9), from_seconds(9));
  CHECK(quantile_of_slower(of(direct, 9), of(late, 1), 0.5) == late.median());
}

}  // namespace
}  // namespace fleetcache::models
