#include <doctest/doctest.h>

#include <string>

#include "policies/pacing/pacing.hpp"
#include "tests/unit/pacing/tiny_host.hpp"

using namespace fleetcache;
using namespace fleetcache::test;
using pacing::Config;
using pacing::State;
using pacing::Step;
using pacing::Verdict;

namespace {

std::string error_of(const char* name, const Params& params) {
  const auto config = pacing::configure(name, params);
  return config ? "" : config.error().text();
}

bool same(const State& a, const State& b) {
  return a.now == b.now && a.space_due == b.space_due && a.time_due == b.time_due &&
         a.mark == b.mark && a.rounds == b.rounds && a.latched == b.latched;
}

}  // namespace

TEST_CASE("watermark: from above the high mark to the low one, and the latch holds between them") {
  const Config config = pacing::configure("watermark").value();  // 90 % to 80 %, each second
  State state = pacing::start(config, {0});
  const auto ask = [&](int second, std::uint64_t used) {
    const Step order = pacing::step(config, state, {second * kSec}, {used, 100, 0, 0});
    if (order.verdict == Verdict::kEvict) {
      // The host frees only half of what was asked: the next poll has to go on.
      CHECK(pacing::step(config, state, {second * kSec}, {used - 1, 100, 0, 0}).verdict ==
            Verdict::kIdle);
    }
    return order.bytes;
  };
  CHECK(ask(0, 85) == 0);  // never above 90: no latch
  CHECK(ask(1, 90) == 0);  // at the mark
  CHECK(ask(2, 91) == 11);
  CHECK(ask(3, 85) == 5);  // latched
  CHECK(ask(4, 80) == 0);  // at the low mark: done
  CHECK(ask(5, 89) == 0);  // and not again below 90
}

TEST_CASE("synchronous: just enough at a put, nothing where it fits exactly") {
  const Config config = pacing::configure("synchronous").value();
  State state = pacing::start(config, {0});
  CHECK(pacing::step(config, state, {0}, {90, 100, 0, 10}).verdict == Verdict::kIdle);
  const Step order = pacing::step(config, state, {0}, {90, 100, 0, 11});
  CHECK(order.verdict == Verdict::kEvict);
  CHECK(order.bytes == 1);
  CHECK(order.least_bytes == 1);
  // Nothing could go: one order a put, then the put has failed; the next put asks anew.
  CHECK(pacing::step(config, state, {0}, {90, 100, 0, 11}).verdict == Verdict::kGaveUp);
  CHECK(pacing::step(config, state, {0}, {90, 100, 0, 11}).verdict == Verdict::kEvict);
}

TEST_CASE("deadline: by time alone, at its own period") {
  const Config config = pacing::configure("deadline", {{"timeout_ms", "5000"}}).value();
  State state = pacing::start(config, {0});
  TinyHost host = host_of(10, 0, 1, {0});
  for (int i = 0; i < 100; ++i) host.touch(i, 1, {i * kSec});  // ten times the capacity
  CHECK(host.run(config, state, {59 * kSec}) == 0);
  CHECK(host.run(config, state, {60 * kSec}) == 1);
  CHECK(host.files.front().id == 56);  // 55 s is 5 s ago
  CHECK(host.last.next_due.ns == 120 * kSec);
}

TEST_CASE("time never goes back: the call is refused and changes nothing") {
  for (const pacing::PolicyInfo& info : pacing::policies()) {
    CAPTURE(info.name);
    const Config config = pacing::configure(info.name).value();
    State state = pacing::start(config, {1000 * kSec});
    pacing::step(config, state, {2000 * kSec}, {100, 100, 10, 0});
    const State before = state;
    const Step order = pacing::step(config, state, {2000 * kSec - 1}, {100, 100, 10, 50});
    CHECK(order.verdict == Verdict::kTimeWentBack);
    CHECK(order.bytes == 0);
    CHECK(same(state, before));
    CHECK(pacing::step(config, state, {2000 * kSec}, {0, 100, 0, 0}).verdict !=
          Verdict::kTimeWentBack);
  }
}

