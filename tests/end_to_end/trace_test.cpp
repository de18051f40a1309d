// `trace` as a user types it: results on stdout, notes on stderr, refusals and interrupts.

#include <doctest/doctest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/binary.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

std::string synth(const Scratch& scratch, const std::string& name, const std::string& options) {
  const std::string path = scratch.path(name);
  const Outcome made = invoke("trace synth " + options + " -o " + path);
  REQUIRE_MESSAGE(made.exit_code == 0, made.err);
  return path;
}

}  // namespace

TEST_CASE("one row of trace replay is an object with the promised keys, several are an array") {
  const Scratch scratch;
  // A loop of 10 ids, 100 requests: LRU of 9 misses all; all of 10 fit: 10 misses.
  const std::string path = synth(scratch, "t.bin", "--kind loop --objects 10 --requests 100");
  const Outcome one = invoke("trace replay " + path + " --policy lru --capacity 9 --format json");
  REQUIRE(one.exit_code == 0);
  const json row = json::parse(one.out);
  CHECK(row == json{{"policy", "lru"},
                    {"capacity", 9},
                    {"unit", "bytes"},
                    {"requests", 100},
                    {"misses", 100},
                    {"bytes", 100},
                    {"miss_bytes", 100}});
  const Outcome more = invoke("trace replay " + path +
                              " --policy lru,belady --capacity 9,100% --unit-size --format json");
  const json rows = json::parse(more.out);
  REQUIRE(rows.size() == 4);
  CHECK(rows[1]["capacity"] == 10);
  CHECK(rows[1]["misses"] == 10);
  CHECK(rows[2]["policy"] == "belady");
  CHECK(rows[2]["unit"] == "objects");
  CHECK(rows[2]["misses"] == 20);  // 10 + 90 (10 - 9) / (10 - 1)
  const Outcome csv = invoke("trace replay " + path + " --policy lru --capacity 9 --format csv");
  CHECK(csv.out ==
        "policy,capacity,unit,requests,misses,bytes,miss_bytes\nlru,9,bytes,100,100,100,100\n");
  CHECK(invoke("trace replay - --policy lru --capacity 9 --format csv < " + path).out == csv.out);
}

TEST_CASE("trace stats gives the working set and a curve that ends at the distinct ids") {
  const Scratch scratch;
  const std::string path = scratch.file("t.csv", "time,id,size\n0,1,100\n1,2,50\n2,1,100\n");
  const json stats = json::parse(invoke("trace stats " + path + " --format json").out);
  CHECK(stats["requests"] == 3);
  CHECK(stats["objects"] == 2);
  CHECK(stats["working_set_bytes"] == 150);
  CHECK(stats["span_ns"] == 2'000'000'000);
  CHECK(stats["lru"]["objects"].back()["misses"] == 2);
  const Outcome table = invoke("trace stats " + path);
  CHECK(table.out.find("LRU miss ratio by capacity in bytes") != std::string::npos);
}

TEST_CASE("what trace cannot do is refused with exit code 2, a reason and an empty stdout") {
  const Scratch scratch;
  const std::string path = scratch.file("t.csv", "time,id,size\n0,1,100\n1,2,-50\n");
  const std::string good = scratch.file("g.csv", "id,size\n1,100\n2,50\n");
  const std::string ids = scratch.file("g.ids", "1\n2\n");
  const std::string cut = scratch.file("cut.bin", std::string(30, '\x01'));
  const std::string zst = scratch.file("plain.csv.zst", "id\n1\n");
  const std::vector<std::pair<std::string, std::string>> table = {
      {"replay " + path + " --policy lru --capacity 9", "t.csv:3:5: size: \"-50\" is negative"},
      {"replay " + good + " --policy lur --capacity 9", "did you mean \"lru\"?"},
      {"replay " + good + " --policy lru --capacity 0", "holds nothing"},
      {"replay " + good + " --policy lru --capacity 9GB --unit-size", "counts objects"},
      {"replay " + ids + " --policy lru --capacity 9GB", "has no sizes"},
      {"replay " + good + " --policy lru --capacity 9Gb", "bit"},
      {"replay " + good + " --policy lru --capacity 99999999999999999999", "too large"},
      {"replay " + good + " --policy lru --capacity=-1", "negative"},
      {"replay " + good + " --policy lru:x=1 --capacity 9", "x"},
      {"replay " + good + " --policy lru --capacity 9 --capasity 8", "--capasity"},
      {"replay " + good + " --policy lru --capacity 9 --columns id=3", "no column 3"},
      {"replay " + good + " --policy lru --capacity 9 --input-format cvs", "\"cvs\" is not known"},
      {"replay " + cut + " --policy lru --capacity 9",
       "record 2: the trace ends after 6 of the 24"},
      {"replay " + zst + " --policy lru --capacity 9", "not a Zstandard file"},
      {"replay " + scratch.path("none") + " --policy lru --capacity 9", "cannot open"},
      {"stats " + path, "t.csv:3:5: size: \"-50\" is negative"},
      {"synth --kind loop --objects 3 --requests 5 -o " + good, "exists already"},
      {"synth --kind lop --objects 3 --requests 5 -o x", "\"lop\" is not known"},
      {"statz " + good, "statz"},
  };
  const std::size_t before = scratch.entries();
  for (const auto& row : table) {
    CAPTURE(row.first);
    const Outcome outcome = invoke("trace " + row.first);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(outcome.err.find(row.second) != std::string::npos, outcome.err);
  }
  CHECK(scratch.entries() == before);
}

TEST_CASE("objects larger than the cache and empty requests are noted, not hidden") {
  const Scratch scratch;
  const std::string path = scratch.file("t.csv", "id,size\n1,100\n2,0\n1,100\n3,5\n");
  const Outcome outcome =
      invoke("trace replay " + path + " --policy lru --capacity 10 --format csv");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.find("note: 1 requests of size 0 were left out") != std::string::npos);
  CHECK(outcome.err.find("note: 2 requests are for objects larger than the cache") !=
        std::string::npos);
  CHECK(outcome.out.find("lru,10,bytes,3,3,205,205\n") != std::string::npos);
}

TEST_CASE("an interrupted replay prints what it has, marked partial, and exits 130") {
  const Scratch scratch;
  const std::string path =
      synth(scratch, "t.bin", "--kind zipf --objects 100000 --requests 3000000");
  std::string capacities = "1000";
  for (int i = 2; i <= 40; ++i) capacities += "," + std::to_string(i * 1000);
  const Outcome outcome = invoke_interrupted("trace replay " + path + " --policy gdsf --capacity " +
                                                 capacities + " --format json --progress json",
                                             SIGINT, "{");
  CHECK(outcome.exit_code == 130);
  CHECK(outcome.err.find("interrupted") != std::string::npos);
  const json rows = json::parse(outcome.out);
  REQUIRE(rows.is_array());
  REQUIRE(!rows.empty());
  CHECK(rows[0]["partial"] == true);
  CHECK(rows[0]["requests"] < 3'000'000);
  CHECK(rows[0]["misses"] > 0);
}
