/// SHA-256 (FIPS 180-4) of short names, for rings that use it; not for security.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fleetcache::placement {

std::array<std::uint8_t, 32> sha256(std::string_view text);
/// The digest's four big-endian 64-bit words, XORed.
std::uint64_t sha256_fold(std::string_view text);

}  // namespace fleetcache::placement
