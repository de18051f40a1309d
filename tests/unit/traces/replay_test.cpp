#include "sim/traces/replay.hpp"

#include <doctest/doctest.h>

#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

ReplaySpec spec_of(std::vector<std::string> policies, std::vector<Capacity> capacities) {
  ReplaySpec spec;
  spec.policies = std::move(policies);
  spec.capacities = std::move(capacities);
  return spec;
}

ReplayReport report_of(const std::string& path, const ReplaySpec& spec) {
  auto report = replay(path, {}, spec);
  REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text()));
  return std::move(report).value();
}

std::string error_of(const std::string& path, const ReplaySpec& spec) {
  const auto report = replay(path, {}, spec);
  return report ? "" : report.error().text();
}

const char* const kSmall = "id,size\n1,10\n2,0\n2,20\n1,10\n3,40\n1,10\n2,20\n";

}  // namespace

TEST_CASE("counts and bytes of a small trace by hand") {
  // 1:10 2:20 1:10 3:40 1:10 2:20 in 30 bytes of LRU: 1 and 2 miss, 1 hits, 3 is larger than the
  // cache, 1 hits, 2 hits.
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.csv", kSmall);
  const auto report = report_of(path, spec_of({"lru"}, {{30, 0}, {29, 0}}));
  CHECK_FALSE(report.unit_objects);
  CHECK(report.dropped == 1);
  const ReplayRow& row = report.rows[0];
  CHECK(row.requests == 6);
  CHECK(row.bytes == 110);  // 3 x 10 + 2 x 20 + 40
  CHECK(row.misses == 3);
  CHECK(row.miss_bytes == 70);  // 10 + 20 + 40
  CHECK(row.too_large == 1);
  CHECK(row.not_stored == 1);
  // In 29 bytes 2 drives 1 out and 1 drives 2 out: only the fifth request hits.
  CHECK(report.rows[1].misses == 5);
}

TEST_CASE("with unit sizes every size is 1, and empty requests are dropped all the same") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.csv", kSmall);
  ReplaySpec spec = spec_of({"lru"}, {{2, 0}, {0, Capacity::kWhole / 2}});
  spec.unit_size = true;
  const auto report = report_of(path, spec);
  CHECK(report.unit_objects);
  CHECK(report.rows[0].requests == 6);
  CHECK(report.rows[0].bytes == 6);
  CHECK(report.rows[0].misses == 4);  // 1 2 . 3(-2) . 2(-3)
  CHECK(report.rows[0].miss_bytes == 4);
  CHECK(report.rows[1].capacity == 1);  // half of 3 objects, truncated
}

