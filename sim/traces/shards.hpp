/// LRU miss-ratio curves from all objects or from a sample of them, in one pass.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/sampling/spatial.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/lru_stack.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

using models::Sampling;

/// What of the hash space one curve looks at.
struct SampleRange {
  std::uint32_t first = 0;
  std::uint32_t threshold = Sampling::kModulus;  ///< hashes from first, this many
  /// Fixed size: the threshold sinks so that no more objects than this are ever kept; 0 keeps it.
  std::uint32_t max_objects = 0;
};

/// Misses of LRU at given capacities by stack distances (LruStack), exact over the whole hash
/// space, otherwise SHARDS: distances are divided by the rate and each request stands for 1/rate.
/// Exact with equal sizes; with unequal ones, and where objects are deleted (those below move up),
/// it is the stack model. Cost: O(log objects kept) a sampled request, about 130 bytes an object
/// kept.
/// Source: SHARDS, FAST '15, fixed rate and fixed size. Requests are weighed by the rate at which
/// they were taken; the paper rescales old counts instead, which is the same.
class LruCurve {
 public:
  /// Requires: capacities ascending; in objects with `unit`, else in bytes.
  LruCurve(const SampleRange& range, std::vector<std::uint64_t> capacities, bool unit);

  /// `hash` is Sampling::hash of the id; requests outside the range are passed over.
  void add(const Request& r, std::uint32_t hash);

  /// Misses at capacity number `k`, estimated for the whole trace.
  double misses(std::size_t k) const;
  double miss_bytes(std::size_t k) const;
  double rate() const { return static_cast<double>(range_.threshold) / Sampling::kModulus; }
  std::uint64_t objects() const { return stack_.objects(); }  ///< kept now
  std::uint64_t sampled() const { return sampled_; }          ///< requests

 private:
  static constexpr std::uint32_t kGone = 0;

  void admit(std::uint64_t id, std::uint32_t hash, std::uint32_t& object, std::uint64_t size);
  void shrink();
  void forget(std::uint64_t id);

  SampleRange range_;
  std::vector<std::uint64_t> capacities_;
  bool unit_;
  LruStack stack_;
  IdMap<std::uint32_t> objects_;  ///< 1 more than the number in the stack, or kGone
  std::vector<std::uint32_t> spare_;
  std::uint32_t numbers_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> by_hash_;  ///< heap: largest hash, id
  /// Requests and bytes whose least capacity that hits is number k; those that no capacity holds,
  /// and first requests, come last.
  std::vector<double> requests_, bytes_;
  std::uint64_t sampled_ = 0;
};

}  // namespace fleetcache::traces
