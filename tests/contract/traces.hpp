/// Reproducible request traces for tests and benches: the generators behind the published miss
/// counts (SplitMix64; IEEE add, multiply and divide only), bit by bit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::testing {

using Trace = std::vector<eviction::Meta>;

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix64(state_);
  }
  std::uint64_t below(std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }

 private:
  std::uint64_t state_;
};

/// Fills in the index of the next request to the same id, -1 where there is none.
inline void link_next_access(Trace& trace) {
  std::unordered_map<eviction::ObjectId, std::int64_t> next;
  for (std::size_t i = trace.size(); i-- > 0;) {
    const auto [it, first] = next.try_emplace(trace[i].id, -1);
    trace[i].next_access = it->second;
    it->second = static_cast<std::int64_t>(i);
  }
}

inline eviction::Meta one(eviction::ObjectId id, std::uint64_t charge = 1) {
  eviction::Meta meta;
  meta.id = id;
  meta.charge = charge;
  return meta;
}

/// Independent draws of ids 1..objects with weight 1/id.
inline Trace zipf_trace(std::size_t objects, std::size_t requests, std::uint64_t seed) {
  std::vector<double> prefix(objects);
  double sum = 0;
  for (std::size_t i = 1; i <= objects; ++i) prefix[i - 1] = sum += 1.0 / static_cast<double>(i);
  SplitMix random(seed);
  Trace trace;
  trace.reserve(requests);
  for (std::size_t k = 0; k < requests; ++k) {
    const double x = static_cast<double>(random.next() >> 11) * 0x1.0p-53 * sum;
    const auto above = std::upper_bound(prefix.begin(), prefix.end(), x);
    const auto rank = static_cast<std::size_t>(above - prefix.begin());
    trace.push_back(one(std::min(rank, objects - 1) + 1));
  }
  link_next_access(trace);
  return trace;
}

/// Ids 1..objects, each once an epoch, in a fresh order each time.
inline Trace epoch_trace(std::size_t objects, std::size_t epochs, std::uint64_t seed) {
  std::vector<eviction::ObjectId> order(objects);
  for (std::size_t k = 0; k < objects; ++k) order[k] = k + 1;
  SplitMix random(seed);
  Trace trace;
  trace.reserve(objects * epochs);
  for (std::size_t e = 0; e < epochs; ++e) {
    for (std::size_t i = objects - 1; i >= 1; --i) std::swap(order[i], order[random.below(i + 1)]);
    for (const eviction::ObjectId id : order) trace.push_back(one(id));
  }
  link_next_access(trace);
  return trace;
}

/// 1..objects over and over.
inline Trace loop_trace(std::size_t objects, std::size_t requests) {
  Trace trace;
  trace.reserve(requests);
  for (std::size_t k = 0; k < requests; ++k) trace.push_back(one(k % objects + 1));
  link_next_access(trace);
  return trace;
}

/// A short trace with repeats of all distances and charges of 1 to `most_charge`, fixed by the id.
inline Trace mixed_trace(std::size_t objects, std::size_t requests, std::uint64_t most_charge,
                         std::uint64_t seed) {
  SplitMix random(seed);
  Trace trace;
  for (std::size_t k = 0; k < requests; ++k) {
    // The smaller of two uniform draws favours low ids; now and then a scan of new ones.
    const std::uint64_t a = random.below(objects);
    const std::uint64_t b = random.below(objects);
    const std::uint64_t id = random.below(8) == 0 ? objects + k : std::min(a, b);
    trace.push_back(one(id, 1 + mix64(id + seed) % most_charge));
  }
  link_next_access(trace);
  return trace;
}

inline eviction::Config unit_config(std::uint64_t capacity) {
  eviction::Config config;
  config.capacity = capacity;
  config.max_entries = static_cast<std::uint32_t>(capacity);
  config.unit_charge = true;
  return config;
}

inline eviction::Config byte_config(std::uint64_t capacity, std::uint32_t max_entries) {
  eviction::Config config;
  config.capacity = capacity;
  config.max_entries = max_entries;
  return config;
}

inline eviction::Cache make_cache(std::string_view policy, const eviction::Config& config) {
  return eviction::Cache::create(policy, config).value();
}

inline std::uint64_t count_misses(eviction::Cache& cache, const Trace& trace) {
  std::uint64_t misses = 0;
  for (const eviction::Meta& meta : trace) misses += cache.request(TimePoint{}, meta) ? 0 : 1;
  return misses;
}

}  // namespace fleetcache::testing
