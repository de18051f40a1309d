#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// A trace file that removes itself.
struct TraceFile {
  std::string path;
  explicit TraceFile(const std::string& lines) {
    path = (std::filesystem::temp_directory_path() /
            ("fleetcache_trace_" + std::to_string(getpid()) + ".jsonl"))
               .string();
    std::ofstream(path) << lines;
  }
  ~TraceFile() { std::filesystem::remove(path); }
};

scenario::Scenario tiny_chat(const std::string& trace, std::uint32_t nodes) {
  scenario::Scenario s;
  s.name = "chat";
  s.horizon = from_seconds(100);
  s.regions["r"] = tiny_region(0, nodes);
  s.cache.placement = "rendezvous";
  s.cache.tiers = {tiny_tier(scenario::Medium::kDram, 50 * kGB, "lru")};
  scenario::InferenceService chat;
  chat.name = "chat";
  chat.region = "r";
  chat.pool = "infer";
  chat.nodes = nodes;
  chat.arrivals.trace = trace;
  chat.block_tokens = 512;
  chat.kv_bytes_per_token = Bytes(100'000);  // 51.2 MB a block
  chat.prefill_tokens = PerSecond(5120);     // 0.1 s a block
  s.inference["chat"] = chat;
  return s;
}

}  // namespace

TEST_CASE("TTFT is queue plus fetch plus prefill, and cached blocks are not prefilled") {
  // Request 1 at 0 s: 2 blocks, all new: prefill 0.2 s. Request 2 at 0.1 s waits for the slot until
  // 0.2 s; its first block was stored at 0.2 s by request 1 (one node: no transfer), its second is
  // new: prefill 512 tokens = 0.1 s. Request 3 at 10 s repeats request 1: 1 token is left to
  // compute.
  const TraceFile trace(
      R"({"timestamp": 0, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
{"timestamp": 100, "input_length": 1024, "output_length": 1, "hash_ids": [1, 3]}
{"timestamp": 10000, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
)");
  const Outcome o = run_forked(tiny_chat(trace.path, 1));
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("kv.block_lookups") == 6);
  CHECK(o.metrics.at("kv.block_hits") == 3);
  // Means over three: queue (0 + 0.1 + 0) / 3, prefill (0.2 + 0.1 + 1/5120) / 3.
  CHECK(o.metrics.at("infer.chat.ttft_queue_mean") == doctest::Approx(0.1 / 3));
  CHECK(o.metrics.at("infer.chat.ttft_prefill_mean") == doctest::Approx((0.3 + 1.0 / 5120) / 3));
  CHECK(o.metrics.at("infer.chat.ttft_fetch_mean") == doctest::Approx(0.0));
  CHECK(o.bytes.at("kv/local_dram") == 3 * 51.2e6);
  CHECK(o.bytes.at("kv/recompute") == 3 * 51.2e6);
}

TEST_CASE("a block on a peer is fetched over the network") {
  // Four nodes, round robin: request 2 finds request 1's blocks on their owners.
  const TraceFile trace(
      R"({"timestamp": 0, "input_length": 4096, "output_length": 1, "hash_ids": [1,2,3,4,5,6,7,8]}
{"timestamp": 5000, "input_length": 4096, "output_length": 1, "hash_ids": [1,2,3,4,5,6,7,8]}
)");
  auto s = tiny_chat(trace.path, 4);
  s.regions["r"].fabric.rtt_rack = from_seconds(0.001);
  s.regions["r"].fabric.lookup = from_seconds(0.001);
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("kv.block_hits") == 8);
  CHECK(o.bytes.at("kv/peer_dram") + o.bytes.at("kv/local_dram") == 8 * 51.2e6);
  CHECK(o.bytes.at("kv/peer_dram") > 0);
  // At least one transfer of 51.2 MB at 20 GB/s (2.56 ms) plus 2 ms of request, mean over two.
  CHECK(o.metrics.at("infer.chat.ttft_fetch_mean") >= (0.00256 + 0.002) / 2);
}

TEST_CASE("without a cache everything is prefilled") {
  const TraceFile trace(
      R"({"timestamp": 0, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
{"timestamp": 5000, "input_length": 1024, "output_length": 1, "hash_ids": [1, 2]}
)");
  auto s = tiny_chat(trace.path, 1);
  s.cache.enabled = false;
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.metrics.at("kv.block_hits") == 0);
  CHECK(o.metrics.at("infer.chat.ttft_mean") == doctest::Approx(0.2));
}

