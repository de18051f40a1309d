/// M/M/c: Poisson requests, exponential service, c equal servers, one queue.
#pragma once

#include <cstdint>

namespace fleetcache::models {

/// Share of requests lost when there is no queue. Requires: servers >= 1, offered >= 0 (erlang).
/// Recursion, O(servers).
double erlang_b(std::uint32_t servers, double offered);
/// Probability of waiting. Requires: offered < servers. Checked by: V12b.
double erlang_c(std::uint32_t servers, double offered);
/// Mean wait in units of the mean service time: C / (servers - offered).
double erlang_c_wait(std::uint32_t servers, double offered);

}  // namespace fleetcache::models
