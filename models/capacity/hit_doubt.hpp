/// How far a hit ratio of a closed form may be off.
#pragma once

namespace fleetcache::models {

/// What the law at hand leaves out. Each adds to what a settled law over large owners is off by.
struct HitDoubt {
  bool few = false;       ///< owners have room for few objects
  bool learning = false;  ///< the policy has not settled
  bool mixed = false;     ///< other data or KV blocks are in the same cache
  double unused = 0;      ///< a policy that is played in small or mixed caches: room less hits
};

/// Absolute error of a hit ratio in [0, 1]: a + b h (1 - h), largest where half of the reads hit.
/// Measured: coefficients bound the differences of closed forms to the fleet rung over drawn
/// scenarios (docs/validation.md, "The ladder").
double hit_doubt(double hit, const HitDoubt& doubt);

}  // namespace fleetcache::models
