/// KV-prefix blocks of chat sessions in an LRU cache: a characteristic-time model of the requests
/// that models/workload/kv_sessions.hpp draws.
#pragma once

#include <vector>

#include "models/cache/che.hpp"
#include "models/workload/kv_sessions.hpp"

namespace fleetcache::models {

/// One turn of a session: how often it comes and what its prompt is.
struct KvTurn {
  double share = 0;             ///< of all requests
  double prompt_tokens = 0;     ///< mean
  double fresh_tokens = 0;      ///< of these, the new question
  double fresh_variance = 0;    ///< of the new question, tokens^2
  double context_variance = 0;  ///< of the dialogue before it, tokens^2
  double blocks = 0;            ///< mean, partial last one included
  double shared = 0;  ///< of these, whole blocks of the shared prefix: short prompts have fewer
  double reused = 0;  ///< private blocks that the turn before left in the cache, when it is large
};

/// The workload seen by a cache: everything is per request or per second.
struct KvDemand {
  double rate = 0;                       ///< requests a second
  double blocks = 0;                     ///< looked up by a mean request
  double shared_blocks = 0;              ///< of those, in a shared prefix
  double reused_blocks = 0;              ///< of those, private blocks of an earlier turn
  double prefix_blocks = 0;              ///< whole blocks of a shared prefix
  double think_s = 0;                    ///< mean gap between the turns of a session
  double last_turn = 1;                  ///< probability that a turn is a session's last
  std::vector<CatalogueClass> prefixes;  ///< requests a second that carry each, in classes
  std::vector<KvTurn> turns;             ///< until the share left is below 1e-9, at most 512
};

/// Requires: rate > 0, block_tokens > 0, turns >= 1.
KvDemand kv_demand(const KvSessionSpec& spec);

/// Blocks that an LRU cache with characteristic time `window_s` holds of this workload: private
/// ones min(gap to the next turn, window) long after each access, shared ones 1 - e^(-rate window).
double kv_occupancy(const KvDemand& demand, double window_s);

struct KvHits {
  double block_hit_ratio = 0;  ///< resident over looked-up blocks
  double usable_ratio = 0;     ///< of looked-up blocks, those before the first gap
  double prefix_hit = 0;       ///< of shared-prefix blocks
  double turn_hit = 0;         ///< of private blocks of earlier turns: 1 - e^(-window/think)
};

/// Hits at a characteristic time (infinite: an endless cache). `units`: caches that share no
/// blocks and get the requests in turn; each sees 1/units of every prefix's requests and finds a
/// session's last turn with probability 1/units. Valid for: exponential think times, many sessions.
KvHits kv_hits(const KvDemand& demand, double window_s, double units = 1);

/// The same over a fast tier of window `first_s` and a larger one of window `second_s`, both LRU: a
/// hit in the fast one leaves the other's entry as it was, which matters for popular prefixes; a
/// session's own blocks come back once in a while and are found by the larger window.
KvHits kv_tier_hits(const KvDemand& demand, double first_s, double second_s, double units = 1);

/// The same hits when blocks can be found only `delay_s` after their prompt came (its wait and
/// prefill, exponential): a next turn that is earlier computes them again. Thinking is exponential,
/// so the share think / (think + delay) of them is in time.
KvHits kv_hits_after(const KvDemand& demand, KvHits hits, double delay_s);

/// The window at which occupancy equals `capacity_blocks`; infinite when everything ever asked
/// within `horizon_s` fits.
double kv_window(const KvDemand& demand, double capacity_blocks, double horizon_s);

}  // namespace fleetcache::models
