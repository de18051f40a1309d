/// Popularity by rank.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/rng.hpp"

namespace fleetcache::models {

/// Draws rank i of 0 .. n-1 with probability proportional to (i+1)^-exponent, by Walker's alias
/// table: O(1) and one number of the stream a draw, 12 bytes a rank (24 while building), O(n) to
/// build. Requires: 1 <= n < 2^32, exponent >= 0 (0 = uniform). Source: Walker 1977; table by Vose
/// 1991. Deterministic: the two work lists are stacks of ranks.
class ZipfSampler {
 public:
  ZipfSampler(std::uint64_t n, double exponent);

  std::uint64_t sample(Rng& rng) const;
  /// Of rank i. Requires: i < size().
  double probability(std::uint64_t rank) const;
  std::uint64_t size() const { return alias_.size(); }

 private:
  double exponent_;
  double normalizer_;                     ///< sum of (i+1)^-exponent
  std::vector<std::uint64_t> threshold_;  ///< below: the rank itself, else its alias
  std::vector<std::uint32_t> alias_;
};

}  // namespace fleetcache::models
