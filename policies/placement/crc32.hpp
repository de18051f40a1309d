/// CRC-32 (IEEE 802.3, reflected polynomial 0xedb88320), for rings of the ketama kind.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fleetcache::placement {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    table[byte] = crc;
  }
  return table;
}

inline constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

/// CRC of `text` appended to what gave `before` (0: nothing).
inline std::uint32_t crc32(std::string_view text, std::uint32_t before = 0) {
  std::uint32_t crc = ~before;
  for (const char c : text) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return ~crc;
}

}  // namespace fleetcache::placement
