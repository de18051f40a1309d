/// A trace split over regions: which region asks for what (private to sim/traces).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/traces/regions.hpp"

namespace fleetcache::traces {

/// 64 bits that depend on nothing but the arguments. Purposes: 0 homes, 1 who asks, 2 slow reads.
std::uint64_t region_draw(std::uint64_t seed, std::uint64_t purpose, std::uint64_t key);

/// The trace as the regions see it, the same for all modes.
struct RegionSplit {
  std::vector<std::uint32_t> object;  ///< dense numbers, in the order of the requests
  std::vector<std::uint8_t> region;
  std::vector<std::uint64_t> ids;  ///< by dense number
  std::vector<std::uint64_t> asked;
  std::uint64_t requests = 0;
  std::uint64_t smallest = 0, working_set = 0;
};

/// Requires: shares checked. `object_bytes` as in RegionsReport. Memory: 5 bytes a request, about
/// 40 an object.
RegionSplit split_regions(const std::vector<std::vector<Request>>& blocks, const RegionsSpec& spec,
                          std::uint32_t regions, std::uint64_t object_bytes);

}  // namespace fleetcache::traces
