/// Which objects a sampled replay looks at: those whose hash falls below a threshold.
#pragma once

#include <cstdint>

#include "policies/base/hash.hpp"

namespace fleetcache::traces {

/// Spatial sampling: all requests of an object or none, so that reuse survives. With more than one
/// split the hash space holds `splits` disjoint ranges of `threshold` each, whose samples are
/// (nearly) independent: their spread tells the error.
/// Source: Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC Construction with SHARDS", FAST '15
/// (hash mod P < T, P = 2^24); the same over any policy: Waldspurger et al., USENIX ATC '17.
struct Sampling {
  static constexpr std::uint32_t kModulus = std::uint32_t{1} << 24;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::uint32_t threshold = kModulus;  ///< of one split; 0 < threshold * splits <= kModulus
  std::uint32_t splits = 1;
  std::uint64_t seed = 0;  ///< another seed, another sample

  bool everything() const { return threshold == kModulus; }
  /// Share of the objects that one split sees.
  double rate() const { return static_cast<double>(threshold) / kModulus; }
  /// 0..2^24 - 1.
  static std::uint32_t hash(std::uint64_t id, std::uint64_t seed) {
    return static_cast<std::uint32_t>(mix64(id ^ mix64(seed + 0x9e3779b97f4a7c15ULL)) >> 40);
  }
  /// The split that an object belongs to, or kNone.
  std::uint32_t split_of(std::uint64_t id) const {
    const std::uint32_t split = hash(id, seed) / threshold;
    return split < splits ? split : kNone;
  }
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

}  // namespace fleetcache::traces
