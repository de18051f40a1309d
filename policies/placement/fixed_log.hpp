/// The logarithm of a uniform draw in integers, for weighted choices: the same bits everywhere,
/// with neither the C library nor floating point (private to policies/placement).
#pragma once

#include <array>
#include <cstdint>

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {

/// ln(1 + i/1024) in steps of 2^-58, for i = 0 .. 1024, by adding up
/// ln((k + 1) / k) = 2 artanh(y) = 2 (y + y^3/3 + y^5/5), y = 1 / (2k + 1); the next term is below
/// 2^-79.
constexpr std::array<std::uint64_t, 1025> make_log_table() {
  std::array<std::uint64_t, 1025> table{};
  Wide sum = 0;  // in steps of 2^-64
  for (std::uint64_t i = 0; i < 1024; ++i) {
    const Wide odd = 2 * (1024 + i) + 1;
    const Wide y = (static_cast<Wide>(1) << 64) / odd;
    const Wide y3 = y / (odd * odd);
    const Wide y5 = y3 / (odd * odd);
    sum += 2 * (y + y3 / 3 + y5 / 5);
    table[i + 1] = static_cast<std::uint64_t>((sum + 32) >> 6);
  }
  return table;
}

inline constexpr std::array<std::uint64_t, 1025> kLogTable = make_log_table();

/// -ln(u), in steps of 2^-58, of u = (draw + 1/2) / 2^64 uniform in (0, 1): exponential with mean
/// 1. Never 0; below 45.1, so below 2^64. Absolute error below 2^-49.
inline std::uint64_t exponential_q58(std::uint64_t draw) {
  constexpr std::uint64_t kLn2 = kLogTable[1024];
  // u = m / 2 ^ (1 + zeros), 1 <= m < 2; m in steps of 2^-63. The half is lost but for draw 0.
  const std::uint64_t x = draw | 1;
  std::uint64_t zeros = 0;
  std::uint64_t m = x;
  for (std::uint32_t step = 32; step > 0; step /= 2) {
    if ((m >> (64 - step)) == 0) {
      m <<= step;
      zeros += step;
    }
  }
  const std::uint64_t i = (m >> 53) & 1023;
  // m = c (1 + r), c = 1 + i/1024, 0 <= r < 2^-10: ln(1 + r) = r - r^2/2 + r^3/3 - r^4/4.
  const std::uint64_t left = m & ((std::uint64_t{1} << 53) - 1);  // (m - c) in steps of 2^-63
  const std::uint64_t r = (left << 10) / (1024 + i) << 1;         // in steps of 2^-64
  const auto times = [r](std::uint64_t a) {
    return static_cast<std::uint64_t>((static_cast<Wide>(a) * r) >> 64);
  };
  const std::uint64_t r2 = times(r);
  const std::uint64_t r3 = times(r2);
  const std::uint64_t r4 = times(r3);
  const std::uint64_t log = kLogTable[i] + ((r - r2 / 2 + r3 / 3 - r4 / 4) >> 6);
  const std::uint64_t whole = (zeros + 1) * kLn2;
  return whole > log ? whole - log : 1;
}

/// A member's score for a draw: the smallest of -ln(u) / weight wins a share in proportion to the
/// weight.
struct Score {
  std::uint64_t exponential;
  std::uint64_t weight;
  /// Exact: a/wa < b/wb as a wb < b wa. Requires: weights below 2^64.
  bool less(const Score& other) const {
    return static_cast<Wide>(exponential) * other.weight <
           static_cast<Wide>(other.exponential) * weight;
  }
};

}  // namespace fleetcache::placement
