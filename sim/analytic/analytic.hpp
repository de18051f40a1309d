/// The analytic rung: closed forms over models and topologies, for the full fleet in seconds.
/// Nothing is simulated, and its record says so.
#pragma once

#include "policies/base/result.hpp"
#include "sim/probes/record.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::analytic {

/// Accounts per region and what sets them, NVMe share, hit ratio per class, stall, the regime map
/// and its flip points, each with its derivation. Cost: milliseconds.
Result<probes::Record> solve(const scenario::Scenario& scenario);

}  // namespace fleetcache::analytic
