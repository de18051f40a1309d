// A running cache that shrinks and grows.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: capacities that change") {
  random_calls(0, 1500, 4, true);
}
TEST_CASE("any order of calls keeps every policy sound: capacities that change, and all features") {
  random_calls(kAllFeatures & ~kGroups, 1000, 4, true);
  random_calls(kAllFeatures & ~kPrefix, 1000, 4, true);
}

TEST_CASE("a cache shrinks to one and grows back, and misses then as often as a fresh one") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, unit_config(200));
    const Trace trace = mixed_trace(300, 6000, 1, 5);
    count_misses(cache, trace);
    REQUIRE(cache.used() == 200);
    CHECK(*cache.resize(1) == 199);
    Victim out[64];
    while (cache.used() > 1) {
      const std::size_t found = cache.reserve({}, nullptr, out, 64);
      REQUIRE(found > 0);
      for (std::size_t k = 0; k < found; ++k) {
        if (cache.used() > 1) cache.commit({}, &out[k].handle, 1);
        if (cache.live(out[k].handle) || !cache.describe(out[k].handle).handle) continue;
        cache.abort({}, &out[k].handle, 1);
      }
      REQUIRE(cache.audit() == "");
    }
    count_misses(cache, trace);
    CHECK(cache.audit() == "");
    CHECK(cache.used() <= 1);
    CHECK(*cache.resize(200) == 0);
    const std::uint64_t misses = count_misses(cache, trace);
    CHECK(cache.audit() == "");
    Cache fresh = make_cache(policy.name, unit_config(200));
    const std::uint64_t cold = count_misses(fresh, trace);
    const std::uint64_t warm = count_misses(fresh, trace);
    CHECK(misses <= std::max(cold, warm) + 250);  // what the policy learnt may differ, not its size
    CHECK(misses + 1500 >= std::min(cold, warm));
  }
}

TEST_CASE("a capacity of zero or above the largest is refused and changes nothing") {
  Config config = unit_config(10);
  config.max_capacity = 12;
  config.max_entries = 12;
  Cache cache = make_cache("lru", config);
  CHECK_FALSE(static_cast<bool>(cache.resize(0)));
  CHECK_FALSE(static_cast<bool>(cache.resize(13)));
  CHECK(cache.capacity() == 10);
  CHECK(*cache.resize(12) == 0);
  for (ObjectId id = 1; id <= 20; ++id) cache.request({}, one(id));
  CHECK(cache.entries() == 12);
}

TEST_CASE("an empty cache that is resized is one made with that capacity") {
  const Trace trace = mixed_trace(400, 6000, 3, 8);
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (const std::uint64_t capacity : {1U, 7U, 90U, 300U}) {
      CAPTURE(capacity);
      Config config = byte_config(120, 150);
      config.max_capacity = 300;
      Cache resized = make_cache(policy.name, config);
      REQUIRE(static_cast<bool>(resized.resize(capacity)));
      config.capacity = capacity;
      Cache made = make_cache(policy.name, config);
      for (const Meta& meta : trace) REQUIRE(resized.request({}, meta) == made.request({}, meta));
      CHECK(resized.state_hash() == made.state_hash());
      CHECK(resized.audit() == "");
    }
  }
}
