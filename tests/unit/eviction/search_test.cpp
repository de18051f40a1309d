// What a search for victims looks at, and what the host's verdicts do; ids and charges at their
// limits.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

Cache warmed(std::string_view policy, std::uint64_t capacity, std::uint64_t seed) {
  Cache cache = make_cache(policy, unit_config(capacity));
  for (const Meta& meta : mixed_trace(2 * capacity, 20 * capacity, 1, seed)) {
    cache.request({}, meta);
  }
  return cache;
}
/// Puts `verdict` to all candidates, and returns them in the order of asking.
std::vector<Victim> ask_all(Cache& cache, Verdict verdict) {
  std::vector<Victim> asked;
  const Eligible eligible = [&](const Victim& v) {
    asked.push_back(v);
    return verdict;
  };
  Victim out;
  CHECK(cache.reserve({}, nullptr, &out, 1, eligible) == 0);
  return asked;
}

}  // namespace

TEST_CASE("any order of calls keeps every policy sound: wide ids, costs, kinds") {
  random_calls(kWideIds | kCosts | kKinds, 1500, 4);
}

TEST_CASE("to touch is to access, and to rotate to insert again, once the search is over") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts || policy.needs_next_access) continue;
    CAPTURE(policy.name);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      Cache touched = warmed(policy.name, 20, seed);
      Cache accessed = warmed(policy.name, 20, seed);
      ask_all(touched, Verdict::kSkipTouch);
      for (const Victim& v : ask_all(accessed, Verdict::kSkip)) accessed.access({}, v.handle);
      CHECK(touched.state_hash() == accessed.state_hash());
      CHECK(touched.audit() == "");
    }
  }
  Cache fifo = make_cache("fifo", unit_config(5));
  for (ObjectId id = 1; id <= 5; ++id) fifo.request({}, one(id));
  Victim out[5];
  CHECK(fifo.reserve({}, nullptr, out, 1, [](const Victim& v) {
    return v.id <= 2 ? Verdict::kSkipRotate : Verdict::kTake;
  }) == 1);
  CHECK(out[0].id == 3);
  REQUIRE(fifo.reserve({}, nullptr, out, 4) == 4);
  CHECK(out[0].id == 4);
  CHECK(out[1].id == 5);
  CHECK(out[2].id == 1);
  CHECK(out[3].id == 2);
}

TEST_CASE("a rotated entry keeps all that the host told of it") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    Config config = unit_config(4);
    config.features = kAllFeatures & ~kGroups;
    Cache cache = make_cache(policy.name, config);
    Meta meta = one(1);
    meta.id_high = 5;
    meta.expires = TimePoint{100};
    meta.soft_until = TimePoint{50};
    meta.cost = 3;
    const Handle parent = cache.admit({}, meta);
    meta.id = 2;
    meta.soft_until = {};
    meta.parent = parent;
    const Handle child = cache.admit({}, meta);
    Victim out[4];
    const auto rotate = [](const Victim&) { return Verdict::kSkipRotate; };
    CHECK(cache.reserve({1}, nullptr, out, 4, rotate) == 0);
    CHECK(cache.audit() == "");
    CHECK(cache.live(child));
    CHECK(cache.find(2, 5) == child);
    CHECK_FALSE(cache.erase({1}, parent));
    CHECK_FALSE(cache.access({100}, child));
    CHECK(cache.expire({100}, out, 4) == 2);
  }
}

TEST_CASE("a search asks at most as many as it may, and defers at most what it can hold") {
  for (const PolicyInfo& policy : policies()) {
    if (!policy.evicts) continue;
    CAPTURE(policy.name);
    for (const std::uint32_t bound : {0U, 1U, 5U, 17U, 100U}) {
      CAPTURE(bound);
      Cache cache = warmed(policy.name, 60, 2);
      std::uint32_t asked = 0;
      const Eligible eligible = [&asked](const Victim&) {
        ++asked;
        return Verdict::kSkip;
      };
      Want want;
      want.max_scan = bound;
      want.eligible = &eligible;
      Victim out[8];
      CHECK(cache.reserve({}, want, out, 8) == 0);
      CHECK(asked <= bound);
      CHECK(cache.audit() == "");
      want.eligible = nullptr;
      const std::uint64_t before = cache.stats().scanned;
      const std::size_t found = cache.reserve({}, want, out, 8);
      CHECK(found <= bound);
      CHECK(cache.stats().scanned - before <= bound);
    }
    Cache cache = warmed(policy.name, 200, 2);
    CHECK(ask_all(cache, Verdict::kSkipRotate).size() == kMaxDeferred);
    CHECK(cache.audit() == "");
    CHECK(ask_all(cache, Verdict::kStop).size() == 1);
  }
}

TEST_CASE("ids that differ in their upper half alone are different objects") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Config config = unit_config(64);
    config.features = kWideIds;
    Cache cache = make_cache(policy.name, config);
    std::vector<Handle> handles;
    for (std::uint64_t high = 0; high < 64; ++high) {
      Meta meta = one(7);
      meta.id_high = high << 40;
      CHECK_FALSE(static_cast<bool>(cache.find(7, meta.id_high)));
      handles.push_back(cache.admit({}, meta));
      REQUIRE(static_cast<bool>(handles.back()));
    }
    for (std::uint64_t high = 0; high < 64; ++high) {
      CHECK(cache.find(7, high << 40) == handles[high]);
      CHECK(cache.describe(handles[high]).id_high == high << 40);
    }
    CHECK(cache.erase({}, handles[63]));
    CHECK_FALSE(static_cast<bool>(cache.find(7, 63ULL << 40)));
    CHECK(cache.find(7, 62ULL << 40) == handles[62]);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("charges up to 2^48 - 1 are kept exactly, larger ones refused") {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << 48) - 1;
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache cache = make_cache(policy.name, byte_config(std::uint64_t{1} << 60, 64));
    CHECK_FALSE(cache.admissible(one(1, kMost + 1)));
    CHECK_FALSE(cache.admissible(one(1, 0)));
    std::uint64_t used = 0;
    for (ObjectId id = 1; id <= 64; ++id) {
      const std::uint64_t charge = kMost - id * id;
      const Handle h = cache.admit({}, one(id, charge));
      REQUIRE(static_cast<bool>(h));
      CHECK(cache.describe(h).charge == charge);
      used += charge;
    }
    CHECK(cache.used() == used);
    CHECK(cache.audit() == "");
    for (ObjectId id = 65; id < 200; ++id) {
      cache.request({}, one(id, kMost));
      cache.request({}, one(id / 2, kMost));
    }
    CHECK(cache.audit() == "");
  }
}
