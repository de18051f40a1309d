/// A change of the membership: two maps, asked together until the old one is drained.
#pragma once

#include "policies/placement/placement.hpp"

namespace fleetcache::placement {

/// Where to look for a key during a change; positions are of the new map's members.
struct Sources {
  std::uint32_t owner = 0;  ///< by the new map: reads go here first, fills go here only
  bool has_old = false;     ///< whether the key had another owner that can still serve
  std::uint32_t old_owner = 0;
};

/// Free for concurrent readers; holds references to both maps, which must outlive it. When the
/// old owners are drained (or their copies have expired), drop the pair and use the new map alone.
class EpochPair {
 public:
  /// Fails unless the new map's epoch is later than the old one's.
  static Result<EpochPair> make(const Map& from, const Map& to);

  /// New owner, then the old one if it is another and serves still: it is listed in the new map,
  /// up or drained. One that left the list or is down cannot. Cost: two lookups.
  Sources sources(std::uint64_t key) const;
  std::size_t memory_bytes() const;

 private:
  EpochPair(const Map& from, const Map& to);

  const Map* from_;
  const Map* to_;
  std::vector<std::uint32_t> serving_;  // old position -> new position, or nobody
};

/// Fraction of keys whose owner (by id) differs, from `samples` > 0 keys drawn by the seed.
/// Standard error sqrt(f (1 - f) / samples).
double moved_fraction(const Map& from, const Map& to, std::uint64_t seed, std::uint32_t samples);

}  // namespace fleetcache::placement
