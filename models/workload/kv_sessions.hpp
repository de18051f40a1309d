/// Synthetic inference sessions: prompts that share prefixes and grow turn by turn.
#pragma once

#include <cstdint>
#include <vector>

#include "models/workload/arrivals.hpp"
#include "models/workload/zipf.hpp"
#include "policies/base/rng.hpp"
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
  std::uint64_t prefix = 0;         ///< its shared prefix, by rank of popularity from 0
  std::uint32_t shared_blocks = 0;  ///< the first so many blocks are of that prefix
  std::uint32_t known_blocks = 0;   ///< blocks of the prompt of the turn before; 0: a first turn
  std::vector<std::uint64_t> blocks;
};

/// The id of block `index` of a shared prefix.
std::uint64_t kv_prefix_block(std::uint64_t prefix, std::uint32_t index);

/// Empty: the first session starts at the beginning. Steady: as many sessions as are between two
/// turns in the long run are under way, with as many turns behind them.
enum class KvStart : std::uint8_t { kEmpty, kSteady };

/// Requests one at a time, in order of (time, session, turn). Prompt lengths are log-normal
/// (sigma 1, the shape of published chat traces); a turn's prompt is the whole earlier dialogue
/// plus a new first-turn-sized question scaled by 1/turns. Each session draws from a stream of its
/// own, so the first hour of a run is the first hour of a longer one. Memory: O(sessions under
/// way). Checked by: tests/unit/models/kv_sessions_test.cpp.
class KvSessionStream {
 public:
  KvSessionStream(const KvSessionSpec& spec, std::uint64_t seed, Duration horizon,
                  KvStart start = KvStart::kEmpty);

  /// False when the next request would come at the horizon or later. O(blocks + log sessions).
  bool next(KvSessionRequest& request);

 private:
  struct Session {
    std::uint64_t number = 0;
    std::uint64_t prefix = 0;
    TimePoint at;               // of its next turn
    std::uint32_t context = 0;  // tokens of the dialogue so far
    std::uint32_t known = 0;    // blocks of its last prompt
    Rng rng;
  };
  void start_session();
  void start_under_way();
  /// The next turn of a session: lengths, and what is known after it.
  void take_turn(Session& session, KvSessionRequest& request) const;
  static bool later(const Session& a, const Session& b);

  KvSessionSpec spec_;
  std::uint64_t seed_;
  TimePoint end_;
  ArrivalProcess starts_;
  ZipfSampler popularity_;
  Rng gaps_;
  TimePoint next_start_;
  std::uint64_t started_ = 0;
  std::vector<Session> sessions_;  // a heap: the one whose turn comes first on top
};

/// All of them at once. Cost: O(blocks).
std::vector<KvSessionRequest> kv_sessions(const KvSessionSpec& spec, std::uint64_t seed,
                                          Duration horizon);

}  // namespace fleetcache::models
