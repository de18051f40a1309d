/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): guards snapshots and logs against damage, not
/// against an adversary.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fleetcache {

/// The CRC of `count` bytes that follow those of which `before` is the CRC (0 for none):
/// crc32c(ab) == crc32c(b, crc32c(a)). About 1 ns a byte.
std::uint32_t crc32c(const void* bytes, std::size_t count, std::uint32_t before = 0);

}  // namespace fleetcache
