/// Synthetic traces with closed forms, the same bits on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::traces {

enum class SynthKind : std::uint8_t {
  kZipf,   ///< independent draws with P(id = i) proportional to 1/i
  kLoop,   ///< 1, 2, ..., objects, 1, 2, ...
  kEpoch,  ///< a fresh Fisher-Yates shuffle of all ids in every epoch
};

struct SynthOptions {
  SynthKind kind = SynthKind::kZipf;
  std::uint32_t objects = 0;   ///< ids are 1..objects
  std::uint64_t requests = 0;  ///< of zipf and loop
  std::uint32_t epochs = 0;    ///< of epoch: requests = objects * epochs
  std::uint64_t seed = 42;     ///< of zipf and epoch
};

/// Requests above this are refused: 12 bytes of memory a request are needed.
constexpr std::uint64_t kMaxSynthRequests = 1'000'000'000;

Result<SynthKind> parse_synth_kind(std::string_view name);

/// The ids in request order. Fails, with the flag as the place, for options that are missing, zero,
/// too large or do not belong to the kind.
/// Zipf draws invert prefix sums of 1.0/i in IEEE double, so no math library takes part.
/// Cost: O(requests · log objects) for zipf, O(requests) otherwise.
/// Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) and Fisher-Yates; docs/traces.md has the
/// formulas to the bit.
Result<std::vector<std::uint32_t>> synthesize(const SynthOptions& options);

/// Writes ids as an oracleGeneral trace: clock_time = index / 10 000 s, size 1, next access filled
/// in. The file appears whole or not at all (a temporary beside it, then a rename). Refuses an
/// existing file unless `overwrite`.
Status write_oracle_general(const std::string& path, const std::vector<std::uint32_t>& ids,
                            bool overwrite);

}  // namespace fleetcache::traces