TEST_CASE(
    "on the Mooncake trace one pooled LRU with instant fill misses exactly as often as the "
    "reference") {
  const std::string path =
      FLEETCACHE_SOURCE_DIR "/../shared/data/kv-mooncake-conversation/conversation_trace.jsonl.zst";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: ../shared/data/kv-mooncake-conversation is not there");
    return;
  }
  auto s = tiny_chat(path, 8);
  s.horizon = from_seconds(3700);
  s.cache.index = scenario::Index::kPooled;
  s.cache.fill = scenario::Fill::kInstant;
  s.cache.touch = scenario::Touch::kArrival;
  // ../shared/data/policy-reference/miss-counts.csv, mooncake_conversation_blocks, lru.
  const std::map<std::uint64_t, double> misses = {{1000, 275669}, {10000, 227579}, {50000, 186210}};
  for (const auto& [blocks, expected] : misses) {
    s.cache.tiers[0].capacity = Bytes(blocks * 51'200'000);
    RunOptions quick;
    // Decisions do not depend on the transfers in this mode.
    quick.make_engine = [] { return engine::make_fixed_delay_engine(from_seconds(0.01)); };
    const Outcome o = run_forked(s, quick);
    REQUIRE(o.error == "");
    CHECK(o.broken == "");
    CHECK(o.metrics.at("kv.block_misses") == expected);
  }
}

TEST_CASE("a failed inference node gets no new requests while it is down") {
  // Two nodes; node 1 is down from 5 s to 50 s. Four requests at once at 10 s, each 1 s of prefill,
  // all go to node 0: queues of 0, 1, 2 and 3 s. Without the failure: 0, 0, 1, 1.
  std::string lines;
  for (int i = 0; i < 4; ++i) {
    lines += R"({"timestamp": 10000, "input_length": 5120, "output_length": 1, "hash_ids": [)" +
             std::to_string(i) + "]}\n";
  }
  const TraceFile trace(lines);
  auto s = tiny_chat(trace.path, 2);
  s.cache.enabled = false;
  const Outcome calm = run_forked(s);
  s.events = {{from_seconds(5), scenario::EventKind::kFailNode, "r", 1, from_seconds(45), 0}};
  const Outcome failed = run_forked(s);
  REQUIRE(failed.error == "");
  CHECK(failed.broken == "");
  CHECK(calm.metrics.at("infer.chat.ttft_queue_mean") == doctest::Approx(0.5));
  CHECK(failed.metrics.at("infer.chat.ttft_queue_mean") == doctest::Approx(1.5));
}

TEST_CASE("a service none of whose nodes is there turns requests away") {
  // Both nodes are down from 5 s to 50 s: of the requests at 1, 10, 20 and 60 s two fail.
  std::string lines;
  for (const int at_ms : {1000, 10000, 20000, 60000}) {
    lines += R"({"timestamp": )" + std::to_string(at_ms) +
             R"(, "input_length": 5120, "output_length": 1, "hash_ids": [1]})" + "\n";
  }
  const TraceFile trace(lines);
  auto s = tiny_chat(trace.path, 2);
  CHECK(run_forked(s).metrics.at("infer.chat.availability") == 1);
  s.events = {{from_seconds(5), scenario::EventKind::kFailNode, "r", 0, from_seconds(45), 0},
              {from_seconds(5), scenario::EventKind::kFailNode, "r", 1, from_seconds(45), 0}};
  const Outcome o = run_forked(s);
  REQUIRE(o.error == "");
  CHECK(o.broken == "");
  CHECK(o.metrics.at("infer.chat.availability") == 0.5);
  CHECK(o.failed == 2);
}

TEST_CASE("what waits for a node that fails goes to another, or fails with the last one") {
  // Requests of 1 s of prefill at 10.0 s, two a node; node 1 fails at 10.5 s. What waited there
  // goes to node 0, behind the one that waits already: waits of 0, 0, 1 and 2 s. When node 0 fails
  // as well, both that wait are lost; the two in prefill end.
  std::string lines;
  for (int i = 0; i < 4; ++i) {
    lines += R"({"timestamp": 10000, "input_length": 5120, "output_length": 1, "hash_ids": [)" +
             std::to_string(i) + "]}\n";
  }
  const TraceFile trace(lines);
  auto s = tiny_chat(trace.path, 2);
  s.events = {{from_seconds(10.5), scenario::EventKind::kFailNode, "r", 1, from_seconds(45), 0}};
  const Outcome one = run_forked(s);
  CHECK(one.broken == "");
  CHECK(one.metrics.at("infer.chat.ttft_queue_mean") == doctest::Approx(0.75));
  s.events.push_back(
      {from_seconds(10.6), scenario::EventKind::kFailNode, "r", 0, from_seconds(45), 0});
  const Outcome both = run_forked(s);
  CHECK(both.broken == "");
  CHECK(both.failed == 2);
  CHECK(one.metrics.at("infer.chat.availability") == 1);
  CHECK(both.metrics.at("infer.chat.availability") == 0.5);
  CHECK(both.metrics.at("infer.chat.ttft_queue_mean") == 0);
}
