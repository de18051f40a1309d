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

Resources resources_of(const FleetView& view, const Design& design, const Hits& hits);

}  // namespace fleetcache::analytic
