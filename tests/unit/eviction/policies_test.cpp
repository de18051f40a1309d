// Small cases worked by hand, one or two a policy.
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};
using Ids = std::vector<ObjectId>;

/// Requests ids in order and returns the misses.
std::uint64_t run(Cache& cache, std::initializer_list<ObjectId> ids) {
  std::uint64_t misses = 0;
  for (const ObjectId id : ids) misses += cache.request(kNow, one(id)) ? 0 : 1;
  return misses;
}

/// The next `count` victims in order; the cache is left as it was.
Ids next_victims(Cache& cache, std::size_t count, const Meta* incoming = nullptr) {
  std::vector<Victim> victims(count);
  victims.resize(cache.reserve(kNow, incoming, victims.data(), count));
  Ids ids;
  std::vector<Handle> handles;
  for (const Victim& v : victims) {
    ids.push_back(v.id);
    handles.push_back(v.handle);
  }
  cache.abort(kNow, handles.data(), handles.size());
  return ids;
}

ObjectId evict(Cache& cache) {
  Victim victim;
  REQUIRE(cache.reserve(kNow, nullptr, &victim, 1) == 1);
  cache.commit(kNow, &victim.handle, 1);
  return victim.id;
}

}  // namespace

TEST_CASE("FIFO has Belady's anomaly: more room, more misses") {
  Cache three = make_cache("fifo", unit_config(3));
  Cache four = make_cache("fifo", unit_config(4));
  // Belady, Nelson, Shedler 1969: 9 faults with three frames, 10 with four.
  CHECK(run(three, {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5}) == 9);
  CHECK(run(four, {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5}) == 10);
}

TEST_CASE("LRU keeps every smaller LRU's content: misses never rise with the capacity") {
  const Trace trace = mixed_trace(200, 5000, 1, 3);
  std::uint64_t last = trace.size();
  for (std::uint64_t capacity = 1; capacity <= 64; capacity *= 2) {
    Cache cache = make_cache("lru", unit_config(capacity));
    const std::uint64_t misses = count_misses(cache, trace);
    CHECK(misses <= last);
    last = misses;
  }
}

TEST_CASE("pinned fills once: each later epoch hits exactly the capacity") {
  Cache cache = make_cache("pinned", unit_config(30));
  // 10 epochs of 100: misses = 10 x 100 - 9 x 30.
  CHECK(count_misses(cache, epoch_trace(100, 10, 1)) == 730);
  CHECK(cache.stats().evictions == 0);
}

TEST_CASE("CLOCK with k bits passes an entry as often as it was hit, up to 2^k - 1") {
  Config config = unit_config(3);
  config.params = {{"bits", "2"}};
  Cache cache = make_cache("clock", config);
  run(cache, {1, 2, 3, 1, 1, 1, 1, 1, 2});
  // Counters 3 (capped), 1, 0: victim 3 at once; then 1 -> 2, 2 -> 0, 4 -> victim, as it is new.
  CHECK(run(cache, {4}) == 1);
  CHECK_FALSE(cache.find(3));
  CHECK(next_victims(cache, 1) == Ids{2});  // the pass that took 3 had lowered 2 to 0
}

TEST_CASE("SIEVE leaves survivors in place and goes on from its hand") {
  Cache cache = make_cache("sieve", unit_config(4));
  run(cache, {1, 2, 3, 4, 1, 3});
  CHECK(run(cache, {5}) == 1);  // passes 1 (clears it), takes 2; hand at 3
  CHECK_FALSE(cache.find(2));
  CHECK(run(cache, {6}) == 1);  // passes 3, takes 4; hand at 5
  CHECK_FALSE(cache.find(4));
  CHECK(evict(cache) == 5);  // not 1, though it is the oldest and its bit is clear
  CHECK(evict(cache) == 6);
  CHECK(evict(cache) == 1);  // wrapped to the tail
}

TEST_CASE("LFU breaks ties by the least recent touch") {
  Cache cache = make_cache("lfu", unit_config(3));
  run(cache, {1, 2, 3, 2, 1, 3, 3});
  // Counts 1:2, 2:2, 3:3; of 1 and 2 the latter was touched earlier.
  CHECK(next_victims(cache, 3) == Ids{2, 1, 3});
}

