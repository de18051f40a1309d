/// Published miss counts, to the last one. The recorded traces and their counts lie beside the
/// repository and are skipped where they are absent; a small table of counts on a generated trace
/// is here and always runs.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "policies/eviction/eviction.hpp"
#include "sim/traces/replay.hpp"
#include "sim/traces/synth.hpp"
#include "tests/unit/traces/temporary.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

const std::string kData = FLEETCACHE_SOURCE_DIR "/../shared/data";

std::vector<std::vector<std::string>> read_table(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> row;
    std::stringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
    rows.push_back(row);
  }
  return rows;
}

/// Generated traces, written once, and recorded ones by the name that the tables use.
class Traces {
 public:
  Traces() {
    generate("zipf1.0_100k_2M", {SynthKind::kZipf, 100'000, 2'000'000, 0, 42});
    generate("epoch_100k_x10", {SynthKind::kEpoch, 100'000, 0, 10, 42});
    generate("loop_10k_1M", {SynthKind::kLoop, 10'000, 1'000'000, 0, 42});
    paths_["mooncake_conversation_blocks"] =
        kData + "/kv-mooncake-conversation/conversation_trace.jsonl.zst";
    paths_["cloudPhysicsIO"] = kData + "/block-cloudphysics/cloudPhysicsIO.oracleGeneral.csv.zst";
  }
  const std::string& path(const std::string& name) const { return paths_.at(name); }

 private:
  void generate(const std::string& name, const SynthOptions& options) {
    paths_[name] = folder_.file(name + ".bin");
    REQUIRE(write_oracle_general(paths_[name], synthesize(options).value(), false).ok());
  }
  test::TemporaryFolder folder_;
  std::map<std::string, std::string> paths_;
};

const Traces& library() {
  static const Traces all;
  return all;
}

std::vector<ReplayRow> rows_of(const std::string& path, const ReplaySpec& spec) {
  auto report = replay(path, {}, spec);
  REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text()));
  return std::move(report).value().rows;
}

struct Want {
  std::string policy;
  std::uint64_t capacity;
  std::uint64_t misses;
};

}  // namespace

TEST_CASE("every exact row of the reference table is reproduced") {
  const std::string table = kData + "/policy-reference/miss-counts.csv";
  if (!std::filesystem::exists(table)) {
    MESSAGE("skipped: " << table << " is absent");
    return;
  }
  // One replay for each (trace, unit, set of capacities): cells are independent.
  std::map<std::pair<std::string, bool>, std::vector<Want>> wanted;
  for (const auto& row : read_table(table)) {
    if (row.size() != 8 || row[7] != "exact") continue;
    wanted[{row[0], row[5] == "objects"}].push_back(
        {row[3], std::stoull(row[4]), std::stoull(row[6])});
  }
  std::size_t compared = 0;
  for (const auto& [trace, rows] : wanted) {
    ReplaySpec spec;
    spec.unit_size = trace.second;
    spec.threads = 2;
    std::set<std::uint64_t> capacities;
    for (const Want& want : rows) {
      capacities.insert(want.capacity);
      if (std::find(spec.policies.begin(), spec.policies.end(), want.policy) ==
          spec.policies.end()) {
        spec.policies.push_back(want.policy);
      }
    }
    for (const std::uint64_t c : capacities) spec.capacities.push_back({c, 0});
    std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> got;
    for (const ReplayRow& row : rows_of(library().path(trace.first), spec)) {
      got[{row.policy, row.capacity}] = row.misses;
    }
    for (const Want& want : rows) {
      CAPTURE(trace.first);
      CAPTURE(want.policy);
      CAPTURE(want.capacity);
      CHECK(got.at({want.policy, want.capacity}) == want.misses);
      ++compared;
    }
  }
  CHECK(compared == 204);
}

TEST_CASE("byte capacities give the counts and bytes of the trace's own tests") {
  const std::string table = kData + "/block-cloudphysics/expected_misses.csv";
  if (!std::filesystem::exists(table)) {
    MESSAGE("skipped: " << table << " is absent");
    return;
  }
  // Rows whose semantics are those of the policies here; others of that table have parameters or
  // draws of their own.
  const std::map<std::string, std::string> names = {
      {"LRU", "lru"},     {"FIFO", "fifo"},
      {"Clock", "clock"}, {"Belady", "belady"},
      {"ARC", "arc"},     {"LFU", "lfu"},
      {"GDSF", "gdsf"},   {"Sieve", "sieve"},
      {"SLRU", "slru"},   {"S3FIFO", "s3fifo-2024-10"}};
  ReplaySpec spec;
  spec.threads = 2;
  for (std::uint64_t mib = 128; mib <= 1024; mib += 128) spec.capacities.push_back({mib << 20, 0});
  const auto rows_in_table = read_table(table);
  std::size_t compared = 0;
  for (const auto& row : rows_in_table) {
    if (names.count(row[0]) == 0) continue;
    REQUIRE(row.size() == 17);
    spec.policies = {names.at(row[0])};
    const auto got = rows_of(library().path("cloudPhysicsIO"), spec);
    for (std::size_t i = 0; i < 8; ++i) {
      CAPTURE(row[0]);
      CAPTURE(i);
      CHECK(got[i].misses == std::stoull(row[1 + i]));
      CHECK(got[i].miss_bytes == std::stoull(row[9 + i]));
      CHECK(got[i].requests == 113'872);
      CHECK(got[i].bytes == 4'368'040'448);
      ++compared;
    }
  }
  CHECK(compared == 8 * names.size());
}
