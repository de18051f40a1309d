/// Where misses come from: what no cache could hit, what no policy could hit at this size, and what
/// this policy gave away.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/traces/replay.hpp"

namespace fleetcache::traces {

/// misses = compulsory + capacity + policy.
struct OracleGap {
  std::uint64_t compulsory = 0;  ///< first requests, and first ones after a delete
  std::uint64_t capacity = 0;    ///< further misses of Belady's MIN at the same capacity
  /// Misses beyond Belady's. Never negative with equal sizes; with unequal ones MIN is a strong
  /// reference and no bound, and a policy may beat it.
  std::int64_t policy = 0;
  std::uint64_t compulsory_bytes = 0;
  std::uint64_t capacity_bytes = 0;
  std::int64_t policy_bytes = 0;
};

/// One gap a row, in order. Requires: replayed with find_cold, a "belady" row at every capacity,
/// nothing partial.
std::vector<OracleGap> oracle_gaps(const ReplayReport& report);

}  // namespace fleetcache::traces
