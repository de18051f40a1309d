/// The order in which one epoch of training reads its data set.
#pragma once

#include <cstdint>

namespace fleetcache::models {

/// A pseudo-random permutation of 0 .. objects-1, a fresh one for each (seed, epoch), without
/// storing it: a keyed Feistel network on just enough bits, with cycle walking back into range.
/// O(1) memory, O(1) expected time (fewer than two walks on average from 16 objects up).
/// Requires: 1 <= objects <= 2^62.
/// Source: Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002. Not secret:
/// statistical quality is what the tests check (bijection, fixed points, the closed form of V17).
class EpochOrder {
 public:
  EpochOrder(std::uint64_t seed, std::uint64_t objects, std::uint64_t epoch);

  /// The object read at `position`. Requires: position < objects().
  std::uint64_t operator[](std::uint64_t position) const;
  std::uint64_t objects() const { return objects_; }

 private:
  std::uint64_t encrypt(std::uint64_t value) const;

  std::uint64_t key_;
  std::uint64_t objects_;
  std::uint32_t low_bits_;
  std::uint32_t high_bits_;
};

}  // namespace fleetcache::models
