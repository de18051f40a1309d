/// What traffic is for and where its bytes came from: the rows and columns of every byte table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fleetcache::probes {

enum class TrafficClass : std::uint8_t { kDataset, kCheckpoint, kKv, kPrestage };
inline constexpr std::array<std::string_view, 4> kClassNames = {"dataset", "checkpoint", "kv",
                                                                "prestage"};

/// Where the bytes of a read came from, nearest first.
enum class Tier : std::uint8_t {
  kLocalDram,
  kLocalNvme,
  kPeerDram,
  kPeerNvme,
  kCoalesced,     ///< waited for another reader's fetch of the same object
  kRemoteRegion,  ///< another region's cache held it, over the WAN
  kFrontEnd,
  kBifrost,
  kDeltaZero,
  kRecompute,  ///< KV blocks that were prefilled instead of fetched
};
inline constexpr std::array<std::string_view, 10> kTierNames = {
    "local_dram",    "local_nvme", "peer_dram", "peer_nvme", "coalesced",
    "remote_region", "front_end",  "bifrost",   "deltazero", "recompute"};

/// Bytes that no cache held.
constexpr bool is_origin(Tier tier) {
  return tier == Tier::kFrontEnd || tier == Tier::kBifrost || tier == Tier::kDeltaZero;
}

/// What bytes are written to.
enum class Medium : std::uint8_t { kDram, kNvme, kOrigin };
inline constexpr std::array<std::string_view, 3> kMediumNames = {"dram", "nvme", "origin"};
inline constexpr std::size_t kMedia = kMediumNames.size();

inline constexpr std::size_t kClasses = kClassNames.size();
inline constexpr std::size_t kTiers = kTierNames.size();

constexpr std::string_view name_of(TrafficClass c) {
  return kClassNames[static_cast<std::size_t>(c)];
}
constexpr std::string_view name_of(Tier t) { return kTierNames[static_cast<std::size_t>(t)]; }

}  // namespace fleetcache::probes
