#include "sim/traces/stats.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <list>

#include "policies/base/rng.hpp"
#include "sim/traces/lru_stack.hpp"
#include "sim/traces/replay.hpp"
#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

TraceStats stats_of(const std::string& path) {
  auto stats = trace_stats(path, {}, {});
  REQUIRE_MESSAGE(stats.ok(), (stats.ok() ? "" : stats.error().text()));
  return std::move(stats).value();
}

}  // namespace

TEST_CASE("stack depths equal those of a list that is walked") {
  Rng rng(1, "stack");
  LruStack stack;
  std::list<std::uint32_t> list;  // most recent first
  std::vector<std::uint64_t> sizes;
  for (int i = 0; i < 20'000; ++i) {  // enough for several compactions at 1 024 slots
    const auto id = static_cast<std::uint32_t>(rng.below(700));
    const std::uint64_t size = 1 + rng.below(1000);
    if (id >= sizes.size()) {
      const auto fresh = static_cast<std::uint32_t>(sizes.size());
      stack.push(fresh, size);
      sizes.push_back(size);
      list.push_front(fresh);
      continue;
    }
    LruStack::Depth want{1, 0};
    auto at = list.begin();
    for (; *at != id; ++at, ++want.objects) want.bytes += sizes[*at];
    want.bytes += sizes[id];
    const LruStack::Depth got = stack.touch(id, size);
    REQUIRE(got.objects == want.objects);
    REQUIRE(got.bytes == want.bytes);
    sizes[id] = size;
    list.splice(list.begin(), list, at);
  }
}

TEST_CASE("a small trace by hand") {
  // a b a c a b; sizes 10 20 10 0 10 20: c has size 0 and is left out.
  const test::TemporaryFolder folder;
  const auto s = stats_of(
      folder.write("t.csv", "time,id,size\n1,1,10\n2,2,20\n3,1,10\n4,3,0\n5,1,10\n7,2,20\n"));
  CHECK(s.requests == 5);
  CHECK(s.dropped == 1);
  CHECK(s.objects == 2);
  CHECK(s.bytes == 70);         // 3 x 10 + 2 x 20
  CHECK(s.object_bytes == 30);  // 10 + 20
  CHECK(s.once == 0);
  CHECK(s.span_ns == 6'000'000'000);
  CHECK(s.sizes.max == 20);
  // Depths: a at 2 (b above it), a at 1, b at 2.
  CHECK(s.depths.p50 == 2);
  CHECK(s.depths.min == 1);
  // One object: only the second a in a row hits; two hold everything: 2 first misses of 5.
  REQUIRE(s.lru_objects.size() == 2);
  CHECK(s.lru_objects[0].capacity == 1);
  CHECK(s.lru_objects[0].misses == 4);
  CHECK(s.lru_objects[1].misses == 2);
  CHECK(s.lru_bytes.back().capacity == 30);
  CHECK(s.lru_bytes.back().misses == 2);
  CHECK_FALSE(s.partial);
}

TEST_CASE("the curve in objects is the count of an LRU replay at every point") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("t.bin");
  const auto ids = synthesize({SynthKind::kZipf, 5'000, 100'000, 0, 3}).value();
  REQUIRE(write_oracle_general(path, ids, false).ok());
  const auto s = stats_of(path);
  REQUIRE(s.lru_objects.size() > 10);
  ReplaySpec spec;
  spec.policies = {"lru"};
  for (const MissPoint& p : s.lru_objects) spec.capacities.push_back({p.capacity, 0});
  const auto report = replay(path, {}, spec).value();
  for (std::size_t i = 0; i < s.lru_objects.size(); ++i) {
    CHECK(report.rows[i].misses == s.lru_objects[i].misses);
  }
  CHECK(s.lru_bytes.back().capacity <= s.object_bytes);  // rounded down
  // Sizes are 1, so bytes are objects: the other curve is exact at its own points too.
  spec.capacities.clear();
  for (const MissPoint& p : s.lru_bytes) spec.capacities.push_back({p.capacity, 0});
  const auto bytes = replay(path, {}, spec).value();
  for (std::size_t i = 0; i < s.lru_bytes.size(); ++i) {
    CHECK(bytes.rows[i].misses == s.lru_bytes[i].misses);
  }
}

TEST_CASE("the fit finds the exponent of a Zipf trace and none in a loop") {
  const test::TemporaryFolder folder;
  const auto zipf = synthesize({SynthKind::kZipf, 100'000, 1'000'000, 0, 5}).value();
  REQUIRE(write_oracle_general(folder.file("z.bin"), zipf, false).ok());
  const auto z = stats_of(folder.file("z.bin"));
  CHECK(z.zipf_exponent == doctest::Approx(1.0).epsilon(0.03));
  CHECK(z.zipf_r2 > 0.99);
  const auto loop = synthesize({SynthKind::kLoop, 1000, 20'000, 0, 0}).value();
  REQUIRE(write_oracle_general(folder.file("l.bin"), loop, false).ok());
  const auto l = stats_of(folder.file("l.bin"));
  CHECK(l.zipf_exponent == doctest::Approx(0.0));
  CHECK(l.depths.min == 1000);  // every repeat lies under all others
  CHECK(l.lru_objects.back().misses == 1000);
  CHECK((l.lru_objects.end() - 2)->misses == 20'000);
}

TEST_CASE("an empty trace and an early stop are told apart") {
  const test::TemporaryFolder folder;
  CHECK_FALSE(trace_stats(folder.write("t.csv", "id,size\n1,0\n"), {}, {}).ok());
  const std::atomic<bool> stop{true};
  const auto s = trace_stats(folder.write("u.csv", "id,size\n1,1\n"), {}, {&stop, {}});
  REQUIRE(s.ok());
  CHECK(s->partial);
  CHECK(s->requests == 0);
}

TEST_CASE("published LRU hit ratios of the P3 block trace") {
  const std::string path = FLEETCACHE_SOURCE_DIR "/../shared/data/block-arc/P3.lis.zst";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is absent");
    return;
  }
  const auto s = stats_of(path);
  const auto hit_ratio = [&](std::uint64_t capacity) {
    const auto at = std::find_if(s.lru_objects.begin(), s.lru_objects.end(),
                                 [&](const MissPoint& p) { return p.capacity == capacity; });
    REQUIRE(at != s.lru_objects.end());
    return 1 - static_cast<double>(at->misses) / static_cast<double>(s.requests);
  };
  // 1 %, 10 % and 50 % of 762 543 blocks, and the best possible.
  CHECK(hit_ratio(7'625) == doctest::Approx(0.0159).epsilon(0.003));
  CHECK(hit_ratio(76'254) == doctest::Approx(0.1681).epsilon(0.0003));
  CHECK(hit_ratio(381'271) == doctest::Approx(0.7451).epsilon(0.0001));
  CHECK(hit_ratio(762'543) == doctest::Approx(0.8051).epsilon(0.0001));
}
