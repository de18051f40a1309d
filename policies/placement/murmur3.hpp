/// MurmurHash3 x86_32 (Appleby, public domain), for rings that use it.
#pragma once

#include <cstdint>
#include <string_view>

namespace fleetcache::placement {

inline std::uint32_t murmur3_32(std::string_view text, std::uint32_t seed = 0) {
  const auto turn = [](std::uint32_t x, int by) { return (x << by) | (x >> (32 - by)); };
  const auto scramble = [&](std::uint32_t k) { return turn(k * 0xcc9e2d51U, 15) * 0x1b873593U; };
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  std::uint32_t h = seed;
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    h ^= scramble(byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24);
    h = turn(h, 13) * 5 + 0xe6546b64U;
  }
  std::uint32_t tail = 0;
  for (std::size_t k = text.size(); k > i; --k) tail = tail << 8 | byte(k - 1);
  if (i < text.size()) h ^= scramble(tail);
  h ^= static_cast<std::uint32_t>(text.size());
  h = (h ^ (h >> 16)) * 0x85ebca6bU;
  h = (h ^ (h >> 13)) * 0xc2b2ae35U;
  return h ^ (h >> 16);
}

}  // namespace fleetcache::placement
