/// Which objects a sample looks at: those whose hash falls below a threshold.
#pragma once

#include <cstdint>

#include "policies/base/hash.hpp"

namespace fleetcache::models {

/// Spatial sampling: all requests of an object or none, so that reuse survives. Samples of one seed
/// are nested: the objects of rate R are among those of every higher rate. With more than one split
/// the hash space holds `splits` disjoint ranges of `threshold` each, whose samples are (nearly)
/// independent: their spread tells the error.
///
/// The hash is for objects alone. Nodes drawn by it from numbers that objects are named or placed
/// by would be drawn with the objects, see `independent_samples`.
/// Source: Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC Construction with SHARDS", FAST '15
/// (hash mod P < T, P = 2^24); the same over any policy: Waldspurger et al., USENIX ATC '17.
struct Sampling {
  static constexpr std::uint32_t kModulus = std::uint32_t{1} << 24;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::uint32_t threshold = kModulus;  ///< of one split; 0 < threshold * splits <= kModulus
  std::uint32_t splits = 1;
  std::uint64_t seed = 0;  ///< the salt: another seed, another sample

  bool everything() const { return threshold == kModulus; }
  /// Share of the objects that one split sees.
  double rate() const { return static_cast<double>(threshold) / kModulus; }
  /// How many objects each of the sample stands for.
  double weight() const { return static_cast<double>(kModulus) / threshold; }
  /// 0..2^24 - 1.
  static std::uint32_t hash(std::uint64_t id, std::uint64_t seed) {
    return static_cast<std::uint32_t>(mix64(id ^ mix64(seed + 0x9e3779b97f4a7c15ULL)) >> 40);
  }
  /// The split that an object belongs to, or kNone.
  std::uint32_t split_of(std::uint64_t id) const {
    const std::uint32_t split = hash(id, seed) / threshold;
    return split < splits ? split : kNone;
  }
  /// In the first split: the sample, where there is one.
  bool takes(std::uint64_t id) const { return hash(id, seed) < threshold; }
};

/// `rate` of the objects in each of up to `splits` splits: as many as fit when they would overlap,
/// and one of everything at rate 1. Requires: 0 < rate <= 1, splits > 0.
inline Sampling sampling_at(double rate, std::uint32_t splits, std::uint64_t seed) {
  Sampling s;
  s.seed = seed;
  const double wanted = rate * Sampling::kModulus + 0.5;
  s.threshold = wanted < 1 ? 1 : static_cast<std::uint32_t>(wanted);
  if (s.threshold > Sampling::kModulus) s.threshold = Sampling::kModulus;
  const std::uint32_t fit = Sampling::kModulus / s.threshold;
  s.splits = splits < fit ? splits : fit;
  return s;
}

}  // namespace fleetcache::models
