/// Hit ratios of every job and service from the contents of the caches they share. Here is where
/// the answer gets its h: nothing downstream may set one.
#pragma once

#include <string>
#include <vector>

#include "sim/analytic/epoch_law.hpp"
#include "sim/analytic/fleet_view.hpp"

namespace fleetcache::analytic {

/// Equal caches that a job's nodes are in.
struct CachePart {
  double share = 1;   ///< of the job's nodes, in each
  double caches = 1;  ///< how many
  double nodes = 0;   ///< of each cache, the job's or not
};

struct JobHits {
  double hit = 0;                ///< of reads, by copies in the pool's own caches
  double dram = 0;               ///< of reads, by the DRAM tier among those
  double whole = 0;              ///< `hit`, were no copies lost
  double remote = 0;             ///< of reads, by the home region's cache (scope global)
  double cached = 0;             ///< c: share of the data set that one cache of this job holds
  double units = 1;              ///< caches over which the job's reads are spread, about
  std::vector<CachePart> parts;  ///< these, the largest first; one kind: they are equal
  double readers = 1;            ///< jobs that share the data set there
  double error = 0;              ///< of `hit`, absolute; see models::hit_doubt
  bool learns = false;           ///< hits change from epoch to epoch, kLearningEpochs of them
  EpochMethod method = EpochMethod::kClosedForm;
  std::string formula;

  /// Of the data set, seen by the caches of those who read it after so many epochs.
  double seen(double epochs) const;
  /// Of reads, from an origin.
  double from_origin() const { return hit + remote < 1 ? 1 - hit - remote : 0; }
};

struct ServiceHits {
  models::KvHits kv;
  double dram = 0;      ///< of looked-up blocks, found in the DRAM tier
  double window_s = 0;  ///< characteristic time; infinite when all fits
  double error = 0;     ///< of the block hit ratio, absolute
  EpochMethod method = EpochMethod::kClosedForm;
  std::string formula;

  /// Of the blocks found, in the DRAM tier.
  double dram_share() const { return kv.block_hit_ratio > 0 ? dram / kv.block_hit_ratio : 0; }
};

struct Hits {
  std::vector<JobHits> job;
  std::vector<ServiceHits> service;
};

/// Hit ratios at full demand of the design, of jobs in their first epochs those at that moment.
/// Data sets and KV blocks that share a cache get one characteristic time T (their occupancies over
/// T add up to the capacity); a pinned cache is shared in proportion to the first reads until it is
/// full. KV blocks under other policies than LRU run in miniature through all tiers at the room
/// that T gives them. Cost: microseconds, plus a miniature run for policies without a closed form.
/// Without `services`, pools without a job are left out.
Hits hit_ratios(const FleetView& view, const Design& design, const Moment& moment, EpochLaw& law,
                bool services = true);

}  // namespace fleetcache::analytic
