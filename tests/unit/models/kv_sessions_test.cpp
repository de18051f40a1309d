#include "models/workload/kv_sessions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/unit/models/chat_sessions.hpp"

using namespace fleetcache;
using namespace fleetcache::models;

TEST_CASE(
    "requests come in order of time, at the asked rate, cut into the right number of blocks") {
  const auto requests = kv_sessions(chat_sessions(), 1, from_seconds(2000));
  REQUIRE(requests.size() > 1000);
  CHECK(std::is_sorted(requests.begin(), requests.end(),
                       [](const auto& a, const auto& b) { return a.at < b.at; }));
  for (const auto& r : requests) REQUIRE(r.blocks.size() == (r.input_tokens + 511) / 512);
  // 20/s over 2,000 s, less the turns that the horizon cuts off: those of sessions younger than a
  // few think times, about turns * think / horizon = 3 %.
  CHECK(static_cast<double>(requests.size()) / 2000 == doctest::Approx(20).epsilon(0.08));
}

TEST_CASE("a later turn starts with the blocks of the turn before it") {
  KvSessionSpec s = chat_sessions();
  s.rate = PerSecond(0.5);  // a session each 100 s
  s.turns = 50;
  s.think = from_seconds(1);
  s.shared_fraction = 0;
  const auto requests = kv_sessions(s, 3, from_seconds(400));
  REQUIRE(requests.size() > 3);
  int grown = 0;
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const auto& a = requests[i - 1];
    const auto& b = requests[i];
    if (b.input_tokens <= a.input_tokens) continue;  // another session
    // Whole blocks of the earlier prompt are the beginning of the later one.
    const std::size_t whole = a.input_tokens / 512;
    if (whole == 0 || a.blocks[0] != b.blocks[0]) continue;
    ++grown;
    CHECK(std::equal(a.blocks.begin(), a.blocks.begin() + static_cast<std::ptrdiff_t>(whole),
                     b.blocks.begin()));
  }
  CHECK(grown > 0);
}

TEST_CASE("sessions of one prefix share its blocks and no others") {
  KvSessionSpec s = chat_sessions();
  s.turns = 1;
  s.prefixes = 1;
  const auto requests = kv_sessions(s, 5, from_seconds(50));
  std::set<std::uint64_t> first_blocks, distinct;
  std::size_t references = 0;
  for (const auto& r : requests) {
    if (r.input_tokens >= 2048) first_blocks.insert(r.blocks[0]);
    for (const std::uint64_t b : r.blocks) distinct.insert(b);
    references += r.blocks.size();
  }
  CHECK(first_blocks.size() == 1);
  CHECK(distinct.size() < references);
}

TEST_CASE("the first minute of a run is the first minute of a longer one") {
  const auto a = kv_sessions(chat_sessions(), 9, from_seconds(60));
  const auto b = kv_sessions(chat_sessions(), 9, from_seconds(600));
  REQUIRE(a.size() <= b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].at == b[i].at);
    REQUIRE(a[i].blocks == b[i].blocks);
  }
}
