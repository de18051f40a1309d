// Published miss counts, to the last request. They pin every tie-break: an S3-FIFO whose main queue
// gives way at `>=` its size instead of `>`, or whose small queue promotes at 1 hit instead of 2,
// misses these numbers (both were tried).
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::testing;

namespace {

struct Row {
  const char* policy;
  std::uint64_t capacity;
  std::uint64_t misses;
};

// libCacheSim at aa0fc40, default parameters, every request counted, no warm-up.
constexpr Row kZipfRows[] = {
    {"lru", 1000, 988482},
    {"fifo", 1000, 1071104},
    {"clock", 1000, 965573},
    {"sieve", 1000, 796887},
    {"s3fifo-2024-10", 1000, 802853},
    {"s3fifo-2024-12", 1000, 802728},
    {"arc", 1000, 810557},
    {"twoq", 1000, 835366},
    {"slru", 1000, 822417},
    {"lfu", 1000, 812284},
    {"gdsf", 1000, 867512},
    {"belady", 1000, 670895},
    {"lru", 10000, 528170},
    {"fifo", 10000, 600021},
    {"clock", 10000, 511675},
    {"sieve", 10000, 439082},
    {"s3fifo-2024-10", 10000, 434783},
    {"s3fifo-2024-12", 10000, 433683},
    {"arc", 10000, 445051},
    {"twoq", 10000, 461021},
    {"slru", 10000, 442639},
    {"lfu", 10000, 439271},
    {"gdsf", 10000, 463000},
    {"belady", 10000, 304643},
};

constexpr Row kLoopRows[] = {
    {"lru", 9999, 1000000},
    {"fifo", 9999, 1000000},
    {"clock", 9999, 1000000},
    {"sieve", 9999, 1000000},
    {"s3fifo-2024-10", 9999, 53177},
    {"s3fifo-2024-12", 9999, 44186},
    {"arc", 9999, 1000000},
    {"twoq", 9999, 17893},
    {"slru", 9999, 257797},
    {"lfu", 9999, 1000000},
    {"gdsf", 9999, 1000000},
    {"belady", 9999, 10099},
    {"s3fifo-2024-10", 5000, 1000000},
    {"s3fifo-2024-12", 5000, 554500},
    {"twoq", 5000, 1000000},
    {"slru", 5000, 628750},
    {"belady", 5000, 505000},
};

template <std::size_t kCount>
void check_rows(const Row (&rows)[kCount], const Trace& trace) {
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    CAPTURE(row.capacity);
    eviction::Cache cache = make_cache(row.policy, unit_config(row.capacity));
    CHECK(count_misses(cache, trace) == row.misses);
    CHECK(cache.audit() == "");
  }
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::stringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

}  // namespace

TEST_CASE("a Zipf trace misses as often as the reference, to the request") {
  check_rows(kZipfRows, zipf_trace(100000, 2000000, 42));
}

TEST_CASE("a loop misses as often as the reference, to the request") {
  check_rows(kLoopRows, loop_trace(10000, 1000000));
}

TEST_CASE("every exact row of the shared table holds for the three generated traces") {
  std::ifstream file(FLEETCACHE_SOURCE_DIR "/../shared/data/policy-reference/miss-counts.csv");
  if (!file) {
    MESSAGE("shared reference table absent: skipped");
    return;
  }
  std::string name;
  Trace trace;
  int compared = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> f = split(line);
    if (f.size() != 8 || f[7] != "exact" || f[5] != "objects") continue;
    if (f[0] != name) {
      name = f[0];
      trace.clear();
      if (name == "zipf1.0_100k_2M") trace = zipf_trace(100000, 2000000, 42);
      if (name == "epoch_100k_x10") trace = epoch_trace(100000, 10, 42);
      if (name == "loop_10k_1M") trace = loop_trace(10000, 1000000);
    }
    if (trace.empty()) continue;  // the recorded traces are replayed by the trace tests
    CAPTURE(line);
    eviction::Cache cache = make_cache(f[3], unit_config(std::stoull(f[4])));
    CHECK(count_misses(cache, trace) == std::stoull(f[6]));
    ++compared;
  }
  CHECK(compared == 2 * 12 + 3 * 12 + 3 * 12);  // sizes x policies: Zipf, epochs, loop
}
