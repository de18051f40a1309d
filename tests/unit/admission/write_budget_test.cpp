// The device-write budget: what is promised for every stretch of time, and how the odds move.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/unit/admission/helpers.hpp"

using namespace fleetcache;
using namespace fleetcache::admission;
using namespace fleetcache::admission::testing;

namespace {

constexpr double kMB = 1e6;

struct Write {
  double time_s;
  double bytes;
};

/// Offers `rate_mb_per_s(t)` of objects of 4 KiB to 16 MiB for a while; returns what was admitted.
template <class Rate>
std::vector<Write> offer(Policy& rule, double from_s, double to_s, Rate rate_mb_per_s) {
  std::vector<Write> writes;
  double t = from_s;
  for (std::uint64_t k = 0; t < to_s; ++k) {
    const std::uint64_t bytes = (4096ULL << draw(1, k) % 12) + draw(2, k) % 4096;
    t += static_cast<double>(bytes) / (rate_mb_per_s(t) * kMB);
    if (rule.decide(at(t), object(draw(3, k), bytes)) == Decision::kAdmit) {
      writes.push_back({t, static_cast<double>(bytes)});
    }
  }
  return writes;
}

double total(const std::vector<Write>& writes, double from_s, double to_s) {
  double sum = 0;
  for (const Write& w : writes) sum += w.time_s >= from_s && w.time_s < to_s ? w.bytes : 0;
  return sum;
}

/// The most by which any stretch of time exceeds target x its length: O(n) by the lowest start.
double worst_excess(const std::vector<Write>& writes, double target) {
  double written = 0;
  double lowest = 1e300;
  double worst = 0;
  for (const Write& w : writes) {
    lowest = std::min(lowest, written - target * w.time_s);  // the stretch begins before this write
    written += w.bytes;
    worst = std::max(worst, written - target * w.time_s - lowest);
  }
  return worst;
}

}  // namespace

TEST_CASE("bytes written in any time t stay within target x (t + window)") {
  const auto wild = [](double t) {  // idle hours, floods, and all between
    const auto hour = static_cast<int>(t / 1800) % 5;
    return hour == 0 ? 0.5 : hour == 1 ? 80.0 : hour == 2 ? 12.0 : hour == 3 ? 2.0 : 30.0;
  };
  for (const double window_s : {300.0, 3600.0}) {
    CAPTURE(window_s);
    Policy rule = make("write-budget", {{"target_mb_per_s", "5"},
                                        {"window_s", std::to_string(static_cast<int>(window_s))}});
    const std::vector<Write> writes = offer(rule, 0, 36000, wild);
    REQUIRE(writes.size() > 10000);
    const double worst = worst_excess(writes, 5 * kMB);
    MESSAGE("window " << window_s << " s: worst excess " << worst / kMB << " MB of " << 5 * window_s
                      << ", average " << total(writes, 0, 36000) / 36000 / kMB << " MB/s");
    CHECK(worst <= 5 * kMB * window_s + 1);
  }
}

TEST_CASE("under steady load the writes settle on the target by the odds, not by deferring") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "5"}});
  const std::vector<Write> writes = offer(rule, 0, 14400, [](double) { return 25.0; });
  for (int hour = 1; hour < 4; ++hour) {
    const double rate = total(writes, hour * 3600.0, hour * 3600.0 + 3600) / 3600 / kMB;
    MESSAGE("hour " << hour << ": " << rate << " MB/s");
    CHECK(rate == doctest::Approx(5).epsilon(0.08));
  }
  CHECK(rule.stats().deferred * 100 < rule.stats().decided);
}

TEST_CASE("the odds move by at most a quarter each 60 s, and within their bounds") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "1"}});
  double previous = 1e6;  // p(4096) = 1 x factor
  double last_change_s = 0;
  double least = 1e9;
  int changes = 0;
  for (std::uint64_t k = 0; k < 200000; ++k) {
    const double t = static_cast<double>(k) * 0.05;
    rule.decide(at(t), object(k, 4096ULL << draw(4, k) % 14));
    const double odds = rule.odds_ppm(4096);
    if (odds != previous) {
      ++changes;
      CHECK(t - last_change_s >= 60 - 1e-6);
      CHECK(odds <= previous * 1.25 + 2);
      CHECK(odds >= previous * 0.75 - 2);
      last_change_s = t;
    }
    CHECK(odds >= 999);
    least = std::min(least, odds);
    previous = odds;
  }
  CHECK(changes > 20);
  CHECK(least < 750000);
  // Flooded for a day the factor ends at its floor of 0.001: odds of 1,000 in a million.
  for (std::uint64_t k = 0; k < 2000; ++k) {
    Load wear;  // the device writes 100 MB/s whatever is admitted
    wear.device_written = (k + 1) * 6'000'000'000ULL;
    rule.decide(at(20000 + static_cast<double>(k) * 60), object(k, 4096), wear);
  }
  CHECK(std::abs(static_cast<double>(rule.odds_ppm(4096)) - 1000) <= 1);
}

