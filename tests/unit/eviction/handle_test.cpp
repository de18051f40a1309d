#include <doctest/doctest.h>

#include <set>
#include <utility>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {
constexpr TimePoint kNow{};
}

TEST_CASE("a handle dies with its entry, though the slot lives on") {
  Cache cache = make_cache("lru", unit_config(1));
  const Handle first = cache.admit(kNow, one(7));
  const Handle second = cache.admit(kNow, one(8));
  CHECK(first.index == second.index);
  CHECK_FALSE(first == second);
  CHECK_FALSE(cache.live(first));
  CHECK(cache.live(second));
  CHECK(cache.describe(second).id == 8);
  CHECK(cache.describe(first).charge == 0);
  CHECK_FALSE(cache.live(Handle{}));
  CHECK_FALSE(cache.live(Handle{12345, 0}));
}

TEST_CASE("ids that differ only above 32 bits are different objects") {
  Cache cache = make_cache("lru", unit_config(4));
  CHECK_FALSE(cache.request(kNow, one(1)));
  CHECK_FALSE(cache.request(kNow, one(1 + (std::uint64_t{1} << 32))));
  CHECK_FALSE(cache.request(kNow, one(0)));
  CHECK(cache.request(kNow, one(1)));
  CHECK(cache.request(kNow, one(0)));
}

TEST_CASE("pins are counted") {
  Cache cache = make_cache("fifo", unit_config(2));
  const Handle a = cache.admit(kNow, one(1));
  cache.admit(kNow, one(2));
  CHECK(cache.pin(a));
  CHECK(cache.pin(a));
  CHECK(cache.unpin(a));
  cache.admit(kNow, one(3));  // 1 is older, but still pinned once
  CHECK(cache.live(a));
  CHECK_FALSE(cache.find(2));
  CHECK(cache.unpin(a));
  CHECK_FALSE(cache.unpin(a));
  cache.admit(kNow, one(4));
  CHECK_FALSE(cache.live(a));
}

TEST_CASE("when everything is pinned nothing is admitted and the policy does not spin") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, unit_config(8));
    for (ObjectId id = 1; id <= 8; ++id) {
      const Handle h = cache.admit(kNow, one(id));
      cache.access(kNow, h);
      REQUIRE(cache.pin(h));
    }
    CHECK_FALSE(cache.admit(kNow, one(9)));
    Victim victim;
    CHECK(cache.reserve(kNow, nullptr, &victim, 1) == 0);
    CHECK(cache.entries() == 8);
  }
}

TEST_CASE("an object that is resident is not admitted twice") {
  Cache cache = make_cache("lru", unit_config(4));
  const Handle h = cache.admit(kNow, one(1));
  CHECK(cache.admit(kNow, one(1)) == h);
  Victim victim;
  REQUIRE(cache.reserve(kNow, nullptr, &victim, 1) == 1);
  CHECK_FALSE(cache.admit(kNow, one(1)));    // it is on its way out
  CHECK_FALSE(cache.request(kNow, one(1)));  // a miss, and not inserted again
  CHECK(cache.stats().hits == 0);
  CHECK(cache.stats().misses == 1);
  CHECK(cache.used() == 1);
}

TEST_CASE("objects of charge zero or above the capacity are refused") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, byte_config(100, 10));
    CHECK_FALSE(cache.admissible(one(1, 0)));
    CHECK_FALSE(cache.admissible(one(1, 101)));
    CHECK_FALSE(cache.admissible(one(1, ~std::uint64_t{0})));
    CHECK(cache.admissible(one(1, 10)));
    CHECK_FALSE(cache.request(kNow, one(1, ~std::uint64_t{0})));
    CHECK(cache.used() == 0);
  }
}

TEST_CASE("unit charges ignore what Meta says") {
  Cache cache = make_cache("lru", unit_config(2));
  cache.request(kNow, one(1, 4096));
  cache.request(kNow, one(2, 4096));
  CHECK(cache.used() == 2);
  CHECK(cache.request(kNow, one(1, 4096)));
}

TEST_CASE("charges of terabytes are added without loss") {
  constexpr std::uint64_t kTera = std::uint64_t{1} << 40;
  Cache cache = make_cache("lru", byte_config(8 * kTera, 100));
  for (ObjectId id = 1; id <= 9; ++id) cache.request(kNow, one(id, kTera + id));
  // 7 fit: 7 x (2^40 + at most 9) <= 2^43 < 8 x (2^40 + 1)
  CHECK(cache.entries() == 7);
  CHECK(cache.used() == 7 * kTera + 3 + 4 + 5 + 6 + 7 + 8 + 9);
}

TEST_CASE("a moved-from cache may be destroyed and assigned to") {
  Cache a = make_cache("lru", unit_config(2));
  a.request(kNow, one(1));
  Cache b = std::move(a);
  CHECK(b.request(kNow, one(1)));
  a = make_cache("fifo", unit_config(2));
  CHECK_FALSE(a.request(kNow, one(1)));
  std::vector<Cache> many;
  for (int k = 0; k < 10; ++k) many.push_back(make_cache("sieve", unit_config(3)));
  CHECK(many[9].entries() == 0);
}

TEST_CASE("the counters count what they say") {
  Cache cache = make_cache("lru", unit_config(2));
  for (const ObjectId id : {1, 2, 1, 3, 2}) cache.request(kNow, one(id));
  // miss 1, miss 2, hit 1, miss 3 (drops 2), miss 2 (drops 1)
  CHECK(cache.stats().hits == 1);
  CHECK(cache.stats().misses == 4);
  CHECK(cache.stats().inserts == 4);
  CHECK(cache.stats().evictions == 2);
  CHECK(cache.stats().aborts == 0);
}
