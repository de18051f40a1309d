/// Everything that can bind a job's rate, with what a byte of each job takes of it.
#pragma once

#include <vector>

#include "models/capacity/weighted_filling.hpp"
#include "models/origin/deltazero.hpp"
#include "models/origin/latency.hpp"
#include "sim/analytic/evaluate.hpp"

namespace fleetcache::analytic {

/// Resources and, for each, its use by jobs and its fixed load; the two lists run in step.
struct Resources {
  std::vector<ResourceAnswer> answer;
  std::vector<models::FilledResource> filled;
};

/// Shares of one job's bytes on the stages of its way.
struct Flow {
  double origin = 0;  ///< of its bytes, from an origin
  double peer = 0;    ///< handed on by another node of the cache
  double landed = 0;  ///< arriving at their owner from outside the pool
  double handed = 0;  ///< leaving their owner for another region
  double nvme_read = 0, nvme_write = 0;
  double cross_rack = 0, cross_pod = 0;  ///< of `peer`, its parts that leave the rack and the pod
  double wan = 0;
};
Flow flow_of(const FleetView& view, const Design& design, const JobView& job, const JobHits& hits);

/// What a job of that flow takes of its `handing_pool`.
Flow handed_flow(const Flow& flow);

/// Of bytes that go to a random other node of a cache of `nodes`: to another node, rack and pod.
struct Spread {
  double peer = 0, cross_rack = 0, cross_pod = 0;
};
Spread spread_of(const PoolView& pool, double nodes);

/// Share of a job's origin reads that end on the direct path.
double direct_share(const FleetView& view, const Design& design, std::uint32_t region);

/// The direct path of a region or its follow-on, whichever `path` is.
models::DirectPath direct_path_of(const scenario::Region& region, scenario::OriginPath path);

/// One read from an origin that is not saturated: first byte by a law, the rest a constant (plan,
/// one stream).
struct OriginRead {
  models::LogNormalLatency law;
  Duration rest;
};
OriginRead origin_read(const scenario::Region& home, scenario::OriginPath path, double object);

/// Accounts of a region under a design.
double accounts_of(const FleetView& view, const Design& design, std::uint32_t region);

/// KV bytes a second that services read from and add to caches: fixed loads of their pools.
struct KvTraffic {
  double fetched = 0, stored = 0, recomputed = 0;
  double from_nvme = 0;  ///< of `fetched`
};
KvTraffic kv_traffic(const ServiceView& service, const ServiceHits& hits);

/// Checkpoint bytes a second that a job writes at its full pace.
double checkpoint_rate(const JobView& job);
/// Mean time from one of its checkpoints to the next when a step takes `step`.
Duration checkpoint_period(const JobView& job, Duration step);

/// Users are the jobs and, numbered after them, their restores. Jobs that are away at the moment
/// take nothing, but for those that restore.
Resources resources_of(const FleetView& view, const Design& design, const Moment& moment,
                       const Hits& hits);

}  // namespace fleetcache::analytic
