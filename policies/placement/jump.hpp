/// Jump consistent hash (private to policies/placement and its tests).
#pragma once

#include <cstdint>

namespace fleetcache::placement {

/// Bucket of a key among `buckets` > 0, as published: Lamping and Veach, arXiv:1406.2294. From n to
/// n + 1 buckets 1 / (n + 1) of the keys move, all to the new one. Expected O(log buckets).
inline std::uint32_t jump_bucket(std::uint64_t key, std::uint32_t buckets) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < static_cast<std::int64_t>(buckets)) {
    bucket = next;
    key = key * 2862933555777941757ULL + 1;
    // IEEE multiply and divide of exact integers: the same on every machine.
    next = static_cast<std::int64_t>(static_cast<double>(bucket + 1) *
                                     (2147483648.0 / static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<std::uint32_t>(bucket);
}

}  // namespace fleetcache::placement
