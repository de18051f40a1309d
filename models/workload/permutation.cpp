#include "models/workload/permutation.hpp"

#include <utility>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::models {
namespace {

constexpr std::uint32_t kRounds = 6;     // even: the two widths end where they began
constexpr std::uint32_t kLeastBits = 4;  // narrower networks have too few distinct keys

constexpr std::uint64_t low_mask(std::uint32_t bits) { return (std::uint64_t{1} << bits) - 1; }

std::uint32_t bits_for(std::uint64_t objects) {
  std::uint32_t bits = kLeastBits;
  while ((std::uint64_t{1} << bits) < objects) ++bits;
  return bits;
}

}  // namespace

EpochOrder::EpochOrder(std::uint64_t seed, std::uint64_t objects, std::uint64_t epoch)
    : key_(mix64(mix64(seed ^ 0x6a09e667f3bcc909ULL) + 0x9e3779b97f4a7c15ULL * (epoch + 1))),
      objects_(objects) {
  FLEETCACHE_CHECK(objects >= 1 && objects <= (std::uint64_t{1} << 62), "an epoch of no objects");
  const std::uint32_t bits = bits_for(objects);
  low_bits_ = bits / 2;
  high_bits_ = bits - low_bits_;
}

std::uint64_t EpochOrder::encrypt(std::uint64_t value) const {
  std::uint64_t low = value & low_mask(low_bits_);
  std::uint64_t high = value >> low_bits_;
  std::uint32_t width_high = high_bits_;
  std::uint32_t width_low = low_bits_;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    // The half that is XORed keeps its width; then the halves change places, widths included.
    high ^= mix64(key_ + low + (std::uint64_t{round + 1} << 56)) >> 13 & low_mask(width_high);
    std::swap(high, low);
    std::swap(width_high, width_low);
  }
  return high << low_bits_ | low;
}

std::uint64_t EpochOrder::operator[](std::uint64_t position) const {
  FLEETCACHE_CHECK(position < objects_, "a position past the end of the epoch");
  std::uint64_t value = encrypt(position);
  while (value >= objects_) value = encrypt(value);
  return value;
}

}  // namespace fleetcache::models
