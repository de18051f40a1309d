// Reserve, commit, abort: what hosts with slow I/O rely on.
#include <doctest/doctest.h>

#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};
using Ids = std::vector<ObjectId>;

Cache filled(std::string_view policy, std::uint64_t capacity) {
  Cache cache = make_cache(policy, unit_config(capacity));
  for (ObjectId id = 1; id <= capacity; ++id) cache.request(kNow, one(id));
  return cache;
}

std::vector<Handle> reserve(Cache& cache, std::size_t count, Ids* ids = nullptr,
                            const Eligible& eligible = {}) {
  std::vector<Victim> victims(count);
  victims.resize(cache.reserve(kNow, nullptr, victims.data(), count, eligible));
  std::vector<Handle> handles;
  for (const Victim& v : victims) {
    handles.push_back(v.handle);
    if (ids != nullptr) ids->push_back(v.id);
  }
  return handles;
}

}  // namespace

TEST_CASE("a reserved entry still takes its space, and is neither live nor offered again") {
  Cache cache = filled("lru", 4);
  Ids first;
  Ids second;
  const auto a = reserve(cache, 2, &first);
  const auto b = reserve(cache, 9, &second);
  CHECK(first == Ids{1, 2});
  CHECK(second == Ids{3, 4});
  CHECK(cache.used() == 4);
  CHECK(cache.entries() == 4);
  CHECK_FALSE(cache.live(a[0]));
  CHECK(cache.describe(a[0]).id == 1);
  CHECK_FALSE(cache.access(kNow, a[0]));
  CHECK_FALSE(cache.erase(kNow, a[0]));
  cache.commit(kNow, a.data(), 1);
  CHECK(cache.used() == 3);
  cache.abort(kNow, a.data() + 1, 1);
  CHECK(cache.live(a[1]));
  cache.abort(kNow, b.data(), 2);
  CHECK(cache.audit() == "");
}

TEST_CASE("abort puts SIEVE's hand back on its victim") {
  Cache cache = filled("sieve", 6);
  cache.request(kNow, one(1));
  cache.request(kNow, one(3));
  Ids first;
  const auto a = reserve(cache, 3, &first);
  CHECK(first == Ids{2, 4, 5});  // 1 and 3 are passed and lose their bits
  cache.abort(kNow, a.data(), a.size());
  Ids again;
  const auto b = reserve(cache, 3, &again);
  CHECK(again == Ids{2, 3, 4});  // the same next victim; 3 was given its chance already
  cache.commit(kNow, b.data(), 1);
  cache.abort(kNow, b.data() + 1, 2);
  Ids rest;
  reserve(cache, 3, &rest);
  CHECK(rest == Ids{3, 4, 5});  // the hand is at 3, not at the older 1
}

TEST_CASE("abort keeps S3-FIFO in the queue it was searching, whatever it promoted on the way") {
  Cache cache = filled("s3fifo-2024-12", 20);  // small {2,1}, main at its size of 18
  cache.request(kNow, one(1));
  cache.request(kNow, one(1));  // 1 is promoted on the way to 2: main is now over its size
  Ids first;
  const auto a = reserve(cache, 1, &first);
  CHECK(first == Ids{2});
  cache.abort(kNow, a.data(), 1);
  Ids again;
  reserve(cache, 1, &again);
  CHECK(again == Ids{2});  // and not main's oldest, 3
}

TEST_CASE("skip passes an entry over, stop ends the search with what there is") {
  for (const char* policy : {"fifo", "lru", "clock", "sieve", "lfu", "gdsf", "s3fifo", "twoq"}) {
    CAPTURE(policy);
    Cache cache = filled(policy, 10);
    Ids ids;
    const auto odd = reserve(cache, 3, &ids, [](const Victim& v) {
      return v.id % 2 == 1 ? Verdict::kSkip : Verdict::kTake;
    });
    for (const ObjectId id : ids) CHECK(id % 2 == 0);
    CHECK(ids.size() == 3);
    cache.abort(kNow, odd.data(), odd.size());
    int asked = 0;
    const auto two = reserve(cache, 10, nullptr, [&asked](const Victim&) {
      return ++asked > 2 ? Verdict::kStop : Verdict::kTake;
    });
    CHECK(two.size() == 2);
    CHECK(asked == 3);
    CHECK(cache.audit() == "");
  }
}

TEST_CASE("the eligibility question is put to no pinned and no reserved entry") {
  Cache cache = filled("lru", 5);
  cache.pin(cache.find(1));
  reserve(cache, 1);  // 2
  Ids asked;
  reserve(cache, 5, nullptr, [&asked](const Victim& v) {
    asked.push_back(v.id);
    return Verdict::kSkip;
  });
  CHECK(asked == Ids{3, 4, 5});
}

TEST_CASE("an erased entry leaves no ghost, a committed one does") {
  Cache cache = filled("s3fifo-2024-10", 20);
  cache.erase(kNow, cache.find(1));
  const auto a = reserve(cache, 1);
  cache.commit(kNow, a.data(), 1);  // 2
  cache.miss(kNow, one(1));
  CHECK(cache.stats().ghost_hits == 0);
  cache.miss(kNow, one(2));
  CHECK(cache.stats().ghost_hits == 1);
}

TEST_CASE("ARC's ghosts are untouched by a reservation that is aborted") {
  Cache cache = make_cache("arc", unit_config(8));
  for (const Meta& meta : mixed_trace(30, 500, 1, 2)) cache.request(kNow, meta);
  const Meta incoming = one(1U << 20);
  cache.miss(kNow, incoming);
  const std::uint64_t before = cache.state_hash();
  for (int k = 0; k < 5; ++k) {
    Victim victim;
    REQUIRE(cache.reserve(kNow, &incoming, &victim, 1) == 1);
    CHECK(cache.state_hash() != before);
    cache.abort(kNow, &victim.handle, 1);
    CHECK(cache.state_hash() == before);
  }
}

TEST_CASE("an abort leaves no trace at all where the search moves nothing") {
  for (const char* policy : {"fifo", "lru", "lfu", "slru", "twoq", "arc", "belady", "gdsf"}) {
    CAPTURE(policy);
    Cache cache = make_cache(policy, byte_config(203, 60));
    for (const Meta& meta : mixed_trace(120, 3000, 9, 8)) cache.request(kNow, meta);
    const std::uint64_t before = cache.state_hash();
    const auto handles = reserve(cache, 7);
    REQUIRE(handles.size() == 7);
    cache.abort(kNow, handles.data(), handles.size());
    CHECK(cache.state_hash() == before);
  }
}
