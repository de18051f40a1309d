// Groups: whole or not at all.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: groups") { random_calls(kGroups, 1500, 4); }
TEST_CASE("any order of calls keeps every policy sound: all features that go with groups") {
  random_calls(kAllFeatures & ~kPrefix, 1500, 4);
}

TEST_CASE("a group goes whole in admit, expire and reserve, and not at all where it does not fit") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Config config = unit_config(6);
    config.features = kGroups | kTtl;
    Cache cache = make_cache(policy.name, config);
    Meta meta = one(1);
    meta.expires = TimePoint{50};
    meta.mate = cache.admit({}, meta);
    for (ObjectId id = 2; id <= 6; ++id) {
      meta.id = id;
      meta.expires = {};
      cache.admit({}, meta);
    }
    Victim out[6];
    CHECK(cache.reserve({1}, nullptr, out, 5) == 0);
    CHECK(cache.expire({50}, out, 5) == 0);
    CHECK(cache.stats().aborts > 0);
    CHECK(cache.reserve({1}, nullptr, out, 6) == 6);
    Handle handles[6];
    for (int k = 0; k < 6; ++k) handles[k] = out[k].handle;
    cache.abort({1}, handles, 6);
    CHECK(cache.expire({50}, out, 6) == 6);
    for (int k = 0; k < 6; ++k) handles[k] = out[k].handle;
    cache.abort({50}, handles, 6);
    CHECK(cache.pin(cache.find(4)));
    CHECK(cache.reserve({1}, nullptr, out, 6) == 0);
    CHECK_FALSE(static_cast<bool>(cache.admit({1}, one(9))));
    CHECK_FALSE(static_cast<bool>(cache.admit({50}, one(1))));  // its mate 4 is pinned
    CHECK(cache.unpin(cache.find(4)));
    int gone = 0;
    CHECK(static_cast<bool>(cache.admit({50}, one(1), [&gone](const Victim&) { ++gone; })));
    CHECK(gone == 6);
    CHECK(cache.entries() == 1);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("a host that refuses one member of a group keeps the group") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Config config = unit_config(6);
    config.features = kGroups;
    Cache cache = make_cache(policy.name, config);
    Meta meta = one(1);
    for (ObjectId id = 1; id <= 6; ++id) {
      meta.id = id;
      const Handle h = cache.admit({}, meta);
      if (id == 1) meta.mate = h;
      if (id == 3) meta.mate = {};
      if (id == 4) meta.mate = h;
    }
    Victim out[6];
    const auto busy = [](const Victim& v) { return v.id == 2 ? Verdict::kSkip : Verdict::kTake; };
    REQUIRE(cache.reserve({}, nullptr, out, 6, busy) == 3);
    CHECK(out[0].id + out[1].id + out[2].id == 15);
    CHECK(cache.audit() == "");
  }
}
