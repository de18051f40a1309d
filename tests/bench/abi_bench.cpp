// What the C binding costs over the C++ binding: CPU time per request on a Zipf trace, for the loop
// of a host (find, access, miss, admit), for `request` and for batches. Each line prints the ratio
// and the digest of the final state, so that a fast wrong answer shows.
//
//     abi_bench [--objects N] [--requests N] [--capacity N] [--repeat N] [--policy NAME]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "policies/abi/fleetcache_policy.h"
#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::testing;

namespace {

struct Options {
  std::uint64_t objects = 1000000;
  std::uint64_t requests = 4000000;
  std::uint64_t capacity = 100000;
  std::uint64_t repeat = 5;
  std::string policy = "lru";
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
         options.repeat > 0 && eviction::find_policy(options.policy) != nullptr;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class CacheC {
 public:
  explicit CacheC(const Options& options) {
    fcp_cache_config config = FCP_INIT(fcp_cache_config);
    config.policy = options.policy.c_str();
    config.capacity = options.capacity;
    config.max_entries = static_cast<std::uint32_t>(options.capacity);
    config.unit_charge = 1;
    if (fcp_cache_create(&config, &cache_, nullptr, 0) != FCP_OK) std::abort();
  }
  ~CacheC() { fcp_cache_destroy(cache_); }
  CacheC(const CacheC&) = delete;
  CacheC& operator=(const CacheC&) = delete;
  operator fcp_cache*() const { return cache_; }

 private:
  fcp_cache* cache_ = nullptr;
};

eviction::Cache cache_cpp(const Options& options) {
  eviction::Config config;
  config.capacity = options.capacity;
  config.max_entries = static_cast<std::uint32_t>(options.capacity);
  config.unit_charge = true;
  return eviction::Cache::create(options.policy, config).value();
}

using Lookups = std::vector<fcp_lookup>;

std::uint64_t loop_cpp(const Options& options, const Lookups& trace) {
  eviction::Cache cache = cache_cpp(options);
  eviction::Meta meta;
  for (const fcp_lookup& lookup : trace) {
    const eviction::Handle h = cache.find(lookup.id);
    if (h && cache.access({}, h, lookup.next_access)) {
      if (cache.must_evict(nullptr)) cache.evict({}, nullptr);
      continue;
    }
    meta.id = lookup.id;
    meta.next_access = lookup.next_access;
    cache.miss({}, meta);
    cache.admit({}, meta);
  }
  return cache.state_hash();
}

std::uint64_t loop_c(const Options& options, const Lookups& trace) {
  const CacheC cache(options);
  fcp_meta meta = FCP_META_INIT;
  fcp_handle out = 0;
  for (const fcp_lookup& lookup : trace) {
    const fcp_handle h = fcp_find(cache, 0, lookup.id, 0);
    if (h != 0 && fcp_access(cache, 0, h, lookup.next_access) == FCP_OK) {
      if (fcp_must_evict(cache, nullptr) != 0) {
        fcp_victim victim;
        std::size_t count = 0;
        fcp_reserve(cache, 0, nullptr, &victim, 1, &count);
        fcp_commit(cache, 0, &victim.handle, count);
      }
      continue;
    }
    meta.id = lookup.id;
    meta.next_access = lookup.next_access;
    fcp_miss(cache, 0, &meta);
    fcp_admit(cache, 0, &meta, nullptr, nullptr, &out);
  }
  return fcp_state_hash(cache);
}

/// Hits alone: what an access costs when nothing else is done.
std::uint64_t access_cpp(const Options& options, const Lookups& trace) {
  eviction::Cache cache = cache_cpp(options);
  std::vector<eviction::Handle> handles;
  for (std::uint64_t id = 0; id < options.capacity; ++id)
    handles.push_back(cache.admit({}, one(id)));
  for (const fcp_lookup& lookup : trace) {
    cache.access({}, handles[lookup.id % handles.size()], lookup.next_access);
  }
  return cache.state_hash();
}

std::uint64_t access_c(const Options& options, const Lookups& trace) {
  const CacheC cache(options);
  std::vector<fcp_handle> handles(options.capacity);
  fcp_meta meta = FCP_META_INIT;
  for (std::uint64_t id = 0; id < options.capacity; ++id) {
    meta.id = id;
    fcp_admit(cache, 0, &meta, nullptr, nullptr, &handles[id]);
  }
  for (const fcp_lookup& lookup : trace) {
    fcp_access(cache, 0, handles[lookup.id % handles.size()], lookup.next_access);
  }
  return fcp_state_hash(cache);
}

std::uint64_t request_cpp(const Options& options, const Lookups& trace) {
  eviction::Cache cache = cache_cpp(options);
  eviction::Meta meta;
  for (const fcp_lookup& lookup : trace) {
    meta.id = lookup.id;
    meta.next_access = lookup.next_access;
    cache.request({}, meta);
  }
  return cache.state_hash();
}

std::uint64_t request_c(const Options& options, const Lookups& trace) {
  const CacheC cache(options);
  fcp_meta meta = FCP_META_INIT;
  for (const fcp_lookup& lookup : trace) {
    meta.id = lookup.id;
    meta.next_access = lookup.next_access;
    fcp_request(cache, 0, &meta);
  }
  return fcp_state_hash(cache);
}

constexpr std::size_t kBatch = 256;

std::uint64_t batch_cpp(const Options& options, const Lookups& trace) {
  eviction::Cache cache = cache_cpp(options);
  std::vector<eviction::Lookup> lookups(kBatch);
  for (std::size_t k = 0; k < trace.size(); k += kBatch) {
    const std::size_t count = std::min(kBatch, trace.size() - k);
    for (std::size_t n = 0; n < count; ++n) {
      lookups[n] = {{}, trace[k + n].id, trace[k + n].charge, trace[k + n].next_access};
    }
    cache.request_batch(lookups.data(), count);
  }
  return cache.state_hash();
}

std::uint64_t batch_c(const Options& options, const Lookups& trace) {
  const CacheC cache(options);
  Lookups lookups(kBatch);
  for (std::size_t k = 0; k < trace.size(); k += kBatch) {
    const std::size_t count = std::min(kBatch, trace.size() - k);
    for (std::size_t n = 0; n < count; ++n) lookups[n] = trace[k + n];
    fcp_request_n(cache, lookups.data(), count, nullptr, nullptr);
  }
  return fcp_state_hash(cache);
}

using Run = std::uint64_t (*)(const Options&, const Lookups&);

/// The least of some runs of each, in turn: others on the machine only ever add.
bool compare(const char* name, Run cpp, Run c, const Options& options, const Lookups& trace) {
  double best_cpp = 1e300;
  double best_c = 1e300;
  std::uint64_t hash_cpp = 0;
  std::uint64_t hash_c = 0;
  for (std::uint64_t k = 0; k < options.repeat; ++k) {
    double start = cpu_seconds();
    hash_cpp = cpp(options, trace);
    best_cpp = std::min(best_cpp, cpu_seconds() - start);
    start = cpu_seconds();
    hash_c = c(options, trace);
    best_c = std::min(best_c, cpu_seconds() - start);
  }
  const double ns = 1e9 / static_cast<double>(options.requests);
  std::printf("%-24s C++ %7.1f ns/op   C %7.1f ns/op   ratio %.2f   %016llx%s\n", name,
              best_cpp * ns, best_c * ns, best_c / best_cpp,
              static_cast<unsigned long long>(hash_c),
              hash_c == hash_cpp ? "" : "   AND OTHER DECISIONS");
  return hash_c == hash_cpp;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: abi_bench [--objects N] [--requests N] [--capacity N] [--repeat N] "
                 "[--policy NAME]\n");
    return 2;
  }
  Lookups trace;
  for (const eviction::Meta& meta : zipf_trace(options.objects, options.requests, 42)) {
    trace.push_back({0, meta.id, meta.charge, meta.next_access});
  }
  std::printf("%s, capacity %llu of %llu objects\n", options.policy.c_str(),
              static_cast<unsigned long long>(options.capacity),
              static_cast<unsigned long long>(options.objects));
  bool same = compare("access", access_cpp, access_c, options, trace);
  same = compare("find, access or admit", loop_cpp, loop_c, options, trace) && same;
  same = compare("request", request_cpp, request_c, options, trace) && same;
  same = compare("request in batches", batch_cpp, batch_c, options, trace) && same;
  return same ? 0 : 1;
}