TEST_CASE("a ticker keeps its phase and loses the ticks that nobody took; a loop sleeps from now") {
  const Config ticker = pacing::configure("blobfuse2-block-cache").value();  // each minute
  State state = pacing::start(ticker, {0});
  CHECK(pacing::step(ticker, state, {59 * kSec}, {0, 100, 0, 0}).next_due.ns == 60 * kSec);
  State late = state;
  while (pacing::step(ticker, late, {250 * kSec}, {90, 100, 0, 0}).verdict == Verdict::kEvict) {
  }
  CHECK(late.space_due.ns == 300 * kSec);
  CHECK(late.time_due.ns == 360 * kSec);
  const Config loop = pacing::configure("squid").value();
  State sleeping = pacing::start(loop, {0});
  CHECK(pacing::step(loop, sleeping, {kSec / 2}, {0, 100, 0, 0}).next_due.ns == kSec * 3 / 2);
}

TEST_CASE("every preset comes to rest at an obedient host, and a timer always lies ahead") {
  for (const pacing::PolicyInfo& info : pacing::policies()) {
    CAPTURE(info.name);
    const Config config = pacing::configure(info.name).value();
    State state = pacing::start(config, {0});
    TinyHost host = host_of(1000, 0, 1, {0});
    TimePoint now{0};
    int id = 0;
    for (int i = 0; i < 2000; ++i) {
      for (int k = 0; k < 3; ++k) host.touch(id++, 1, now);
      const int orders = host.run(config, state, now);
      REQUIRE(orders <= 12);
      REQUIRE(host.last.verdict == Verdict::kIdle);
      REQUIRE(host.last.next_due > now);
      now = std::min(host.last.next_due, now + Duration(kSec));
    }
    if (config.kind != pacing::Kind::kDeadline) CHECK(host.used() < 2000);
  }
}

TEST_CASE("extreme sizes do not overflow") {
  const std::uint64_t big = 0xffff'ffff'ffff'ffffULL;
  for (const pacing::PolicyInfo& info : pacing::policies()) {
    CAPTURE(info.name);
    const Config config = pacing::configure(info.name).value();
    State state = pacing::start(config, {0});
    const Step order = pacing::step(config, state, {3600 * kSec}, {big, big, big, 0});
    CHECK(order.verdict != Verdict::kTimeWentBack);
    if (config.on_put) {  // used + need is above 2^64
      State put = pacing::start(config, {0});
      CHECK(pacing::step(config, put, {0}, {big, big, big, big}).verdict == Verdict::kEvict);
    }
    State tiny = pacing::start(config, {0});
    CHECK(pacing::step(config, tiny, {0}, {0, 1, 0, 0}).verdict == Verdict::kIdle);
  }
  const Config mooncake = pacing::configure("mooncake").value();
  State state = pacing::start(mooncake, {0});
  const Step order = pacing::step(mooncake, state, {0}, {big, big, 0, 0});
  CHECK(order.bytes > big / 100 * 14);  // 15 % of it
  CHECK(order.bytes < big / 100 * 16);
}

TEST_CASE("parameters: known ones of the kind, marks in order, the nearest fault named") {
  CHECK(pacing::configure("squid", {{"high", "0.97"}, {"low", "0.9"}})->high_ppm == 970'000);
  CHECK(pacing::configure("nginx", {{"period_ms", "500"}})->period.count == 500 * kMs);
  CHECK(error_of("squirrel", {}).find("there are synchronous, watermark") != std::string::npos);
  CHECK(error_of("squid", {{"low", "0.96"}}) == "squid: low 0.96 is above high 0.95");
  CHECK(error_of("mooncake", {{"low", "0.5"}}).find("unknown") != std::string::npos);
  CHECK(error_of("lmcache", {{"ratio", "1.5"}}).find("from 0 to 1") != std::string::npos);
  CHECK(error_of("deadline", {{"timeout_ms", "0"}}) ==
        "deadline: timeout_ms 0 would never drop anything");
  for (const pacing::PolicyInfo& info : pacing::policies()) CHECK_FALSE(info.parameters.empty());
}
