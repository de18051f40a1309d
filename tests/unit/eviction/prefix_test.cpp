// Parents: never before their children.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: parents") {
  random_calls(kPrefix, 1500, 4);
}
TEST_CASE("any order of calls keeps every policy sound: all features that go with parents") {
  random_calls(kAllFeatures & ~kGroups, 1500, 4);
}

namespace {

Config chains(std::uint64_t capacity) {
  Config config = unit_config(capacity);
  config.features = kPrefix;
  return config;
}
/// Blocks first..last, each the child of the one before; the first a child of `parent`.
Handle chain(Cache& cache, ObjectId first, ObjectId last, Handle parent = {}) {
  for (ObjectId id = first; id <= last; ++id) {
    Meta meta = one(id);
    meta.parent = parent;
    parent = cache.admit({}, meta);
  }
  return parent;
}

}  // namespace

TEST_CASE("a parent is in no batch before its last child, and no erase takes it from under one") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, chains(8));
    chain(cache, 1, 5);
    chain(cache, 6, 8, cache.find(2));
    CHECK_FALSE(cache.erase({}, cache.find(1)));
    CHECK_FALSE(cache.erase({}, cache.find(2)));
    std::vector<ObjectId> order;
    while (order.size() < 8) {
      Victim out[3];
      const std::size_t found = cache.reserve({}, nullptr, out, 3);
      REQUIRE(found > 0);
      for (std::size_t k = 0; k < found; ++k) order.push_back(out[k].id);
    }
    const auto place = [&order](ObjectId id) {
      return std::find(order.begin(), order.end(), id) - order.begin();
    };
    for (ObjectId id = 2; id <= 8; ++id) CHECK(place(id) < place(id == 6 ? 2 : id - 1));
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("a parent committed before its child, or whose child was put back, is put back") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, chains(3));
    chain(cache, 1, 3);
    Victim out[3];
    std::vector<Handle> handles;
    while (handles.size() < 3) {
      const std::size_t found = cache.reserve({}, nullptr, out, 3);
      REQUIRE(found > 0);
      for (std::size_t k = 0; k < found; ++k) handles.push_back(out[k].handle);
    }
    cache.commit({}, &handles[1], 1);  // 2, while 3 is reserved
    CHECK(cache.live(handles[1]));
    cache.abort({}, &handles[0], 1);  // 3
    CHECK(cache.audit() == "");
    cache.commit({}, &handles[2], 1);  // 1, under 2 and 3
    CHECK(cache.live(handles[2]));
    CHECK(cache.entries() == 3);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("nothing is admissible under a parent that is gone, reserved or another by now") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, chains(4));
    Meta meta = one(9);
    meta.parent = chain(cache, 1, 1);
    CHECK(cache.admissible(meta));
    Victim out;
    REQUIRE(cache.reserve({}, nullptr, &out, 1) == 1);
    CHECK_FALSE(cache.admissible(meta));
    cache.commit({}, &out.handle, 1);
    CHECK_FALSE(cache.admissible(meta));
    chain(cache, 2, 2);  // the slot of 1, a generation on
    REQUIRE(cache.find(2).index == meta.parent.index);
    CHECK_FALSE(cache.admissible(meta));
    CHECK_FALSE(static_cast<bool>(cache.admit({}, meta)));
    CHECK_FALSE(cache.request({}, meta));
    CHECK_FALSE(static_cast<bool>(cache.find(9)));
  }
}

TEST_CASE("no chain is cut to make room for its own next block") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, chains(4));
    const Handle tail = chain(cache, 1, 4);
    Meta meta = one(5);
    meta.parent = tail;
    CHECK_FALSE(static_cast<bool>(cache.admit({}, meta)));
    CHECK(cache.entries() == 4);
    meta.parent = cache.find(2);
    CHECK(static_cast<bool>(cache.admit({}, meta)));  // 4 goes, not 3 and not 2
    CHECK_FALSE(static_cast<bool>(cache.find(4)));
    CHECK(cache.audit() == "");
  }
}
