/// The hit ratio of KV-prefix blocks under the scenario's own eviction policies: where there is no
/// closed form, the policies themselves on a drawn stream of sessions, scaled down.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/capacity/kv_cache.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::analytic {

/// Blocks that the largest tier of a miniature holds: for one answer, and for a sweep.
constexpr unsigned kKvBlocks = 4'096;
constexpr unsigned kKvSweepBlocks = 1'024;
/// Largest difference of a block hit ratio to a stream four times as large, over policies and
/// windows (tests/unit/analytic/kv_law_test.cpp), rounded up: prompts' lengths are heavy-tailed, so
/// a few thousand sessions leave this much.
constexpr double kKvMiniatureError = 0.03;
/// The same in a sweep. SIEVE, which can be in either of two states for long, was seen off by 0.17.
constexpr double kKvSweepError = 0.08;

/// One tier as a service sees it: fastest first.
struct KvTier {
  const scenario::CacheTier* tier = nullptr;
  double blocks = 0;  ///< that it holds of this service
};

struct KvMiniature {
  models::KvHits hits;  ///< of all tiers together
  double first = 0;     ///< of looked-up blocks, found in the first tier (of several)
};

/// Whether the closed form of `models::kv_hits` is this policy's: lru, and prefix-lru, which
/// differs only in the order within a prompt.
bool kv_closed_form(const std::string& policy);

/// Remembers runs, which depend on nothing but what they are asked for: services that are alike per
/// node are alike when scaled.
class KvLaw {
 public:
  explicit KvLaw(unsigned blocks = kKvBlocks) : blocks_(blocks) {}

  /// Rate, prefixes and tiers are scaled by one factor so that the largest tier holds `blocks` at
  /// most: occupancies over any window keep their proportions. Tiers are used as the simulator
  /// does: the fastest copy is touched, a copy of a slower tier is promoted, a miss fills all. A
  /// tier that would hold fewer than 64 blocks is left out. Sessions start in their steady state,
  /// so only caches warm up: six windows of the largest tier, then twelve counted (four and three
  /// in a sweep). Nothing for policies that cannot run this way (Belady, an unknown name) and for a
  /// window without end. Above 256 lookups a block the run is scaled down, and given up below
  /// kKvSweepBlocks. Cost: about 0.3 us a lookup, some 20 to 256 x blocks.
  std::optional<KvMiniature> hits(const models::KvSessionSpec& spec, const models::KvDemand& demand,
                                  const std::vector<KvTier>& tiers, double window_s);

 private:
  unsigned blocks_;
  std::map<std::string, std::optional<KvMiniature>> runs_;
};

}  // namespace fleetcache::analytic