TEST_CASE("SLRU promotes by one segment and pushes the tail down") {
  Cache cache = make_cache("slru", unit_config(8));  // 4 segments of 2
  // A cold cache fills from below: {2,1}, {4,3}, {6,5}, {8,7}.
  run(cache, {1, 2, 3, 4, 5, 6, 7, 8});
  run(cache, {1});  // 1 to segment 1, whose tail 3 goes down: {3,2}, {1,4}
  CHECK(next_victims(cache, 8) == Ids{2, 3, 4, 1, 5, 6, 7, 8});
}

TEST_CASE("SLRU evicts after an access that overfills its lowest segment") {
  Cache cache = make_cache("slru", unit_config(9));  // 4 segments of 2, and one more in the lowest
  run(cache, {1, 2, 3, 4, 5, 6, 7, 8, 9});           // {9,2,1}, {4,3}, {6,5}, {8,7}
  const Handle h = cache.find(9);
  CHECK_FALSE(cache.must_evict(nullptr));
  cache.access(kNow, h);  // 9 up, 3 down: {3,2,1} has three, its size is 2
  CHECK(cache.must_evict(nullptr));
  CHECK(evict(cache) == 1);
  CHECK_FALSE(cache.must_evict(nullptr));
  CHECK(cache.used() == 8);
}

TEST_CASE("2Q leaves a hit newcomer where it is and keeps what comes back") {
  Cache cache = make_cache("twoq", unit_config(8));  // A1in 2, Am 6, A1out 4
  run(cache, {1, 2, 3, 4, 5, 6, 7, 8, 1});           // all in A1in; the hit on 1 moves nothing
  CHECK(run(cache, {9}) == 1);                       // A1in 8 > 2: drops 1, remembers it
  CHECK_FALSE(cache.find(1));
  CHECK(run(cache, {1}) == 1);  // ghost hit: 2 goes from A1in, 1 enters Am
  CHECK(cache.stats().ghost_hits == 1);
  // A1in gives the victims while it has more than 2 (7 entries: 3..9), then Am's 1 goes.
  CHECK(next_victims(cache, 8) == Ids{3, 4, 5, 6, 7, 1, 8, 9});
}

TEST_CASE("2Q makes room in Am for an object that came back, though the cache has some") {
  Config config = unit_config(4);
  config.params = {{"in_ratio", "0.5"}};  // A1in 2, Am 2, A1out 2
  Cache cache = make_cache("twoq", config);
  // 5 drops 1, 6 drops 2, 1 comes back and drops 3, 2 comes back and drops 4.
  run(cache, {1, 2, 3, 4, 5, 6, 1, 2});  // A1in {6,5}, Am {2,1}, A1out {4,3}
  REQUIRE(cache.stats().ghost_hits == 2);
  cache.erase(kNow, cache.find(6));
  const Meta known = one(3);
  cache.miss(kNow, known);
  CHECK(cache.must_evict(&known));  // 3 of 4 places are taken, but Am is full
  const Meta unknown = one(9);
  CHECK_FALSE(cache.must_evict(&unknown));
  Ids dropped;
  CHECK(cache.admit(kNow, known, [&](const Victim& v) { dropped.push_back(v.id); }));
  CHECK(dropped == Ids{1});
  CHECK(cache.entries() == 3);
}

TEST_CASE("ARC moves its target towards the list that would have hit") {
  Cache cache = make_cache("arc", unit_config(4));
  run(cache, {1, 2, 1, 2, 3, 4});  // T2 {2,1}, T1 {4,3}
  run(cache, {5});                 // T1 2 > p 0: 3 to B1; T1 {5,4}
  CHECK_FALSE(cache.find(3));
  run(cache, {3});  // B1 hit: p = 1; T1 2 > 1: 4 to B1; T2 {3,2,1}, T1 {5}
  CHECK_FALSE(cache.find(4));
  CHECK(cache.stats().ghost_hits == 1);
  // T1 1 is not above p = 1: the next victim is T2's oldest.
  CHECK(next_victims(cache, 1) == Ids{1});
}

TEST_CASE("S3-FIFO promotes at the second hit, not at the first") {
  Cache cache = make_cache("s3fifo-2024-10", unit_config(20));  // small 2, main 18, ghost 18
  for (ObjectId id = 1; id <= 20; ++id) cache.request(kNow, one(id));
  run(cache, {1, 1, 2});  // 1 hit twice, 2 once
  CHECK(run(cache, {21}) == 1);
  CHECK(cache.find(1));        // moved to main
  CHECK_FALSE(cache.find(2));  // dropped and remembered
  run(cache, {2});             // 3 goes; 2 comes back into main
  CHECK(cache.stats().ghost_hits == 1);
  CHECK_FALSE(cache.find(3));
}

