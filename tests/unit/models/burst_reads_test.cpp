#include "models/capacity/burst_reads.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "policies/base/rng.hpp"

namespace fleetcache::models {

namespace {

LogNormalLatency constant(double s) { return {from_seconds(s), from_seconds(s)}; }

double quantile(const std::vector<TimeShare>& law, double p) {
  double sum = 0;
  for (const TimeShare& point : law)
    if ((sum += point.share) >= p) return point.seconds;
  return law.back().seconds;
}

// Reads one by one over a shared link, in small steps of time.
std::vector<double> played(const LogNormalLatency& law, const BurstSpec& spec) {
  Rng rng(11, "test/burst");
  struct Read {
    double from = 0, left = 0;
  };
  std::vector<Read> reads;
  for (double i = 0; i < spec.reads; ++i)
    reads.push_back({(spec.plans.count > 0 ? i / spec.plans.count : 0) + spec.before_s +
                         to_seconds(law.sample(rng)),
                     spec.bytes});
  std::vector<double> times;
  constexpr double kStep = 1e-4;
  for (double now = 0; times.size() < reads.size(); now += kStep) {
    double n = 0;
    for (const Read& r : reads) n += r.from <= now && r.left > 0;
    const double rate = std::min(spec.stream.count, spec.capacity.count / std::max(1.0, n));
    for (Read& r : reads) {
      if (r.from > now || r.left <= 0) continue;
      r.left -= rate * kStep;
      if (r.left <= 0) times.push_back(now);
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

TEST_CASE("reads that nothing staggers all take as long as the burst") {
  // 100 reads of 10 MB over 1 GB/s: a second, after 50 ms.
  BurstSpec spec{100, 10e6, BytesPerSecond(1e9), BytesPerSecond(100e6), PerSecond(0), 0.02};
  const auto law = burst_read_law(constant(0.03), spec);
  CHECK(law.front().seconds == doctest::Approx(1.05));
  CHECK(law.back().seconds == doctest::Approx(1.05));
  // A wide link: one stream each.
  spec.capacity = BytesPerSecond(1e12);
  CHECK(mean_of(burst_read_law(constant(0.03), spec)) == doctest::Approx(0.15));
}

TEST_CASE("plans one after the other spread the reads of a burst") {
  // 1,000 plans at 1,000/s, transfers of 1 ms alone: half a second in the mean, one at most.
  const BurstSpec spec{1000, 1e6, BytesPerSecond(1e12), BytesPerSecond(1e9), PerSecond(1000), 0};
  const auto law = burst_read_law(constant(1e-6), spec);
  CHECK(mean_of(law) == doctest::Approx(0.501).epsilon(0.01));
  CHECK(law.back().seconds == doctest::Approx(1).epsilon(0.01));
  // A link that takes two seconds for the burst: the last byte comes then.
  BurstSpec narrow = spec;
  narrow.capacity = BytesPerSecond(0.5e9);
  CHECK(burst_read_law(constant(1e-6), narrow).back().seconds == doctest::Approx(2).epsilon(0.01));
}

TEST_CASE("the law is that of reads played one by one on a shared link") {
  const LogNormalLatency first_byte(from_seconds(0.05), from_seconds(0.4));
  for (const double capacity : {1e9, 3e9, 20e9})
    for (const double plans : {0.0, 2000.0}) {
      CAPTURE(capacity);
      CAPTURE(plans);
      const BurstSpec spec{
          600, 4e6, BytesPerSecond(capacity), BytesPerSecond(60e6), PerSecond(plans), 0.01};
      const auto law = burst_read_law(first_byte, spec);
      const std::vector<double> truth = played(first_byte, spec);
      double mean = 0;
      for (const double t : truth) mean += t / static_cast<double>(truth.size());
      CHECK(mean_of(law) == doctest::Approx(mean).epsilon(0.03));
      for (const double p : {0.1, 0.5, 0.9})
        CHECK(quantile(law, p) ==
              doctest::Approx(truth[static_cast<std::size_t>(p * 600)]).epsilon(0.06));
    }
}

TEST_CASE("over accounts by hash the mean read waits for what falls to its account") {
  // 200 reads over 20 links that nothing staggers: a read finds (200 - 1) / 20 others and itself,
  // 10.95 in place of 10.
  BurstSpec burst{200, 10e6, BytesPerSecond(1e9), BytesPerSecond(1e12), PerSecond(0), 0};
  const LogNormalLatency at_once = constant(1e-6);
  const double even = mean_of(burst_read_law(at_once, burst));
  CHECK(mean_of(burst_over_accounts(at_once, burst, 1)) == doctest::Approx(even));
  CHECK(mean_of(burst_over_accounts(at_once, burst, 20)) ==
        doctest::Approx(1.095 * even).epsilon(0.02));
  burst.reads = 1e6;  // many for each
  CHECK(mean_of(burst_over_accounts(at_once, burst, 20)) ==
        doctest::Approx(mean_of(burst_read_law(at_once, burst))));
}

TEST_CASE("reads that wait in one line take from one step less than they are asked ahead") {
  // A job that does nothing but wait: batches of 400 reads, the next asked for when a step starts,
  // which is when the last read of its own batch is there; one server of 1,000 reads a second.
  for (const int ahead : {1, 2, 3}) {
    CAPTURE(ahead);
    constexpr int kBatch = 400, kSteps = 50;
    constexpr double kRead_s = 1e-3;
    std::vector<double> start(kSteps, 0), times;
    double free_at = 0;
    for (int step = 0; step < kSteps; ++step) {
      const double asked = step < ahead ? 0 : start[static_cast<std::size_t>(step - ahead)];
      for (int i = 0; i < kBatch; ++i) {
        free_at = std::max(free_at, asked) + kRead_s;
        if (step > 2 * ahead) times.push_back(free_at - asked);
      }
      start[static_cast<std::size_t>(step)] = free_at;
    }
    std::sort(times.begin(), times.end());
    const auto law = queued_read_law(ahead, kBatch * kRead_s, 1);
    for (const double p : {0.05, 0.5, 0.95}) {
      CHECK(quantile(law, p) ==
            doctest::Approx(times[static_cast<std::size_t>(p * static_cast<double>(times.size()))])
                .epsilon(0.02));
    }
  }
}

TEST_CASE("reads that share a link end together, a line busy half of a step ends over half of it") {
  const auto shared = queued_read_law(2, 10, 0);
  CHECK(quantile(shared, 0.05) == doctest::Approx(20));
  CHECK(quantile(shared, 0.95) == doctest::Approx(20));
  const auto half = queued_read_law(2, 10, 0.5);
  CHECK(quantile(half, 0.02) == doctest::Approx(15.1).epsilon(0.01));
  CHECK(mean_of(half) == doctest::Approx(17.5).epsilon(0.001));
}

TEST_CASE("bursts that may meet add what a played link adds") {
  // Processor sharing of bursts that are all of equal reads: with two under way each kind has its
  // part of the link by its reads; a burst's reads end together.
  struct Kind {
    double alone_s, period_s;
  };
  const Kind own{1.0, 7.3};
  for (const Kind other : {Kind{0.5, 6.1}, Kind{2.0, 11.7}}) {
    CAPTURE(other.alone_s);
    std::vector<double> played;
    Rng rng(3, "test/bursts");
    for (int i = 0; i < 20'000; ++i) {
      // The other's burst nearest before or after this one begins, by its phase.
      const double phase = rng.uniform() * other.period_s;  // of its last beginning, ago
      double longer = std::max(0.0, std::min(own.alone_s, other.alone_s - phase));
      const double next = other.period_s - phase;
      if (next < own.alone_s + longer)
        longer += std::min(own.alone_s + longer - next, other.alone_s);
      played.push_back(own.alone_s + longer);
    }
    std::sort(played.begin(), played.end());
    const auto law =
        met_by_others({{own.alone_s, 1}}, own.alone_s, {{other.alone_s, other.period_s}});
    double mean = 0;
    for (const double t : played) mean += t / static_cast<double>(played.size());
    CHECK(mean_of(law) == doctest::Approx(mean).epsilon(0.02));
    for (const double p : {0.5, 0.9, 0.97})
      CHECK(std::abs(quantile(law, p) -
                     played[static_cast<std::size_t>(p * static_cast<double>(played.size()))]) <
            0.12 * own.alone_s);
  }
}

TEST_CASE("without others, or with none that reads, the law stays as it is") {
  const std::vector<TimeShare> law = {{1, 0.5}, {2, 0.5}};
  CHECK(mean_of(met_by_others(law, 1, {})) == doctest::Approx(1.5));
  CHECK(mean_of(met_by_others(law, 1, {{0, 5}})) == doctest::Approx(1.5));
  // Two kinds add up.
  CHECK(mean_of(met_by_others(law, 1, {{0.5, 10}, {1, 20}})) ==
        doctest::Approx(1.5 + 0.05 + 0.05).epsilon(0.02));
}

}  // namespace fleetcache::models
