/// How long a prefill slot is held by the prompts of chat sessions: fetch of the cached blocks plus
/// prefill of the rest, over the turns of a session.
#pragma once

#include <vector>

#include "models/capacity/kv_cache.hpp"
#include "models/capacity/response_time.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

struct PrefillStation {
  PerSecond tokens;              ///< prefill rate; > 0
  double quadratic = 0;          ///< s a token^2, as models/gpu/prefill.hpp
  double block_tokens = 512;     ///< tokens of a block
  double fetch_s_per_block = 0;  ///< of a cached block
};

struct PrefillService {
  double fetch_s = 0, prefill_s = 0;  ///< means; a slot is held for the sum
  double cv2 = 0;                     ///< of the sum
  std::vector<TimeShare> law;         ///< of the sum, ascending; empty where it was not asked for
};

/// A mixture over turns: the first turn finds its prefix or nothing; a later one finds its whole
/// dialogue but for the last answer (turn_hit), or the prefix at most. Prompt lengths are
/// log-normal with the moments of the turn. `with_law`: the law point by point, convexity of the
/// quadratic term included; else only means at mean lengths and their variance. Fetches are taken
/// at their mean within a part. Valid for: a prompt's blocks stay or leave the cache together.
/// Cost: 5 us; with the law 0.2 ms. Checked by: tests/unit/models/prefill_service_test.cpp against
/// drawn sessions.
PrefillService prefill_service(const KvDemand& demand, const KvHits& hits,
                               const PrefillStation& station, bool with_law);

}  // namespace fleetcache::models
