/// What one job hits of the data that its pool's caches hold.
#pragma once

#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/hit_ratios.hpp"

namespace fleetcache::analytic {

/// One tier of one cache of a job's pool.
struct TierContent {
  const scenario::CacheTier& tier;
  const Content& content;
  double capacity = 0;  ///< bytes
  double window_s = 0;  ///< characteristic time of the content at that capacity
};

/// Hits of job `index` in that tier, its first epoch's or its later ones' by the moment.
JobHits job_hits(const FleetView& view, std::uint32_t index, const Moment& moment,
                 const TierContent& cache, EpochLaw& law);

/// Share of what a job that runs elsewhere asks its home region's cache for and that one holds: the
/// job is a further reader of it (scope global).
double remote_hit(const FleetView& view, std::uint32_t index, const Design& design,
                  const Moment& moment);

}  // namespace fleetcache::analytic
