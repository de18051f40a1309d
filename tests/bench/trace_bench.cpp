// Requests per CPU second of reading a trace and of replaying it, reading included.
//
//     trace_bench [--objects N] [--requests M] [--capacity C]
//
// A Zipf(1) trace is written to the temporary folder, as oracleGeneral and as CSV. The last column
// is a digest of the result, so that a fast wrong answer shows.

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "sim/traces/mrc.hpp"
#include "sim/traces/replay.hpp"
#include "sim/traces/stats.hpp"
#include "sim/traces/synth.hpp"

using namespace fleetcache;
using namespace fleetcache::traces;

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void report(const std::string& what, std::uint64_t requests, double start, std::uint64_t digest) {
  const double s = cpu_seconds() - start;
  std::printf("%-28s %8.1f ns/request %8.1f M requests/CPU s  %016llx\n", what.c_str(),
              s / static_cast<double>(requests) * 1e9, static_cast<double>(requests) / s / 1e6,
              static_cast<unsigned long long>(digest));
}

void read_only(const std::string& what, const std::string& path) {
  const double start = cpu_seconds();
  auto reader = open_trace(path, {}).value();
  std::vector<Request> block(65536);
  Digest digest;
  std::uint64_t requests = 0;
  for (std::size_t n; (n = reader->read(block).value()) > 0; requests += n) {
    for (std::size_t i = 0; i < n; i += 64) digest.add(block[i].id);
  }
  report(what, requests, start, digest.value());
}

void replay_one(const std::string& policy, const std::string& path, std::uint64_t capacity) {
  ReplaySpec spec;
  spec.policies = {policy};
  spec.capacities = {{capacity, 0}};
  const double start = cpu_seconds();
  const ReplayReport result = replay(path, {}, spec).value();
  Digest digest;
  digest.add(result.rows[0].misses);
  report("replay " + policy, result.rows[0].requests, start, digest.value());
}

void stats(const std::string& path) {
  const double start = cpu_seconds();
  const TraceStats s = trace_stats(path, {}, {}).value();
  Digest digest;
  for (const MissPoint& p : s.lru_objects) digest.add(p.misses);
  report("stats", s.requests, start, digest.value());
}

/// Ages recorded: what `trace replay --ages` costs.
void watched(const std::string& path, std::uint64_t capacity) {
  ReplaySpec spec;
  spec.policies = {"lru"};
  spec.capacities = {{capacity, 0}};
  spec.watch.ages = true;
  const double start = cpu_seconds();
  const ReplayReport result = replay(path, {}, spec).value();
  Digest digest;
  digest.add(result.rows[0].misses);
  digest.add(result.rows[0].watched.ages.evicted_dead);
  report("replay lru, ages", result.rows[0].requests, start, digest.value());
}

/// Twenty sizes from the working set down: per request of the trace, not of the sample.
void curve(const std::string& what, const std::string& path, const std::string& policy,
           double rate) {
  CurveSpec spec;
  spec.policies = {policy};
  spec.rate = rate;
  for (std::uint64_t percent = 5; percent <= 100; percent += 5) {
    spec.capacities.push_back({0, percent * 10'000});
  }
  const double start = cpu_seconds();
  const CurveReport result = miss_ratio_curves(path, {}, spec).value();
  Digest digest;
  for (const CurvePoint& p : result.curves[0].points) {
    digest.add(static_cast<std::uint64_t>(p.miss_ratio * 1e9));
  }
  report(what, result.requests, start, digest.value());
}

}  // namespace

int main(int argc, char** argv) {
  SynthOptions options{SynthKind::kZipf, 1'000'000, 20'000'000, 0, 42};
  std::uint64_t capacity = 100'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t n = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--objects") == 0) options.objects = static_cast<std::uint32_t>(n);
    if (std::strcmp(argv[i], "--requests") == 0) options.requests = n;
    if (std::strcmp(argv[i], "--capacity") == 0) capacity = n;
  }
  std::string folder = (std::filesystem::temp_directory_path() / "trace-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const std::string binary = folder + "/t.bin", csv = folder + "/t.csv";
  {
    const double start = cpu_seconds();
    const std::vector<std::uint32_t> ids = synthesize(options).value();
    if (!write_oracle_general(binary, ids, false).ok()) return 1;
    report("synth", ids.size(), start, ids.back());
    std::ofstream out(csv);
    out << "time,id,size\n";
    const std::size_t rows = std::min<std::size_t>(ids.size(), 5'000'000);
    for (std::size_t i = 0; i < rows; ++i) out << i / 10'000 << ',' << ids[i] << ",1\n";
  }
  read_only("read oracleGeneral", binary);
  read_only("read CSV", csv);
  for (const char* policy : {"lru", "fifo", "clock", "sieve", "s3fifo", "arc", "twoq", "slru",
                             "lfu", "gdsf", "belady"}) {
    replay_one(policy, binary, capacity);
  }
  watched(binary, capacity);
  stats(binary);
  curve("curve lru, exact", binary, "lru", 1);
  curve("curve lru, 4 x 1 %", binary, "lru", 0.01);
  curve("curve s3fifo, 4 x 1 %", binary, "s3fifo", 0.01);
  std::filesystem::remove_all(folder);
  return 0;
}
