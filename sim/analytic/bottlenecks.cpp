#include "sim/analytic/bottlenecks.hpp"

#include <algorithm>

#include "sim/analytic/resources.hpp"
#include "sim/scenario/fleet.hpp"

namespace fleetcache::analytic {

namespace {

using topologies::ClassLoads;
using topologies::PoolLoad;

void add_peers(PoolLoad& load, const Flow& f, double bytes) {
  load.from_rack += BytesPerSecond((f.peer - f.cross_rack) * bytes);
  load.from_pod += BytesPerSecond((f.cross_rack - f.cross_pod) * bytes);
  load.from_region += BytesPerSecond(f.cross_pod * bytes);
}

PoolLoad service_load(const FleetView& view, const ServiceView& service, const ServiceHits& hits) {
  const PoolView& pool = view.pools[service.pool];
  const KvTraffic kv = kv_traffic(service, hits);
  const Spread spread = spread_of(pool, pool.domain_nodes);
  PoolLoad load;
  load.pool = service.pool;
  Flow f;
  f.peer = spread.peer;
  f.cross_rack = spread.cross_rack;
  f.cross_pod = spread.cross_pod;
  add_peers(load, f, kv.fetched + kv.stored);
  load.nvme_read = BytesPerSecond(kv.from_nvme);
  return load;
}

}  // namespace

ClassLoads loads_of(const FleetView& view, const Design& design, const Answer& answer,
                    bool full_pace) {
  ClassLoads loads;
  for (std::uint32_t r = 0; r < view.regions.size(); ++r) loads.origin.push_back({r, {}, {}, {}});
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    const JobView& job = view.jobs[j];
    const JobAnswer& a = answer.job[j];
    const double bytes = full_pace ? a.wanted : a.rate;
    const Flow f = flow_of(view, design, job, a.hits);
    const double direct = direct_share(view, design, job.home);
    loads.origin[job.home].front_end += BytesPerSecond(f.origin * (1 - direct) * bytes);
    loads.origin[job.home].direct += BytesPerSecond(f.origin * direct * bytes);
    loads.origin[job.home].copies += BytesPerSecond(a.hits.remote * bytes);
    PoolLoad load;
    load.pool = job.pool;
    load.origin = BytesPerSecond(f.landed * bytes);
    add_peers(load, f, bytes);
    load.nvme_read = BytesPerSecond(f.nvme_read * bytes);
    // What lands at owners is spread over the pool's caches, what a job reads comes to its nodes.
    if (!design.cache || job.nodes >= view.pools[job.pool].nodes) {
      load.own_limit = BytesPerSecond(job.nodes * view.pools[job.pool].fabric->nic.count);
      load.name = "nic_down." + view.pools[job.pool].name + "." + job.job->name;
    }
    loads.pool.push_back(load);
  }
  for (std::size_t s = 0; s < view.services.size(); ++s)
    loads.pool.push_back(service_load(view, view.services[s], answer.service[s].hits));
  return loads;
}

Result<Bottlenecks> bottlenecks_of(const FleetView& view, const Design& design,
                                   const Answer& answer) {
  const topologies::Fleet* fleet = &view.fleet;
  Result<topologies::Fleet> other = Error{"", "not needed"};
  if (design.path == scenario::OriginPath::kDeltaZero) {
    other = scenario::build_fleet(*view.scenario, design.path);
    if (!other) return other.error();
    fleet = &*other;
  }
  Bottlenecks out;
  out.comparable = design.accounts == 0 && design.stamp == 1;  // the fleet has the scenario's
  for (const JobView& job : view.jobs)  // the fleet's graph has no way through another region
    if (handing_pool(view, design, job) != topologies::Fleet::kNone) out.comparable = false;
  for (const ResourceAnswer& r : answer.resource) {
    const bool counted = r.kind != ResourceKind::kIngress && r.kind != ResourceKind::kRequests &&
                         r.kind != ResourceKind::kNvmeWrite;
    if (counted && r.base > r.capacity) out.comparable = false;
  }
  auto wanted = topologies::class_cut(*fleet, loads_of(view, design, answer, true));
  if (!wanted) return wanted.error();
  auto reached = topologies::class_cut(*fleet, loads_of(view, design, answer, false));
  if (!reached) return reached.error();
  out.wanted = std::move(wanted).value();
  out.reached = std::move(reached).value();
  return out;
}

}  // namespace fleetcache::analytic