TEST_CASE("the factor stops at its ceiling, and says nothing where nothing is offered") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "1"},
                                      {"factor_max", "2"},
                                      {"size_decay", "1"},
                                      {"window_s", "1000000"}});
  const std::uint64_t huge = std::uint64_t{1} << 50;  // fls 51: p = 13 / 51 = 0.254902
  CHECK(rule.odds_ppm(huge) == 254902);
  rule.decide(at(0), object(0, 1));
  rule.decide(at(60), object(1, 1));
  CHECK(rule.odds_ppm(huge) == doctest::Approx(254902 * 1.25).epsilon(1e-5));
  for (int k = 2; k < 20; ++k) rule.decide(at(60.0 * k), object(1, 1));
  CHECK(rule.odds_ppm(huge) == 509804);  // twice
}

TEST_CASE("odds by size are (13 / fls(size))^0.3") {
  const Policy rule = make("write-budget", {{"target_mb_per_s", "1"}});
  for (const int bits : {13, 14, 17, 21, 25, 31, 41}) {
    const double expected = std::pow(13.0 / bits, 0.3) * 1e6;
    const std::uint64_t low = std::uint64_t{1} << (bits - 1);
    CHECK(std::abs(rule.odds_ppm(low) - expected) <= 1);
    CHECK(rule.odds_ppm(2 * low - 1) == rule.odds_ppm(low));
  }
  CHECK(rule.odds_ppm(100) == 1000000);
}

TEST_CASE("by the key's hash the same key has the same answer while the factor stands") {
  const Params params = {{"target_mb_per_s", "100"}, {"drawn", "0"}, {"window_s", "100000"}};
  Policy one = make("write-budget", params);
  Policy two = make("write-budget", params);
  for (std::uint64_t id = 500; id < 600; ++id) two.decide(at(0), object(id, 1 << 20));
  int stored = 0;
  for (std::uint64_t id = 0; id < 2000; ++id) {
    const Decision first = one.decide(at(0), object(id, 1 << 20));
    CHECK(first == one.decide(at(1), object(id, 1 << 20)));
    CHECK(first == two.decide(at(2), object(id, 1 << 20)));
    stored += first == Decision::kAdmit ? 1 : 0;
  }
  CHECK(std::abs(stored - 2000 * 0.8660) < 4 * 15.3);  // (13/21)^0.3; sigma = sqrt(2000 p (1-p))
}

TEST_CASE("a device that writes twice what is admitted halves what is admitted") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "4"}});
  double admitted = 0;
  double late = 0;
  for (std::uint64_t k = 0; k < 400000; ++k) {
    const double t = static_cast<double>(k) * 0.05;  // 20 MB/s offered for 20,000 s
    Load load;
    load.device_written = 1 + static_cast<std::uint64_t>(2 * admitted);
    if (rule.decide(at(t), object(k, 1000000), load) != Decision::kAdmit) continue;
    admitted += 1e6;
    late += t >= 10000 ? 1e6 : 0;
  }
  CHECK(late / 10000 / kMB == doctest::Approx(2).epsilon(0.08));
}

TEST_CASE("the host's budget takes the place of the target") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "1"}});
  double late = 0;
  for (std::uint64_t k = 0; k < 400000; ++k) {
    const double t = static_cast<double>(k) * 0.05;
    Load load;
    load.write_budget = 6000000;
    const bool stored = rule.decide(at(t), object(k, 1000000), load) == Decision::kAdmit;
    late += stored && t >= 10000 ? 1e6 : 0;
  }
  CHECK(late / 10000 / kMB == doctest::Approx(6).epsilon(0.08));
}

TEST_CASE("no period writes more than the largest rate allows; too large is never") {
  Policy rule =
      make("write-budget", {{"target_mb_per_s", "1"}, {"max_mb_per_s", "2"}, {"size_decay", "0"}});
  double written = 0;
  for (int k = 0; k < 590; ++k) {
    const Decision d = rule.decide(at(k * 0.1), object(static_cast<std::uint64_t>(k), 1000000));
    written += d == Decision::kAdmit ? 1 : 0;
    if (k >= 120) CHECK(d == Decision::kDefer);
  }
  CHECK(written == 120);  // 2 MB/s x 60 s
  CHECK(rule.decide(at(59), object(1, 120000001)) == Decision::kBypass);
}

TEST_CASE("a target is needed, and lies below the largest rate") {
  CHECK(Policy::create("write-budget", {}).error().text() ==
        "write-budget parameter \"target_mb_per_s\": is needed");
  CHECK_FALSE(Policy::create("write-budget", {0, 0, {{"target_mb_per_s", "161"}}}).ok());
}

TEST_CASE("credit below a byte is kept from call to call") {
  Policy rule = make("write-budget", {{"target_mb_per_s", "0.000001"}, {"size_decay", "0"}});
  int late = 0;
  for (std::uint64_t k = 0; k < 60000; ++k) {  // a byte offered every 0.3 s, one allowed a second
    const double t = static_cast<double>(k) * 0.3;
    const bool stored = rule.decide(at(t), object(k, 1)) == Decision::kAdmit;
    late += stored && t >= 9000 ? 1 : 0;
  }
  CHECK(late == doctest::Approx(9000).epsilon(0.1));
}
