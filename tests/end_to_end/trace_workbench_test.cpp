// The workbench on traces as a user types it: many policies and sizes, curves, gaps, ages, tuning.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/end_to_end/binary.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

const std::string kData = FLEETCACHE_SOURCE_DIR "/../shared/data/";

bool absent(const std::string& path) {
  if (std::filesystem::exists(path)) return false;
  MESSAGE("skipped: " << path << " is absent");
  return true;
}

std::string zipf(const Scratch& scratch) {
  const std::string path = scratch.path("z.bin");
  const Outcome made =
      invoke("trace synth --kind zipf --objects 20000 --requests 150000 -o " + path);
  REQUIRE_MESSAGE(made.exit_code == 0, made.err);
  return path;
}

std::string out_of(const std::string& arguments) {
  const Outcome outcome = invoke("trace " + arguments);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.out;
}

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) most = std::max(most, line.size());
  return most;
}

}  // namespace

TEST_CASE("all policies at a range of sizes: the same bytes on one thread and two") {
  const Scratch scratch;
  const std::string replay =
      "replay " + zipf(scratch) + " --policy all --sizes 0.1%..20%:5 --unit-size --format json";
  const std::string one = out_of(replay + " --threads 1");
  CHECK(out_of(replay + " --threads 2") == one);
  const json rows = json::parse(one);
  const json policies = json::parse(invoke("policies --format json").out);
  std::size_t known = 0;
  for (const json& p : policies) known += p["family"] == "eviction" ? 1 : 0;
  REQUIRE(rows.size() == 5 * known);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(rows[i]["policy"] == rows[0]["policy"]);
    CHECK(rows[i]["capacity"] > last);
    last = rows[i]["capacity"];
    CHECK(rows[i].size() == 7);  // the promised keys and no others
  }
  // Equal ratios: 200 ^ (1 / 4) = 3.76 from one size to the next.
  const double step = rows[3]["capacity"].get<double>() / rows[2]["capacity"].get<double>();
  CHECK(step == doctest::Approx(3.76).epsilon(0.02));
}

TEST_CASE("the gap splits the misses of every policy into three parts that add up") {
  const Scratch scratch;
  const std::string path = zipf(scratch);
  const json rows = json::parse(out_of("replay " + path +
                                       " --policy lru,s3fifo,sieve --capacity 1%,10% --unit-size "
                                       "--gap --format json"));
  REQUIRE(rows.size() == 8);  // belady came along
  const json stats = json::parse(out_of("stats " + path + " --format json"));
  for (const json& row : rows) {
    const json& gap = row["gap"];
    CHECK(gap["compulsory"] == stats["objects"]);
    CHECK(gap["capacity"] >= 0);
    CHECK(gap["policy"] >= 0);  // sizes are equal, so nothing beats MIN
    CHECK(gap["compulsory"].get<long>() + gap["capacity"].get<long>() + gap["policy"].get<long>() ==
          row["misses"].get<long>());
    if (row["policy"] == "belady") CHECK(gap["policy"] == 0);
  }
}

TEST_CASE("tables by tenant and class, costs, ages and deletes by hand") {
  const Scratch scratch;
  // LRU of 2 objects: 1 2 1 hit, 3 drops 2 (never hit), 1 goes by delete, 1 misses again.
  const std::string path = scratch.file(
      "t.csv",
      "time,id,size,user,kind,op\n0,1,100,ann,w,read\n1,2,50,bob,k,read\n2,1,100,ann,w,read\n"
      "3,3,50,bob,k,write\n4,1,0,ann,w,delete\n5,1,100,bob,w,read\n");
  const std::string columns =
      " --columns time=time,id=id,size=size,tenant=user:text,class=kind:text,op=op";
  const Outcome outcome =
      invoke("trace replay " + path + columns +
             " --policy lru --capacity 2 --unit-size --by tenant,class --ages --gap --format json");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  CHECK(outcome.err.find("1 requests to delete were carried out") != std::string::npos);
  const json row = json::parse(outcome.out)[0];
  CHECK(row["requests"] == 5);
  CHECK(row["misses"] == 4);
  CHECK(row["gap"] == json{{"compulsory", 4},  // 1 2 3, and 1 after its delete
                           {"capacity", 0},
                           {"policy", 0},
                           {"compulsory_bytes", 4},
                           {"capacity_bytes", 0},
                           {"policy_bytes", 0}});
  REQUIRE(row["tenants"].size() == 2);
  CHECK(row["tenants"][0] ==
        json{{"tenant", "ann"}, {"requests", 2}, {"misses", 1}, {"bytes", 2}, {"miss_bytes", 1}});
  CHECK(row["classes"][1]["class"] == "k");
  CHECK(row["classes"][1]["misses"] == 2);
  const json& ages = row["ages"];
  CHECK(ages["evicted"] == 1);
  CHECK(ages["evicted_dead"] == 1);
  CHECK(ages["hit_requests"] == json{{4, 1}});    // 2 requests ago, in [2, 4)
  CHECK(ages["evict_requests"] == json{{4, 1}});  // 2 came at request 1 and goes at 3
  CHECK(ages["evict_ms"] == json{{2048, 1}});     // 2 s ago
  CHECK(ages["resident"] == 2);
  const json costs = json::parse(out_of("replay " + path + columns +
                                        " --policy lru --capacity 1000 --miss-cost 1 --gb-cost "
                                        "1e7 --format json"));
  // Misses 1 2 3 1: 4 x 1 + 300 x 0.01 of 5 x 1 + 400 x 0.01.
  CHECK(costs["cost_miss_ratio"].get<double>() == doctest::Approx(7.0 / 9));
}