TEST_CASE("S3-FIFO 2024-12 fills main while nothing was evicted yet, 2024-10 does not") {
  Cache old_rule = make_cache("s3fifo-2024-10", unit_config(20));
  Cache new_rule = make_cache("s3fifo-2024-12", unit_config(20));
  for (ObjectId id = 1; id <= 20; ++id) {
    old_rule.request(kNow, one(id));
    new_rule.request(kNow, one(id));
  }
  // Old: all in small. New: 1 and 2 in small, the others in main, which is at its size of 18.
  CHECK(next_victims(old_rule, 3) == Ids{1, 2, 3});
  CHECK(next_victims(new_rule, 3) == Ids{1, 2, 3});
  CHECK(evict(new_rule) == 1);
  new_rule.request(kNow, one(21));
  CHECK(next_victims(new_rule, 3) == Ids{2, 21, 3});  // 21 went to small, behind 2
}

TEST_CASE("S3-FIFO's main gives way only above its size") {
  Cache cache = make_cache("s3fifo-2024-12", unit_config(20));
  for (ObjectId id = 1; id <= 20; ++id) cache.request(kNow, one(id));
  // Main is exactly at 18: `>` takes small's 1, a `>=` would take main's 3.
  CHECK(next_victims(cache, 1) == Ids{1});
}

TEST_CASE("a ghost hit survives other misses between the miss and the insertion") {
  for (const char* policy : {"s3fifo-2024-10", "twoq"}) {
    CAPTURE(policy);
    Cache cache = make_cache(policy, unit_config(20));
    for (ObjectId id = 1; id <= 25; ++id) cache.request(kNow, one(id));
    const Meta back = one(1);
    cache.miss(kNow, back);
    REQUIRE(cache.stats().ghost_hits == 1);
    for (ObjectId id = 100; id < 110; ++id) cache.miss(kNow, one(id));  // other fetches meanwhile
    cache.admit(kNow, back);
    // In main it outlives the 15 newcomers that flush the FIFO of newcomers.
    for (ObjectId id = 200; id < 215; ++id) cache.request(kNow, one(id));
    CHECK(cache.find(1));
  }
}

TEST_CASE("GDSF prefers small objects, then older touches") {
  Cache cache = make_cache("gdsf", byte_config(100, 10));
  cache.request(kNow, one(1, 10));
  cache.request(kNow, one(2, 40));
  cache.request(kNow, one(3, 10));
  // Priorities 1e5, 2.5e4, 1e5: the large one first, then the older of the equal ones.
  CHECK(next_victims(cache, 3) == Ids{2, 1, 3});
  cache.request(kNow, one(2, 40));
  cache.request(kNow, one(2, 40));
  cache.request(kNow, one(2, 40));
  cache.request(kNow, one(2, 40));  // 5 x 2.5e4 = 1.25e5
  CHECK(next_victims(cache, 3) == Ids{1, 3, 2});
}

TEST_CASE("GDSF raises its floor to the last victim's priority") {
  Cache cache = make_cache("gdsf", unit_config(2));
  run(cache, {1, 1, 1, 2, 3});  // 1 has 3e6; 3 drops 2 (1e6): L = 1e6, so 3 has 2e6
  run(cache, {4});              // drops 3: L = 2e6, 4 has 3e6, as much as 1 has, but later
  CHECK(next_victims(cache, 2) == Ids{1, 4});
}

TEST_CASE("Belady drops what is needed last, never-again first") {
  Cache cache = make_cache("belady", unit_config(4));
  const auto insert = [&](ObjectId id, std::int64_t next) {
    Meta meta = one(id);
    meta.next_access = next;
    cache.request(kNow, meta);
  };
  insert(1, 30);
  insert(2, 10);
  insert(3, -1);
  insert(4, 20);
  CHECK(next_victims(cache, 4) == Ids{3, 1, 4, 2});
  cache.access(kNow, cache.find(2), 99);
  CHECK(next_victims(cache, 4) == Ids{3, 2, 1, 4});
}
