/// Shadow mode: a second policy eats the inputs of a running cache and says what it would have hit.
/// It moves no bytes, so a production cache can try tomorrow's policy on today's requests.
///
/// The host tells it what it tells its own cache. What the shadow misses while the host hits, the
/// shadow stores at once, since the bytes are there; what both miss, it stores when the host does.
/// Answers to eligibility questions are assumed equal: the shadow is asked nothing.
#pragma once

#include "policies/eviction/eviction.hpp"

namespace fleetcache::eviction {

struct ShadowReport {
  std::uint64_t requests = 0;
  std::uint64_t request_charge = 0;
  std::uint64_t hits = 0;  ///< of the host
  std::uint64_t hit_charge = 0;
  std::uint64_t would_hits = 0;  ///< of the shadow
  std::uint64_t would_hit_charge = 0;
};

/// Cost: one request of its policy a call. No allocation after `create`.
class Shadow {
 public:
  /// As Cache::create.
  static Result<Shadow> create(std::string_view policy, const Config& config);

  /// The host had a hit. `meta` as far as the host knows it; its handles are not looked at.
  void hit(TimePoint now, const Meta& meta);
  /// The host had a miss.
  void miss(TimePoint now, const Meta& meta);
  /// The host stored an object after a miss.
  void insert(TimePoint now, const Meta& meta);
  /// The host was told to forget an object (deleted or overwritten, not evicted).
  void erase(TimePoint now, ObjectId id, ObjectId id_high = 0);

  const ShadowReport& report() const { return report_; }
  const Cache& cache() const { return cache_; }

 private:
  explicit Shadow(Cache cache) : cache_(std::move(cache)) {}
  bool lookup(TimePoint now, const Meta& meta);
  void store(TimePoint now, Meta meta);

  Cache cache_;
  ShadowReport report_;
};

}  // namespace fleetcache::eviction
