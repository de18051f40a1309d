/// SipHash-2-4: a keyed 64-bit hash that does not give away its input or key.
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012; checked
/// against the vectors of its appendix A and of the reference implementation.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fleetcache::traces {

/// The 16 bytes of a key as two little-endian words.
using SipKey = std::array<std::uint64_t, 2>;

/// Cost: about 1 ns a byte and 15 ns a call.
constexpr std::uint64_t siphash24(const SipKey& key, std::string_view bytes) {
  std::uint64_t v0 = key[0] ^ 0x736f6d6570736575ULL, v1 = key[1] ^ 0x646f72616e646f6dULL;
  std::uint64_t v2 = key[0] ^ 0x6c7967656e657261ULL, v3 = key[1] ^ 0x7465646279746573ULL;
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v0 += v1, v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0, v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1, v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2, v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  };
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t at = 0; at <= whole; at += 8) {
    std::uint64_t word = at == whole ? static_cast<std::uint64_t>(bytes.size() & 255) << 56 : 0;
    const std::size_t count = at == whole ? bytes.size() - whole : 8;
    for (std::size_t i = 0; i < count; ++i) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    }
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xff;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace fleetcache::traces
