#include "policies/base/crc32c.hpp"

#include <array>

namespace fleetcache {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78U;  // bits reversed

/// table[k][b]: the CRC of byte b followed by k zero bytes, for four bytes a step.
constexpr std::array<std::array<std::uint32_t, 256>, 4> make_tables() {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[0][b] = crc;
  }
  for (std::size_t k = 1; k < 4; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      table[k][b] = (table[k - 1][b] >> 8) ^ table[0][table[k - 1][b] & 0xff];
    }
  }
  return table;
}
constexpr std::array<std::array<std::uint32_t, 256>, 4> kTable = make_tables();

}  // namespace

std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t before) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  std::uint32_t crc = ~before;
  for (; count >= 4; count -= 4, at += 4) {
    crc ^= static_cast<std::uint32_t>(at[0]) | (static_cast<std::uint32_t>(at[1]) << 8) |
           (static_cast<std::uint32_t>(at[2]) << 16) | (static_cast<std::uint32_t>(at[3]) << 24);
    crc = kTable[3][crc & 0xff] ^ kTable[2][(crc >> 8) & 0xff] ^ kTable[1][(crc >> 16) & 0xff] ^
          kTable[0][crc >> 24];
  }
  for (; count > 0; --count, ++at) crc = kTable[0][(crc ^ *at) & 0xff] ^ (crc >> 8);
  return ~crc;
}

}  // namespace fleetcache
