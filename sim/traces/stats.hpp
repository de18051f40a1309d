/// What a trace looks like to a cache: popularity, sizes, reuse, and the exact LRU miss-ratio
/// curve.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

/// One point of a miss-ratio curve.
struct MissPoint {
  std::uint64_t capacity = 0;
  std::uint64_t misses = 0;
};

struct Quantiles {
  std::uint64_t min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
};

struct TraceStats {
  TraceInfo info;
  std::uint64_t requests = 0;
  std::uint64_t dropped = 0;        ///< requests of size 0, in none of the numbers
  std::uint64_t objects = 0;        ///< distinct ids
  std::uint64_t bytes = 0;          ///< asked for
  std::uint64_t object_bytes = 0;   ///< working set: each id at its first size
  std::uint64_t once = 0;           ///< ids asked for exactly once
  std::int64_t span_ns = 0;         ///< latest time minus earliest
  std::uint64_t top_1_percent = 0;  ///< requests of the most popular 1 % of ids (at least one id)
  Quantiles sizes;                  ///< of distinct ids
  Quantiles depths;                 ///< LRU stack depths of repeated requests, in objects
  /// Exponent of popularity ~ rank^-exponent by least squares of ln(count) on ln(rank), at ranks
  /// that grow by a quarter, as far as counts are at least 10. Meaningful when `zipf_ranks` >= 5.
  double zipf_exponent = 0;
  double zipf_r2 = 0;  ///< of that fit
  std::uint32_t zipf_ranks = 0;
  std::vector<MissPoint> lru_objects;  ///< exact: equals a replay with unit sizes
  /// Stack model, counted exactly at these capacities; empty where the trace has no sizes.
  std::vector<MissPoint> lru_bytes;
  bool partial = false;  ///< stopped before the end
};

struct StatsOptions {
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double done)> progress;  ///< share of the file read, where its size is known
};

/// One pass. Memory: about 100 bytes a distinct id and 8 per object of the largest stack depth.
/// Capacities of the curves are shares of the working set from 0.1 % to 100 %; those in bytes are
/// rounded down to 1 part in 256, so that the count there is exact.
/// Fails as open_trace and its reader do, for an empty trace, and above 2^30 distinct ids.
Result<TraceStats> trace_stats(const std::string& path, const ReadOptions& options,
                               const StatsOptions& how);

}  // namespace fleetcache::traces
