/// Constants of the file that fctrace.hpp describes. Internal to sim/traces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fleetcache::traces::layout {

constexpr std::string_view kMagic = "FCTRACE\n";
constexpr std::uint16_t kVersion = 1;
constexpr unsigned kTimes = 1, kSizes = 2, kNext = 4, kOps = 8, kLinks = 16, kAnonymised = 32;
constexpr unsigned kAllFlags = 63;
/// Of the byte of marks of a request; the two lowest bits are its Op.
constexpr unsigned kOpMask = 3, kFollows = 4, kHasParent = 8, kAllMarks = 15;
/// Longest payload of a block: 65536 requests of all fields, and 16 MiB of new names.
constexpr std::size_t kMaxPayload = std::size_t{20} << 20;

}  // namespace fleetcache::traces::layout
