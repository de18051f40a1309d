#include <doctest/doctest.h>

#include <string>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

std::string refusal(std::string_view policy, Config config) {
  const Result<Cache> made = Cache::create(policy, config);
  return made ? std::string() : made.error().text();
}

std::string refusal(std::string_view policy, Params params) {
  Config config = unit_config(100);
  config.params = std::move(params);
  return refusal(policy, config);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an unknown policy, zero capacity and zero entries are refused by name") {
  CHECK(contains(refusal("lruu", unit_config(10)), "\"lruu\" is unknown; there are fifo, lru"));
  CHECK(contains(refusal("lru", unit_config(0)), "capacity"));
  CHECK(contains(refusal("lru", byte_config(10, 0)), "max_entries"));
}

TEST_CASE("a parameter that is unknown, bad or given twice is refused with its name") {
  CHECK(contains(refusal("lru", Params{{"bits", "2"}}), "takes no parameters"));
  CHECK(contains(refusal("s3fifo", Params{{"smal_ratio", "0.1"}}),
                 "\"smal_ratio\": unknown; it takes small_ratio, ghost_ratio"));
  CHECK(contains(refusal("s3fifo", Params{{"small_ratio", "1.5"}}), "from 0.001 to 0.999"));
  CHECK(contains(refusal("s3fifo", Params{{"small_ratio", "nan"}}), "is not a number"));
  CHECK(contains(refusal("s3fifo", Params{{"small_ratio", "0.1x"}}), "is not a number"));
  CHECK(contains(refusal("clock", Params{{"bits", "0"}}), "from 1 to 8"));
  CHECK(contains(refusal("clock", Params{{"bits", "2"}, {"bits", "3"}}), "given twice"));
  CHECK(contains(refusal("slru", Params{{"segments", "-1"}}), "whole number"));
  CHECK(refusal("slru", Params{{"segments", "8"}}).empty());
  CHECK(refusal("twoq", Params{{"in_ratio", "0.3"}, {"out_ratio", "0"}}).empty());
}

TEST_CASE("every policy describes itself, and the documented defaults are the defaults") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    CHECK_FALSE(policy.summary.empty());
    CHECK_FALSE(policy.source.empty());
    CHECK(find_policy(policy.name) == &policy);
    Params params;  // "name=default [low..high]: meaning"
    for (const std::string_view text : policy.parameters) {
      const auto equals = text.find('=');
      const auto end = text.find(" [");
      REQUIRE(end != std::string_view::npos);
      REQUIRE(equals < end);
      REQUIRE(text.find("]: ") != std::string_view::npos);
      params.emplace_back(text.substr(0, equals), text.substr(equals + 1, end - equals - 1));
    }
    Config spelled = unit_config(100);
    spelled.params = params;
    Cache explicit_defaults = make_cache(policy.name, spelled);
    Cache defaults = make_cache(policy.name, unit_config(100));
    const Trace trace = mixed_trace(300, 5000, 1, 3);
    CHECK(count_misses(defaults, trace) == count_misses(explicit_defaults, trace));
    CHECK(defaults.state_hash() == explicit_defaults.state_hash());
  }
  CHECK(find_policy("s3fifo") == find_policy("s3fifo-2024-12"));
  CHECK(find_policy("2q") == find_policy("twoq"));
  CHECK(find_policy("") == nullptr);
}

TEST_CASE("parameters reach the policy") {
  const Trace trace = zipf_trace(2000, 40000, 1);
  const auto misses = [&](std::string_view policy, Params params) {
    Config config = unit_config(100);
    config.params = std::move(params);
    Cache cache = make_cache(policy, config);
    return count_misses(cache, trace);
  };
  CHECK(misses("clock", {{"bits", "3"}}) != misses("clock", {}));
  CHECK(misses("slru", {{"segments", "2"}}) != misses("slru", {}));
  CHECK(misses("s3fifo", {{"small_ratio", "0.5"}}) != misses("s3fifo", {}));
  CHECK(misses("s3fifo", {{"ghost_ratio", "0"}}) != misses("s3fifo", {}));
  CHECK(misses("twoq", {{"in_ratio", "0.5"}}) != misses("twoq", {}));
  CHECK(misses("twoq", {{"out_ratio", "2"}}) != misses("twoq", {}));
}

TEST_CASE("list policies take at most 32 bytes an entry, 44 with charges, beside a small header") {
  constexpr std::uint32_t kEntries = 100000;
  for (const char* policy : {"fifo", "lru", "clock", "sieve", "slru", "pinned"}) {
    CAPTURE(policy);
    // 28-byte slot + 4-byte index head; the header is below 1 KiB.
    CHECK(Cache::memory_bytes(policy, unit_config(kEntries)).value() <= 32 * kEntries + 1024);
    CHECK(Cache::memory_bytes(policy, byte_config(1U << 30, kEntries)).value() <=
          44 * kEntries + 1024);
  }
  // 0.9 ghosts of 24 bytes, and places for 4,096 held ones.
  CHECK(Cache::memory_bytes("s3fifo", unit_config(kEntries)).value() <=
        (32 * 10 + 24 * 9) * kEntries / 10 + 24 * 4096 + 1024);
  CHECK(Cache::memory_bytes("lru", unit_config(10)).value() < 2048);
}

TEST_CASE("more slots than the capacity are never paid for") {
  CHECK(Cache::memory_bytes("lru", byte_config(10, 4000000000U)).value() < 2048);
}
