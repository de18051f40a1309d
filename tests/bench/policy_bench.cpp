// Speed of the eviction policies on a Zipf trace in memory: CPU time per request, metadata per
// entry, misses and a digest of the final state, so that a fast wrong answer shows. A textbook LRU
// (std::list and std::unordered_map) runs on the same trace for comparison.
//
//     policy_bench [--objects N] [--requests N] [--capacity N] [--policy NAME] [--repeat N]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <list>
#include <string>
#include <unordered_map>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::testing;

namespace {

struct Options {
  std::uint64_t objects = 1000000;
  std::uint64_t requests = 20000000;
  std::uint64_t capacity = 100000;
  std::uint64_t repeat = 3;
  std::string policy;
};

bool parse(int argc, char** argv, Options& options) {
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string key = argv[k];
    const std::uint64_t number = std::strtoull(argv[k + 1], nullptr, 10);
    if (key == "--objects") {
      options.objects = number;
    } else if (key == "--requests") {
      options.requests = number;
    } else if (key == "--capacity") {
      options.capacity = number;
    } else if (key == "--repeat") {
      options.repeat = number;
    } else if (key == "--policy") {
      options.policy = argv[k + 1];
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && options.objects > 0 && options.requests > 0 && options.capacity > 0 &&
         options.repeat > 0 && options.requests < 1000000000;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// The least of some runs: others on the machine only ever add.
template <class Run>
double best_of(std::uint64_t repeat, Run run) {
  double best = 1e300;
  for (std::uint64_t k = 0; k < repeat; ++k) {
    const double start = cpu_seconds();
    run();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

void print(std::string_view name, double seconds, const Options& options, double bytes,
           std::uint64_t misses, std::uint64_t hash) {
  const double requests = static_cast<double>(options.requests);
  std::printf("%-16.*s %8.1f ns/op %7.1f M/s %7.1f B/entry %12llu misses  %016llx\n",
              static_cast<int>(name.size()), name.data(), seconds / requests * 1e9,
              requests / seconds / 1e6, bytes, static_cast<unsigned long long>(misses),
              static_cast<unsigned long long>(hash));
}

/// The trace as a replay holds it: 32 bytes a request.
std::vector<eviction::Lookup> compact(const Trace& trace) {
  std::vector<eviction::Lookup> lookups;
  lookups.reserve(trace.size());
  for (const eviction::Meta& meta : trace) {
    lookups.push_back({TimePoint{}, meta.id, meta.charge, meta.next_access});
  }
  return lookups;
}

std::uint64_t replay(eviction::Cache& cache, const std::vector<eviction::Lookup>& trace,
                     bool in_batches) {
  std::uint64_t hits = 0;
  if (in_batches) {
    for (std::size_t k = 0; k < trace.size(); k += 256) {
      hits += cache.request_batch(&trace[k], std::min<std::size_t>(256, trace.size() - k));
    }
    return trace.size() - hits;
  }
  eviction::Meta meta;
  for (const eviction::Lookup& lookup : trace) {
    meta.id = lookup.id;
    meta.charge = lookup.charge;
    meta.next_access = lookup.next_access;
    hits += cache.request(lookup.now, meta) ? 1 : 0;
  }
  return trace.size() - hits;
}

/// Seconds one by one; prints those in batches too.
double bench_policy(const eviction::PolicyInfo& policy, const std::vector<eviction::Lookup>& trace,
                    const Options& options, double& batched) {
  const eviction::Config config = unit_config(options.capacity);
  std::uint64_t misses = 0;
  std::uint64_t hash = 0;
  const double seconds = best_of(options.repeat, [&] {
    eviction::Cache cache = make_cache(policy.name, config);
    misses = replay(cache, trace, false);
    hash = cache.state_hash();
  });
  std::uint64_t batched_hash = 0;
  batched = best_of(options.repeat, [&] {
    eviction::Cache cache = make_cache(policy.name, config);
    replay(cache, trace, true);
    batched_hash = cache.state_hash();
  });
  const auto bytes = eviction::Cache::memory_bytes(policy.name, config).value();
  print(policy.name, seconds, options,
        static_cast<double>(bytes) / static_cast<double>(options.capacity), misses, hash);
  std::printf("  in batches     %8.1f ns/op %7.1f M/s%s\n",
              batched / static_cast<double>(options.requests) * 1e9,
              static_cast<double>(options.requests) / batched / 1e6,
              batched_hash == hash ? "" : ", AND OTHER DECISIONS");
  return seconds;
}

/// LRU as in a textbook: what a team writes first.
double bench_textbook(const std::vector<eviction::Lookup>& trace, const Options& options,
                      std::uint64_t& misses) {
  const double seconds = best_of(options.repeat, [&] {
    std::list<std::uint64_t> order;
    std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> index;
    index.reserve(options.capacity);
    misses = 0;
    for (const eviction::Lookup& meta : trace) {
      const auto it = index.find(meta.id);
      if (it != index.end()) {
        order.splice(order.begin(), order, it->second);
        continue;
      }
      ++misses;
      if (index.size() == options.capacity) {
        index.erase(order.back());
        order.pop_back();
      }
      order.push_front(meta.id);
      index[meta.id] = order.begin();
    }
  });
  // List node 24 B and map node 24 B, each in a 32-byte block of the allocator, and a bucket of 8
  // B.
  print("textbook lru", seconds, options, 72, misses, 0);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: policy_bench [--objects N] [--requests N] [--capacity N] "
                 "[--policy NAME] [--repeat N]\n");
    return 2;
  }
  const auto trace = compact(zipf_trace(options.objects, options.requests, 42));
  std::uint64_t textbook_misses = 0;
  const double textbook = bench_textbook(trace, options, textbook_misses);
  bool sound = true;
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    if (!options.policy.empty() && eviction::find_policy(options.policy) != &policy) continue;
    double batched = 0;
    const double seconds = bench_policy(policy, trace, options, batched);
    if (policy.name != "lru") continue;
    eviction::Cache lru = make_cache("lru", unit_config(options.capacity));
    sound = replay(lru, trace, false) == textbook_misses;
    std::printf("  lru is %.2f times as fast as the textbook one, %.2f times in batches%s\n",
                textbook / seconds, textbook / batched, sound ? "" : ", AND WRONG: other misses");
  }
  return sound ? 0 : 1;
}
