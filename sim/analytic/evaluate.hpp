/// One design of one fleet, evaluated: rates by bottlenecks, stalls by order statistics, response
/// times by queueing formulas. Everything the record and the regime map print comes from here.
#pragma once

#include <string>
#include <vector>

#include "models/capacity/response_time.hpp"
#include "models/capacity/shared_origin.hpp"
#include "models/origin/blob_front_end.hpp"
#include "sim/analytic/hit_ratios.hpp"

namespace fleetcache::analytic {

enum class ResourceKind : std::uint8_t {
  kEgress,
  kRequests,
  kFleetEgress,
  kStamp,
  kPlans,
  kIngress,
  kNicUp,
  kNicDown,
  kNvmeRead,
  kNvmeWrite,
  kTorUp,
  kTorDown,
  kPodUp,
  kPodDown,
  kWan,
  kReadahead,
};

/// A resource that can bind, of a region or of a pool.
struct ResourceAnswer {
  ResourceKind kind = ResourceKind::kEgress;
  std::string name;       ///< "blob_egress.eastus2"
  std::string unit;       ///< "B/s" or "1/s"
  std::string parameter;  ///< scenario path that sets it
  std::uint32_t region = 0;
  std::uint32_t pool = topologies::Fleet::kNone;  ///< whose nodes it is a part of
  bool of_one_job = false;                        ///< a job's own limit, not a shared part
  double capacity = 0;
  double base = 0;     ///< what services and checkpoints take before any job
  double offered = 0;  ///< load if no job ever stalled
  double load = 0;     ///< at the rates reached

  /// Offered over capacity: above 1 it binds. Infinite where there is nothing and some is wanted.
  double pressure() const;
  double utilization() const { return capacity > 0 ? load / capacity : 0; }
};

struct JobAnswer {
  JobHits hits;
  double wanted = 0;               ///< B/s
  double rate = 0;                 ///< B/s
  std::string binding;             ///< resource that stopped it; empty: nothing did
  double compute_s = 0;            ///< of one step
  double rate_stall_s = 0;         ///< a step, because bytes come too slowly
  double slow_read_s = 0;          ///< a step, by its slowest read
  double reading_steps = 0;        ///< share of steps in which nodes read
  double slow_reads_per_step = 0;  ///< origin reads of all nodes in such a step
  double origin_read_s = 0;        ///< mean time of an origin read, waits included
  double origin_rest_s = 0;        ///< of it, what is not the first byte
  bool origin_full = false;        ///< some part of its way is: rates say how long reads take
  double step_s = 0;
  double start_s = 0;           ///< wait for the first batch, which nothing hides
  double checkpoint_share = 0;  ///< of wall time, standing still to write
  double restore_s = 0;  ///< of its last checkpoint: alone there, of a job that restores among all
  double checkpoint_rate = 0;                      ///< B/s written, mean
  double goodput = 0, stall = 0, utilization = 0;  ///< while it runs
  // Under random failures, in the mean:
  double mtti_s = 0;
  double checkpoint_write_s = 0;
  double checkpoint_period_s = 0;  ///< from one to the next: whole steps
  double checkpoint_drain_s = 0;   ///< until all of it is in the accounts, alone there
  double best_interval_s = 0;      ///< Young
  double failure_waste = 0;        ///< at the scenario's interval
  double best_waste = 0;           ///< at the best interval
};

struct ServiceAnswer {
  ServiceHits hits;
  double utilization = 0;  ///< of prefill slots
  double queue_mean_s = 0, fetch_mean_s = 0, prefill_mean_s = 0;
  double ttft_mean_s = 0, ttft_p50_s = 0, ttft_p99_s = 0;
  double fetched = 0;     ///< B/s of KV read from caches
  double stored = 0;      ///< B/s of new KV
  double recomputed = 0;  ///< B/s of KV that was prefilled
  models::QueueSpec queue;
  models::QueueAnswer station;
};

/// What a region asks of its origin when nobody is throttled, and what it takes.
struct RegionAnswer {
  double wanted = 0;                ///< data-set bytes a second asked by jobs whose data live here
  double origin_wanted = 0;         ///< of those, from this region's origin: D (1 - h)
  double origin_served = 0;         ///< at the rates reached
  double front_end_wanted = 0;      ///< of origin_wanted, through the front end
  double requests = 0;              ///< reads and writes a second at the front end
  double ingress = 0;               ///< checkpoint bytes a second
  double stored = 0;                ///< bytes that the accounts hold
  double gpus = 0;                  ///< training GPUs whose data live here
  double accounts = 0;              ///< of the design
  models::AccountPlan plan;         ///< accounts it takes and which limit sets them
  double under_way = 0;             ///< reads at this origin, at most
  models::ThrottleAnswer throttle;  ///< refusals by the request limit; none below it
};

struct PoolAnswer {
  double nvme_writes = 0;     ///< B/s of one node
  double nvme_share = 0;      ///< of a node's disks given to the cache
  double writes_per_day = 0;  ///< drive writes per day
  double life_years = 0;      ///< to the rated total; infinite at no writes
};

struct Answer {
  std::vector<JobAnswer> job;
  std::vector<ServiceAnswer> service;
  std::vector<RegionAnswer> region;
  std::vector<PoolAnswer> pool;
  std::vector<ResourceAnswer> resource;
  double goodput = 0, stall = 0;  ///< weighted by nodes, as in the exact rung
};

/// kTraining leaves out the response times of services and the contents of pools without a job:
/// what a bisection over training demand needs.
enum class Parts : std::uint8_t { kAll, kTraining };

/// Jobs as they are at the moment; those that are away have no rate and no stall. Cost: well below
/// a millisecond plus the hit ratios.
Answer evaluate(const FleetView& view, const Design& design, const Moment& moment, EpochLaw& law,
                Parts parts = Parts::kAll);
/// The steady state.
Answer evaluate(const FleetView& view, const Design& design, EpochLaw& law,
                Parts parts = Parts::kAll);

}  // namespace fleetcache::analytic
