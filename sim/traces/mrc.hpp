/// Miss-ratio curves of any policy, exact or from a sample, with what it takes to state their
/// error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/replay.hpp"

namespace fleetcache::traces {

struct CurveSpec {
  /// As in ReplaySpec. "lru" goes by stack distances, the others by scaled-down caches.
  std::vector<std::string> policies;
  std::vector<Capacity> capacities;
  bool unit_size = false;
  bool recompute_next = false;
  double rate = 1;           ///< share of the objects in each sample; 1 is exact
  std::uint32_t splits = 4;  ///< independent samples, as many as fit
  /// LRU only, in place of a rate: the rate sinks so that no sample keeps more objects than this.
  std::uint32_t max_objects = 0;
  std::uint64_t sample_seed = 0;
  std::uint64_t seed = 0;  ///< for policies that draw
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double done)> progress;
};

enum class CurveMethod : std::uint8_t {
  kStack,    ///< stack distances of all objects
  kReplay,   ///< whole caches
  kShards,   ///< stack distances of a sample
  kMiniSim,  ///< scaled-down caches over a sample
};
const char* curve_method_name(CurveMethod method);

struct CurvePoint {
  std::uint64_t capacity = 0;
  double miss_ratio = 0;  ///< mean of the samples
  double byte_miss_ratio = 0;
  std::vector<double> samples;  ///< miss ratio by each sample; one value where exact
  std::vector<double> byte_samples;
  /// Objects of the scaled-down cache; below kFewObjects the estimate is coarse. 0: does not apply.
  std::uint64_t scaled_entries = 0;
};
constexpr std::uint64_t kFewObjects = 100;

struct Curve {
  std::string policy;
  CurveMethod method = CurveMethod::kStack;
  double rate = 1;  ///< of a sample; the last one where it sank
  std::uint32_t samples = 1;
  std::vector<CurvePoint> points;  ///< capacities ascending, each once
};

struct CurveReport {
  TraceInfo info;
  std::vector<Curve> curves;  ///< in the order asked for
  std::uint64_t requests = 0;
  std::uint64_t dropped = 0;
  std::uint64_t deletes = 0;
  bool unit_objects = false;
  bool partial = false;  ///< stopped before the end: ratios of what was read
};

/// All curves in one pass (two where shares of the working set or large capacities are asked for).
///
/// A sample's misses are divided by the requests that the sample should hold, rate × all, not by
/// those that it happens to hold: an unlucky share of the hot objects, which hit at any capacity,
/// then shifts no curve (SHARDS-adj; without it the error is several times larger). Ratios are
/// clamped to 0..1. A split's capacity is the capacity × rate, truncated.
/// Fails as `replay` does, for a rate outside (0, 1], for a sample too small for a capacity, and
/// for max_objects with policies other than lru.
/// Source: SHARDS, FAST '15; Waldspurger, Saemundsson, Ahmad, Park, "Cache Modeling and
/// Optimization using Miniature Simulations", USENIX ATC '17.
Result<CurveReport> miss_ratio_curves(const std::string& path, const ReadOptions& options,
                                      const CurveSpec& spec);

}  // namespace fleetcache::traces
