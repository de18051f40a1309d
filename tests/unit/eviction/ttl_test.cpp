// Times, leases, parents, groups and wide ids on every policy, against the model.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: expiry times") {
  random_calls(kTtl, 1500, 4);
}

TEST_CASE("an entry is hit to the last nanosecond before its expiry, and not from then on") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (const std::int64_t expires : {1LL, 1LL << 20, (1LL << 20) + 1, 3'600'000'000'000LL}) {
      CAPTURE(expires);
      Config config = unit_config(8);
      config.features = kTtl;
      Cache cache = make_cache(policy.name, config);
      Meta meta = one(1);
      meta.expires = TimePoint{expires};
      const Handle h = cache.admit({}, meta);
      CHECK(cache.access({expires - 1}, h));
      Victim victim;
      CHECK(cache.expire({expires - 1}, &victim, 1) == 0);
      CHECK_FALSE(cache.access({expires}, h));
      CHECK(cache.live(h));  // resident until `expire`, a search or its successor drops it
      Cache lazy = make_cache(policy.name, config);
      CHECK_FALSE(lazy.request({0}, meta));
      CHECK(lazy.request({expires - 1}, meta));
      CHECK_FALSE(lazy.request({expires}, one(1)));  // replaced by one without an expiry
      CHECK(lazy.request({expires}, one(1)));
      CHECK(lazy.stats().expired == 1);
      CHECK(cache.expire({expires}, &victim, 1) == 1);
      CHECK(victim.id == 1);
      cache.commit({expires}, &victim.handle, 1);
      CHECK(cache.stats().expired == 1);
      CHECK(cache.entries() == 0);
    }
  }
}

TEST_CASE("a held entry whose time is over is neither hit nor replaced nor given away") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Config config = unit_config(8);
    config.features = kTtl | kLeases | kPrefix;
    Cache cache = make_cache(policy.name, config);
    const auto timed = [](ObjectId id) {
      Meta meta = one(id);
      meta.expires = TimePoint{100};
      return meta;
    };
    const Handle pinned = cache.admit({}, timed(1));
    cache.pin(pinned);
    Meta leased = timed(2);
    leased.leased_until = TimePoint{300};
    cache.admit({}, leased);
    const Handle parent = cache.admit({}, timed(3));
    Meta child = one(4);
    child.parent = parent;
    cache.admit({}, child);
    for (const ObjectId id : {1, 2, 3}) {
      CAPTURE(id);
      const Handle before = cache.find(id);
      CHECK_FALSE(cache.request({200}, one(id)));
      CHECK_FALSE(static_cast<bool>(cache.admit({200}, one(id))));
      CHECK(cache.find(id) == before);
    }
    Victim victims[8];
    CHECK(cache.expire({200}, victims, 8) == 0);
    CHECK(cache.expire({300}, victims, 8) == 1);
    CHECK(victims[0].id == 2);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("a batch of expired entries looks at each of them once") {
  Config config = unit_config(1000);
  config.features = kTtl;
  Cache cache = make_cache("lru", config);
  for (ObjectId id = 1; id <= 1000; ++id) {
    Meta meta = one(id);
    meta.expires = TimePoint{static_cast<std::int64_t>(id)};
    cache.admit({}, meta);
  }
  std::vector<Victim> victims(1000);
  CHECK(cache.expire({2000}, victims.data(), 900) == 900);
  CHECK(cache.stats().scanned == 900);
}
