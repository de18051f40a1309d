// deadblock: learns which kinds of blocks are never used again.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/eviction/kv_traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

Config blocks(std::uint64_t capacity) {
  Config config = unit_config(capacity);
  config.features = kPrefix | kKinds;
  return config;
}
struct Halves {
  double first = 0;
  double later = 0;
};
/// Strict prefix miss ratio over the first and the later half of the prompts.
Halves miss_ratios(std::string_view policy, Config config, const std::vector<Prompt>& prompts) {
  Cache cache = make_cache(policy, config);
  PrefixCounts counts[2];
  for (std::size_t k = 0; k < prompts.size(); ++k) {
    look_up(cache, prompts[k], true, true, counts[k < prompts.size() / 2 ? 0 : 1]);
  }
  CHECK(cache.audit() == "");
  return {counts[0].miss_ratio(), counts[1].miss_ratio()};
}
std::uint64_t misses(std::string_view policy, std::uint64_t capacity, const Trace& trace) {
  Cache cache = make_cache(policy, unit_config(capacity));
  return count_misses(cache, trace);
}

}  // namespace

TEST_CASE("a class of blocks that never come back makes way for one that does") {
  // Ten hot blocks are used in turn, between each pair three newcomers of another class that are
  // never used again: LRU of 32 keeps 32 / 4 = 8 hot ones, each gone before its turn.
  const auto hits = [](std::string_view policy) {
    Cache cache = make_cache(policy, [] {
      Config config = unit_config(32);
      config.features = kKinds;
      return config;
    }());
    std::uint64_t found = 0;
    for (std::uint64_t k = 0; k < 4000; ++k) {
      Meta meta = one(1 + k / 4 % 10);
      if (k % 4 != 0) meta = one(1000 + k);
      meta.klass = k % 4 != 0 ? 1 : 0;
      found += cache.request({}, meta) ? 1 : 0;
    }
    return found;
  };
  CHECK(hits("lru") == 0);
  CHECK(hits("deadblock") > 900);  // of 990
}

TEST_CASE("without reuse to learn from, or with sharpness 0, the order is LRU") {
  Config config = unit_config(40);
  config.params = {{"sharpness", "0"}};
  Cache a = make_cache("deadblock", config);
  Cache b = make_cache("lru", unit_config(40));
  for (const Meta& meta : mixed_trace(120, 5000, 1, 3)) {
    REQUIRE(a.request({}, meta) == b.request({}, meta));
  }
  const std::vector<Prompt> prompts = mooncake_prompts();
  if (prompts.empty()) {
    MESSAGE("shared conversation trace absent: skipped");
    return;
  }
  Config whole = blocks(10000);
  whole.params = config.params;
  const Halves plain = miss_ratios("deadblock", whole, prompts);
  const Halves leaf = miss_ratios("prefix-lru", blocks(10000), prompts);
  CHECK(plain.first == leaf.first);
  CHECK(plain.later == leaf.later);
}

TEST_CASE("deadblock beats LRU on recorded conversations, in the half it was tuned on and after") {
  const std::vector<Prompt> prompts = mooncake_prompts();
  if (prompts.empty()) {
    MESSAGE("shared conversation trace absent: skipped");
    return;
  }
  for (const std::uint64_t capacity : {1000U, 3000U, 10000U, 30000U, 50000U}) {
    const Halves lru = miss_ratios("prefix-lru", blocks(capacity), prompts);
    const Halves own = miss_ratios("deadblock", blocks(capacity), prompts);
    MESSAGE(capacity << " blocks, first / later half: prefix-lru " << lru.first << " / "
                     << lru.later << ", deadblock " << own.first << " / " << own.later);
    const double gain = capacity <= 10000 ? 0.01 : -0.003;
    CHECK(own.first < lru.first - gain);
    CHECK(own.later < lru.later - gain);
  }
}

TEST_CASE("elsewhere deadblock loses at most half a point to LRU") {
  const auto check = [](const std::string& name, std::uint64_t capacity, const Trace& trace) {
    const auto n = static_cast<double>(trace.size());
    const double lru = static_cast<double>(misses("lru", capacity, trace)) / n;
    const double own = static_cast<double>(misses("deadblock", capacity, trace)) / n;
    MESSAGE(name << " at " << capacity << ": lru " << lru << ", deadblock " << own);
    CHECK(own <= lru + 0.005);
  };
  const Trace zipf = zipf_trace(100000, 1000000, 42);
  check("zipf", 1000, zipf);
  check("zipf", 10000, zipf);
  const Trace epochs = epoch_trace(20000, 10, 42);
  check("epochs", 2000, epochs);
  check("epochs", 10000, epochs);
  check("loop", 9999, loop_trace(10000, 300000));
  check("mixed", 300, mixed_trace(2000, 100000, 1, 5));
  const std::vector<Prompt> sessions = agentic_prompts(24, 8);
  if (sessions.empty()) MESSAGE("shared coding sessions absent: skipped");
  for (const std::uint64_t capacity : {5000U, 20000U, 60000U}) {
    if (sessions.empty()) break;
    const Halves lru = miss_ratios("prefix-lru", blocks(capacity), sessions);
    const Halves own = miss_ratios("deadblock", blocks(capacity), sessions);
    MESSAGE("coding sessions at " << capacity << ", first / later half: prefix-lru " << lru.first
                                  << " / " << lru.later << ", deadblock " << own.first << " / "
                                  << own.later);
    CHECK(own.first <= lru.first + 0.005);
    CHECK(own.later <= lru.later + 0.005);
  }
}
