// Leases and soft pins.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: leases and soft pins") {
  random_calls(kLeases, 1500, 4);
}
TEST_CASE("any order of calls keeps every policy sound: leases with expiry times") {
  random_calls(kLeases | kTtl, 1500, 4);
}

TEST_CASE("a lease holds until its nanosecond; soft pins give way only to an empty choice") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Config config = unit_config(6);
    config.features = kLeases;
    Cache cache = make_cache(policy.name, config);
    for (ObjectId id = 1; id <= 6; ++id) {
      Meta meta = one(id);
      if (id <= 2) meta.leased_until = TimePoint{100};
      if (id == 3 || id == 4) meta.soft_until = TimePoint{100};
      cache.admit({}, meta);
    }
    Victim out[6];
    CHECK(cache.reserve({99}, nullptr, out, 6) == 2);  // 5 and 6
    CHECK(out[0].id + out[1].id == 11);
    Victim soft[6];
    CHECK(cache.reserve({99}, nullptr, soft, 6) == 2);  // nothing else is left: 3 and 4
    CHECK(soft[0].id + soft[1].id == 7);
    CHECK(cache.reserve({99}, nullptr, soft + 2, 4) == 0);  // leases are hard
    CHECK(cache.reserve({100}, nullptr, soft + 2, 4) == 2);
    CHECK(soft[2].id + soft[3].id == 3);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("a pool full of soft pins still takes newcomers, one of leases does not") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    for (const bool hard : {false, true}) {
      Config config = unit_config(16);
      config.features = kLeases;
      Cache cache = make_cache(policy.name, config);
      for (ObjectId id = 1; id <= 100; ++id) {
        Meta meta = one(id);
        (hard ? meta.leased_until : meta.soft_until) = TimePoint{1000};
        CHECK(static_cast<bool>(cache.admit({1}, meta)) == (!hard || id <= 16));
        REQUIRE(cache.audit() == "");
      }
      CHECK(cache.entries() == 16);
      CHECK(static_cast<bool>(cache.admit({1000}, one(1000))));
    }
  }
}
