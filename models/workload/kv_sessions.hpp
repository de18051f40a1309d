/// Synthetic inference sessions: prompts that share prefixes and grow turn by turn.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::models {

struct KvSessionSpec {
  PerSecond rate;                    ///< requests, all turns counted; > 0
  double cv = 1;                     ///< of the gaps between session starts
  std::uint32_t prompt_tokens = 1;   ///< mean prompt of a first turn
  std::uint32_t output_tokens = 1;   ///< mean answer
  std::uint32_t prefixes = 1;        ///< distinct shared prefixes
  double prefix_zipf = 1;            ///< popularity exponent of the prefixes
  double shared_fraction = 0;        ///< share of a first prompt that is its prefix, 0..1
  double turns = 1;                  ///< mean turns of a session (geometric), >= 1
  Duration think;                    ///< mean time between turns (exponential)
  std::uint32_t block_tokens = 512;  ///< prompts are cut into blocks of this many tokens
};

/// One request: the ids of its prompt's blocks in order. Equal id = same tokens after the same
/// prefix.
struct KvSessionRequest {
  TimePoint at;
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  std::vector<std::uint64_t> blocks;
};

/// Requests up to the horizon in order of (time, session, turn). Prompt lengths are log-normal
/// (sigma 1, the shape of published chat traces); a turn's prompt is the whole earlier dialogue
/// plus a new first-turn-sized question scaled by 1/turns. Each session draws from a stream of its
/// own, so the first hour of a run is the first hour of a longer one.
/// Cost: O(blocks). Checked by: tests/unit/models/kv_sessions_test.cpp.
std::vector<KvSessionRequest> kv_sessions(const KvSessionSpec& spec, std::uint64_t seed,
                                          Duration horizon);

}  // namespace fleetcache::models
