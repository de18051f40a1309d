/// Random scenarios that every rung can answer: what the ladder is climbed on.
#pragma once

#include <cstdint>
#include <string>

namespace fleetcache::validation {

struct LadderScenario {
  std::string text;     ///< a scenario file, JSON
  std::string summary;  ///< one line: what is in it
};

/// How much of a scenario there may be, so that the exact rung stays affordable.
struct LadderSize {
  std::uint32_t nodes_min = 64;
  std::uint32_t nodes_max = 1000;
  double reads = 10'000;  ///< of data set objects over the horizon, about
  double burst = 300;     ///< reads of one job in one step, at most about
};
/// Too many reads for the exact rung, and enough objects that the fleet rung does sample.
inline constexpr LadderSize kWideLadder = {1000, 8000, 150'000, 8000};

/// The `index`-th scenario of a seed, by counter-based numbers: one to three regions, one to three
/// training jobs, at most one service, one cache of any scope and policy, one origin path, every
/// third one with a loss. The misses of full caches ask for 0.3 to 1.1 of the origin's capacity,
/// unless empty caches would ask for more than twice of it. The second half is measured. Depends
/// on nothing but its arguments.
LadderScenario ladder_scenario(std::uint64_t seed, std::uint64_t index,
                               const LadderSize& size = {});

}  // namespace fleetcache::validation
