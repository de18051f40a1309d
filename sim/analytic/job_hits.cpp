#include "sim/analytic/job_hits.hpp"

#include <algorithm>
#include <cmath>

#include "models/capacity/hit_doubt.hpp"
#include "models/capacity/shared_epochs.hpp"
#include "models/placement/share.hpp"

namespace fleetcache::analytic {

namespace {

constexpr unsigned kOwnerStrata = 9;
constexpr unsigned kSweepStrata = 3;   // of what costs nothing; other policies once
constexpr double kEvenOwners = 0.015;  // a spread of loads below this is none
constexpr double kCoarse = 64;         // an owner with room for fewer objects keeps whole ones

// The owners of one cache in equal parts by how much falls to them, as shares of the mean.
std::vector<double> owner_loads(const FleetView& view, const PoolView& pool, const Content& content,
                                unsigned strata) {
  const scenario::Cache& cache = view.scenario->cache;
  if (cache.index == scenario::Index::kPooled) return {1};
  const double points = cache.placement == "ring" ? cache.virtual_nodes : 1e12;
  const double sigma = content.uneven(pool.domain_nodes, points);
  if (sigma < kEvenOwners || strata <= 1) return {1};
  std::vector<double> loads = models::cumulative_shares(sigma, strata);
  for (std::size_t i = loads.size(); i-- > 0;)
    loads[i] = strata * (loads[i] - (i > 0 ? loads[i - 1] : 0));
  return loads;
}

// Room of one owner over what falls to it in the mean, whole objects where it holds few.
double room_of(const JobView& job, double capacity, double owners, double cached, double slack) {
  const double objects = capacity / owners / job.object;
  if (objects <= 0) return 0;
  const double whole = objects < kCoarse ? std::floor(objects + 1e-9) / objects : 1;
  return whole * (slack > 1 ? slack : cached);
}

// What one cache of a job looks like to it.
struct OneCache {
  double units = 1;     // caches among which the job's reads would be spread, were all like it
  double readers = 1;   // jobs on the same data
  double cached = 0;    // share of the data set that it can hold
  double slack = 0;     // above 1: its room over all that comes
  double capacity = 0;  // bytes
  double owners = 1;
};

// The largest part shares its cache with what else is at home there; so do all parts of a job that
// is no larger than a cache. Parts of larger jobs have caches of their own.
OneCache one_cache(const FleetView& view, const JobView& job, const TierContent& cache,
                   const CachePart& part, double units, bool largest) {
  const PoolView& pool = view.pools[job.pool];
  const bool pooled = view.scenario->cache.index == scenario::Index::kPooled;
  OneCache one;
  one.units = 1 / part.share;
  one.capacity = cache.capacity * (pooled ? 1 : part.nodes / pool.domain_nodes);
  one.owners = pooled ? 1 : part.nodes;
  one.cached = std::min(1.0, one.capacity / data_size(job));
  if (units > 1 || !largest) return one;
  const bool fits = cache.window_s == kEndless;
  one.readers = cache.content.readers(job.job->dataset);
  one.cached = fits ? 1 : cache.content.cached_share(job.job->dataset, cache.window_s);
  one.slack = fits ? one.capacity / cache.content.all_bytes() : 0;
  return one;
}

// Adds what the job hits of one such cache, by its `share` of the reads.
void add_cache(const FleetView& view, const JobView& job, std::uint32_t epochs,
               const TierContent& cache, const OneCache& one, double share, EpochLaw& law,
               JobHits& h) {
  const scenario::CacheTier& tier = cache.tier;
  const double room = room_of(job, one.capacity, one.owners, one.cached, one.slack);
  const bool closed = tier.eviction == "lru" || is_pinned(tier);
  const unsigned strata = law.fine() ? kOwnerStrata : closed ? kSweepStrata : 1;
  const std::vector<double> loads = owner_loads(view, view.pools[job.pool], cache.content, strata);
  const double keys = data_size(job) / job.object / one.owners;
  double hit = 0;
  for (const double load : loads) {
    const double part = load / static_cast<double>(loads.size());
    const double held = std::min(1.0, room / load);
    h.cached += share * part * held;
    if (epochs == 0) continue;
    const EpochHit e = law.hit(tier.eviction, tier.parameters, held,
                               {one.units, one.readers, job.job->shuffle, keys * load});
    const bool learns = epochs <= e.by_epoch.size();
    hit += part * (learns ? e.by_epoch[epochs - 1] : e.ratio);
    h.learns = h.learns || !e.by_epoch.empty();
    h.method = e.method;
    h.formula =
        e.formula + (loads.size() > 1 ? "; mean over owners by how much falls to them" : "");
  }
  h.hit += share *
           (epochs < kSettled ? std::min(hit, models::epoch_units_seen(one.units, epochs)) : hit);
}

JobHits hits_by_law(const FleetView& view, std::uint32_t index, const Moment& moment,
                    const TierContent& cache, EpochLaw& law) {
  const JobView& job = view.jobs[index];
  const PoolView& pool = view.pools[job.pool];
  JobHits h;
  h.units = units_of(pool, job.nodes);
  h.parts = parts_of(pool, job);
  // Jobs smaller than their pool's caches are taken to sit on caches of their own when spread.
  h.readers = h.units > 1 ? 1 : cache.content.readers(job.job->dataset);
  const bool first = progress_of(moment, index) < 1;
  const std::uint32_t epochs = first ? 0 : epochs_of(moment, index);
  for (std::size_t i = h.parts.size(); i-- > 0;) {  // the formula is that of the largest
    const CachePart& part = h.parts[i];
    const OneCache one = one_cache(view, job, cache, part, h.units, i == 0);
    add_cache(view, job, epochs, cache, one, part.caches * part.share, law, h);
  }
  if (first) {
    // Hits are objects that one of the other readers has been at: none when the epoch begins.
    const double unread = h.readers > 1 ? cache.content.unread_by_others(index, moment) : 1;
    h.hit = h.cached * (1 - unread);
    h.formula =
        "first epoch: h = c (1 - product of (1 - x)) over the other readers of the same data, of "
        "which each has read a share x";
    return h;
  }
  if (epochs < kSettled) h.formula += "; at most what each of the caches has seen";
  if (h.parts.size() > 1) h.formula += "; mean over caches by the job's nodes in them";
  return h;
}

}  // namespace

JobHits job_hits(const FleetView& view, std::uint32_t index, const Moment& moment,
                 const TierContent& cache, EpochLaw& law) {
  JobHits h = hits_by_law(view, index, moment, cache, law);
  const PoolView& pool = view.pools[view.jobs[index].pool];
  const double room = cache.capacity / owners_of(view, pool) / view.jobs[index].object;
  const bool settled = epochs_of(moment, index) >= kSettled;
  const bool few = room < kCoarse;
  const bool doubtful = h.method == EpochMethod::kMiniature && (few || cache.content.mixed());
  const double unused = doubtful ? std::max(0.0, h.cached - h.hit) : 0;
  h.error = models::hit_doubt(h.hit, {few, !settled, cache.content.mixed(), unused});
  return h;
}

double remote_hit(const FleetView& view, std::uint32_t index, const Design& design,
                  const Moment& moment) {
  const JobView& job = view.jobs[index];
  const std::uint32_t home = handing_pool(view, design, job);
  if (home == topologies::Fleet::kNone) return 0;
  const PoolView& pool = view.pools[home];
  const scenario::CacheTier* tier = largest_tier(view, pool);
  const double capacity = domain_capacity(view, pool, *tier, design.nvme);
  const Content content(view, pool, pool.jobs, design, is_pinned(*tier));
  for (const std::uint32_t j : pool.jobs) {
    if (view.jobs[j].job->dataset != job.job->dataset) continue;
    const double window_s = content.window(capacity);
    const double held = window_s == kEndless ? 1 : content.cached_share(job.job->dataset, window_s);
    return held * progress_of(moment, j);
  }
  // Nobody at home reads it: the cache there holds what passed through, after its own content.
  if (progress_of(moment, index) < 1) return 0;
  const double left = capacity - content.all_bytes();
  return std::clamp(left / data_size(job), 0.0, 1.0);
}

}  // namespace fleetcache::analytic