TEST_CASE("curves: exact by default, samples with an interval, plots within 80 columns") {
  const Scratch scratch;
  const std::string path = zipf(scratch);
  const json exact = json::parse(out_of("curve " + path + " --policy lru,fifo --format json"));
  REQUIRE(exact.size() == 2);
  CHECK(exact[0]["method"] == "stack");
  CHECK(exact[0]["exact"] == true);
  const std::string sizes = " --sizes 5%..50%:4";
  const std::string curve = "mrc " + path + " --policy lru,s3fifo --rate 5% --splits 4" + sizes;
  const std::string one = out_of(curve + " --format json --threads 1");
  CHECK(out_of(curve + " --format json --threads 2") == one);
  const json sampled = json::parse(one);
  CHECK(sampled[1]["method"] == "miniature caches");
  CHECK(sampled[1]["samples"] == 4);
  for (const json& point : sampled[1]["points"]) CHECK(point["ci95"] > 0);
  const std::string table = out_of(curve);
  CHECK(table.find("SHARDS-adj\n+- is 95 %") != std::string::npos);
  CHECK(table.find("miss ratio by capacity") != std::string::npos);
  CHECK(widest(table) <= 80);
  CHECK(widest(out_of("replay " + path + " --policy lru --capacity 5% --unit-size --ages")) <= 80);
  CHECK(out_of("curve " + path + " --max-objects 500" + sizes).find("SHARDS") != std::string::npos);
  CHECK(invoke("trace curve " + path + " --rate 0").exit_code == 2);
  CHECK(invoke("trace curve " + path + " --rate 1% --max-objects 5").exit_code == 2);
}

TEST_CASE("tune writes a parameter file, and says no gain where there is none") {
  const Scratch scratch;
  const std::string path = zipf(scratch), file = scratch.path("tuned.json");
  const std::string tune =
      "tune " + path + " --policy clock --capacity 1000 --unit-size --param bits=1..3";
  const std::string one = out_of(tune + " --threads 1 --format json -o " + file);
  CHECK(read_file(file) == one);
  CHECK(out_of(tune + " --threads 2 --format json") == one);
  const json tuned = json::parse(one);
  CHECK(tuned["policy"] == "clock");
  CHECK(tuned["params"].is_object());
  CHECK(tuned["gain"].get<bool>() == !tuned["params"].empty());
  CHECK(tuned["capacity"] == 1000);
  for (const auto& [name, value] : tuned["params"].items()) CHECK(value.is_string());
  const Outcome again = invoke("trace " + tune + " -o " + file);
  CHECK(again.exit_code == 2);
  CHECK(again.err.find("exists already") != std::string::npos);
  CHECK(invoke("trace " + tune + ",lru").exit_code == 2);
  CHECK(invoke("trace tune " + path + " --policy lru --capacity 5%").exit_code == 2);
}

TEST_CASE("real traces: the conversation's gap is dead blocks, not their order") {
  const std::string chat = kData + "kv-mooncake-conversation/conversation_trace.jsonl.zst";
  const std::string blocks = kData + "block-cloudphysics/cloudPhysicsIO.oracleGeneral.csv.zst";
  if (absent(chat) || absent(blocks)) return;
  const json rows = json::parse(
      out_of("replay " + chat + " --policy lru --capacity 10000 --gap --ages --format json"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["gap"]["compulsory"] == 182'790);
  CHECK(1 - rows[0]["misses"].get<double>() / 288'500 == doctest::Approx(0.2112).epsilon(0.001));
  CHECK(rows[0]["ages"]["evicted_dead"].get<double>() >
        0.5 * rows[0]["ages"]["evicted"].get<double>());
  const json curve = json::parse(
      out_of("curve " + blocks + " --policy lru,sieve --sizes 128MiB..1GiB:4 --format json"));
  const json whole = json::parse(
      out_of("replay " + blocks + " --policy sieve --sizes 128MiB..1GiB:4 --format json"));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(curve[1]["points"][i]["miss_ratio"].get<double>() ==
          whole[i]["misses"].get<double>() / whole[i]["requests"].get<double>());
  }
}
