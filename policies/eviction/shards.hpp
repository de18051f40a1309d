/// A miss-ratio curve of LRU while the cache runs: SHARDS with a fixed number of samples
/// (Waldspurger, Park, Garthwaite, Ahmad, FAST 2015), corrected for the sampling error of hot
/// objects (SHARDS-adj).
///
/// An id is sampled when a hash of it is below a threshold; the threshold falls so that at most
/// `samples` ids are followed. Reuse distances among them, scaled by the sampling rate, are those
/// of all. Everything is allocated at creation; a request outside the sample costs one hash, one
/// inside O(log samples) amortised. The curve steers nothing, so it may use doubles.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::eviction {

class Shards {
 public:
  /// Requires 64 <= samples <= 2^20. Memory: about 100 bytes a sample.
  static Result<Shards> create(std::uint32_t samples, std::uint64_t seed = 0);

  /// One lookup, hit or miss. `charge` 1 for a curve over objects, or bytes.
  void request(std::uint64_t id, std::uint64_t charge = 1);

  /// Estimated share of requests that an LRU cache of that capacity misses, in the unit of the
  /// charges; 1 before the first request. O(buckets).
  double miss_ratio(std::uint64_t capacity) const;
  /// Share of ids followed now: 1 while all fit.
  double sampling_rate() const;
  std::uint64_t requests() const { return requests_; }
  std::uint32_t followed() const { return live_; }

 private:
  struct Sample {
    std::uint64_t id = 0;
    std::uint64_t charge = 0;
    std::uint32_t hash = 0;
    std::uint32_t time = kNone;  ///< position in the order of last requests; kNone: free
    std::uint32_t chain = kNone;
  };
  struct Bucket {
    double count = 0;
    std::uint32_t threshold = 0;  ///< at which `count` is scaled
  };
  static constexpr std::uint32_t kNone = 0xffffffffU;

  Shards() = default;
  void count(std::uint32_t bucket);
  double scaled(const Bucket& bucket) const;
  void add(std::uint32_t time, std::uint64_t charge, bool take);
  std::uint64_t up_to(std::uint32_t time) const;
  void touch(std::uint32_t s, std::uint64_t charge);
  void follow(std::uint64_t id, std::uint64_t charge, std::uint32_t hash);
  void drop(std::uint32_t s);
  void lower_threshold();
  void compact();

  std::vector<Sample> samples_;
  std::vector<std::uint32_t> heads_;    ///< index by id
  std::vector<std::uint32_t> by_hash_;  ///< a heap of samples, the largest hash on top
  std::vector<std::uint32_t> at_time_;  ///< which sample was last requested then
  std::vector<std::uint64_t> tree_;     ///< Fenwick tree of charges over times
  std::vector<Bucket> buckets_;
  Bucket cold_;  ///< first requests
  std::uint64_t seed_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t total_ = 0;  ///< charge of all samples
  std::uint32_t threshold_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t free_ = kNone;
  std::uint32_t clock_ = 0;
};

}  // namespace fleetcache::eviction
