/// The fleet that a scenario describes, as dense ids and links: one builder for every rung.
#pragma once

#include "policies/base/result.hpp"
#include "sim/scenario/scenario.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::scenario {

/// What a region's stamps give to direct readers on a path: DeltaZero scales it.
BytesPerSecond stamp_capacity(const Region& region, OriginPath path);

/// Regions, pools and WAN links of the scenario, with the stamps of `path`. Fails as Fleet::build.
Result<topologies::Fleet> build_fleet(const Scenario& scenario, OriginPath path);

}  // namespace fleetcache::scenario