TEST_CASE("a share of the working set counts each id once, at its first size") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.csv", "id,size\n1,10\n2,20\n1,90\n3,40\n");
  const auto report = report_of(path, spec_of({"fifo"}, {{0, Capacity::kWhole}, {0, 500'000}}));
  CHECK(report.rows[0].capacity == 70);
  CHECK(report.rows[1].capacity == 35);
}

TEST_CASE("traces without sizes count objects and refuse capacities in bytes") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.ids", "1\n2\n1\n");
  CHECK(report_of(path, spec_of({"lru"}, {{2, 0}})).unit_objects);
  CHECK(error_of(path, spec_of({"lru"}, {{1 << 30, 0, true}})).find("which has no sizes") !=
        std::string::npos);
}

TEST_CASE("Belady sees the future that the trace holds, lacks, or spells as never") {
  // 1 2 3 1 2 with room for 2: MIN drops 2 or keeps it, 4 misses: 1 2 3, then 1 or 2 once.
  const test::TemporaryFolder folder;
  const ReplaySpec spec = spec_of({"belady"}, {{2, 0}});
  const auto misses = [&](const std::string& text) {
    return report_of(folder.write("t.csv", text), spec).rows[0].misses;
  };
  CHECK(misses("id\n1\n2\n3\n1\n2\n") == 4);
  CHECK(misses("id,next\n1,3\n2,4\n3,-1\n1,-1\n2,-1\n") == 4);
  CHECK(misses("id,next\n1,-1\n2,-1\n3,-1\n1,-1\n2,-1\n") == 4);
  const std::string backwards = folder.write("b.csv", "id,next\n1,1\n1,0\n");
  CHECK(error_of(backwards, spec).find("b.csv: request 1 (counted from 0)") != std::string::npos);
  ReplaySpec trusting = spec;
  trusting.recompute_next = true;
  CHECK(report_of(backwards, trusting).rows[0].misses == 1);
}

TEST_CASE("what cannot be replayed is refused with its reason") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.ids", "1\n2\n");
  CHECK(error_of(path, spec_of({"lur"}, {{2, 0}})) == "--policy: there is no policy \"lur\"");
  CHECK(error_of(path, spec_of({"lru"}, {{0, 0}})) == "--capacity: a capacity of 0 holds nothing");
  CHECK(error_of(path, spec_of({"lru"}, {{0, 1}})) ==
        "--capacity: a capacity of 0 holds nothing");  // a millionth of 2 objects
  CHECK(error_of(path, spec_of({"slru:segments"}, {{2, 0}})) ==
        "--policy: \"segments\" of \"slru:segments\" is not KEY=VALUE");
  CHECK(error_of(path, spec_of({"slru:segments=99"}, {{2, 0}})) != "");
  CHECK(error_of(folder.write("e.ids", "# nothing\n"), spec_of({"lru"}, {{2, 0}})) ==
        folder.file("e.ids") + ": holds no requests of a size above 0");
}

TEST_CASE("a fault late in the trace fails the replay, whole or in parts") {
  const test::TemporaryFolder folder;
  std::string text = "id,size\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i % 77) + ",1\n";
  const std::string path = folder.write("t.csv", text + "5,x\n");
  for (const std::uint64_t window : {std::uint64_t{1} << 25, std::uint64_t{1000}}) {
    ReplaySpec spec = spec_of({"lru"}, {{5, 0}});
    spec.window = window;
    CHECK(error_of(path, spec).find("t.csv:200002:3: size: \"x\"") != std::string::npos);
  }
}

TEST_CASE("a stop flag ends a replay with partial rows") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("t.bin");
  const auto ids = synthesize({SynthKind::kLoop, 100, 300'000, 0, 0}).value();
  REQUIRE(write_oracle_general(path, ids, false).ok());
  std::atomic<bool> stop{false};
  ReplaySpec spec = spec_of({"lru"}, {{10, 0}});
  spec.stop = &stop;
  spec.window = kBlockRequests;
  int parts = 0;
  spec.progress = [&](double) { stop = ++parts == 3; };
  const auto report = report_of(path, spec);
  CHECK(report.partial);
  REQUIRE(report.rows.size() == 1);
  CHECK(report.rows[0].requests == 3 * kBlockRequests);
  CHECK(report.rows[0].misses == 3 * kBlockRequests);  // a loop defeats LRU

  stop = true;
  const auto nothing = report_of(path, spec);
  CHECK(nothing.partial);
  CHECK(nothing.rows.empty());
}

TEST_CASE("a capacity far above the trace takes no memory for entries that cannot be") {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("t.csv", "id,size\n1,1\n2,1\n1,1\n");
  const auto report = report_of(path, spec_of({"s3fifo", "arc", "belady"}, {{UINT64_MAX, 0}}));
  for (const ReplayRow& row : report.rows) CHECK(row.misses == 2);
}

TEST_CASE("a delete takes the object out, counts as no request, and tells Belady to let go") {
  const test::TemporaryFolder folder;
  // Room for two. 1 2 x1 3 . 2 hits, for 1 made room by its delete; 1 misses again.
  const std::string path = folder.write("t.csv",
                                        "id,size,op\n1,1,read\n2,1,read\n1,0,delete\n"
                                        "3,1,write\n2,1,read\n9,0,delete\n1,1,read\n");
  ReadOptions options;
  options.columns = parse_columns("id=id,size=size,op=op").value();
  ReplaySpec spec = spec_of({"lru", "belady"}, {{2, 0}});
  spec.find_cold = true;
  const auto report = replay(path, options, spec).value();
  for (const ReplayRow& row : report.rows) {
    CAPTURE(row.policy);
    CHECK(row.requests == 5);
    CHECK(row.bytes == 5);
    CHECK(row.misses == 4);
  }
  CHECK(report.deletes == 2);
  CHECK(report.requests == 5);
  CHECK(report.cold == 4);  // 1 2 3, and 1 after its delete
  // Room for one: 2 comes back after 3, 1 only after its delete. MIN keeps 2 in place of 1.
  const std::string keep = folder.write(
      "k.csv", "id,size,op\n1,1,read\n2,1,read\n3,1,read\n1,0,delete\n2,1,read\n1,1,read\n");
  spec = spec_of({"belady"}, {{2, 0}});
  CHECK(replay(keep, options, spec).value().rows[0].misses == 4);
}

TEST_CASE("watching a cache changes no decision of any policy") {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("t.bin");
  const auto ids = synthesize({SynthKind::kZipf, 3'000, 60'000, 0, 4}).value();
  REQUIRE(write_oracle_general(path, ids, false).ok());
  ReplaySpec spec = spec_of(all_policies(), {{50, 0}, {600, 0}});
  const auto plain = report_of(path, spec);
  spec.watch = {true, true, true};
  const auto watched = report_of(path, spec);
  REQUIRE(plain.rows.size() == watched.rows.size());
  for (std::size_t i = 0; i < plain.rows.size(); ++i) {
    CAPTURE(plain.rows[i].policy);
    const ReplayRow& row = watched.rows[i];
    CHECK(row.misses == plain.rows[i].misses);
    const Ages& ages = row.watched.ages;
    CHECK(ages.hit_requests.total() == row.requests - row.misses);
    CHECK(ages.evict_requests.total() == ages.evicted);
    // Whatever came in went out or is there.
    CHECK(ages.evicted + ages.resident == row.misses - row.not_stored);
    CHECK(ages.evicted_dead <= ages.evicted);
    REQUIRE(row.watched.tenants.size() == 1);
    CHECK(row.watched.tenants[0].misses == row.misses);
  }
}
