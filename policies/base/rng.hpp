/// Counter-based random numbers: a stream is a key, a draw is a counter, so no consumer moves the
/// draws of another and no state has to be shipped between rungs or shards.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "policies/base/hash.hpp"

namespace fleetcache {

/// Philox4x32-10 (Salmon et al., SC'11): ten rounds over a 128-bit counter with a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// One named stream of draws of one entity.
///
///     Rng rng(seed, "client/arrivals", client_id);
///     Duration gap = from_seconds(rng.exponential() / rate);
///
/// The stream is fixed by (seed, purpose, entity); `draws()` counts what was taken from it.
/// Distributions use IEEE add, multiply, divide and sqrt only (policies/base/math.hpp), so the same
/// stream gives the same bits on every machine.
class Rng {
 public:
  Rng(std::uint64_t seed, std::string_view purpose, std::uint64_t entity = 0);

  /// 64 uniform bits.
  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform integer in [0, n). Requires: n > 0. Bias below n / 2^64.
  std::uint64_t below(std::uint64_t n);
  /// Exponential with mean 1.
  double exponential();
  /// Standard normal, by inversion: one draw each.
  double normal();
  /// Log-normal with the given median and sigma (of the logarithm).
  double lognormal(double median, double sigma);
  /// Gamma with mean 1 and squared coefficient of variation `cv2` > 0 (inter-arrival times of
  /// bursty clients). Marsaglia and Tsang (TOMS 2000): a variable number of draws.
  double gamma_unit_mean(double cv2);

  std::uint64_t draws() const { return counter_; }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> entity_;
  std::uint64_t counter_ = 0;
};

}  // namespace fleetcache
