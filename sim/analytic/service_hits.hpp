/// What the prompts of one service find of the KV blocks that its pool's caches hold.
#pragma once

#include <utility>
#include <vector>

#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/hit_ratios.hpp"

namespace fleetcache::analytic {

/// Hits of service `index` in one tier, were it alone and LRU (or pinned), its content staying for
/// `window_s`.
ServiceHits service_hits(const FleetView& view, std::uint32_t index,
                         const scenario::CacheTier& tier, double window_s);

/// Tiers of a pool in the order of the scenario with their characteristic times.
using TierWindows = std::vector<std::pair<const scenario::CacheTier*, double>>;

/// The same over all tiers together: LRU over LRU in closed form, other policies in miniature.
/// Services that are spread over several caches keep the closed form of LRU.
void add_tiers(const FleetView& view, std::uint32_t index, const Design& design,
               const scenario::CacheTier& largest, const TierWindows& windows, EpochLaw& law,
               ServiceHits& h);

/// Blocks are stored when their prompt has its first token: turns that come earlier compute again.
void take_time(const FleetView& view, std::uint32_t index, EpochLaw& law, ServiceHits& h);

/// How far the block hit ratio may be off.
double service_doubt(const FleetView& view, std::uint32_t index, const scenario::CacheTier& largest,
                     const ServiceHits& h);

/// All ratios moved in proportion, by `off` of the stated error.
void move_hits(double off, ServiceHits& h);

}  // namespace fleetcache::analytic
