/// KV-prefix blocks of a run that begins without conversations, as models/workload/kv_sessions.hpp
/// draws them: how many are asked for before the steady state, and how much the draw spreads them.
#pragma once

#include "models/capacity/kv_cache.hpp"

namespace fleetcache::models {

/// Blocks asked for in [from_s, to_s) of such a run over those of the steady state, in the mean:
/// the k-th turn comes k - 1 exponential think times after its session's start. 0..1.
/// Requires: 0 <= from_s < to_s. Cost: O(turns).
double kv_growth(const KvDemand& demand, double from_s, double to_s);

/// Relative standard deviation of the blocks that `sessions` independent sessions ask for, by
/// lengths of prompts (log-normal) and numbers of turns (geometric). An upper bound: all prompts of
/// a session are taken to be long or short together.
/// Requires: sessions > 0. Cost: O(turns).
double kv_volume_spread(const KvDemand& demand, double sessions);

}  // namespace fleetcache::models
