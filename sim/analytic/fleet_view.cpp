#include "sim/analytic/fleet_view.hpp"

#include <algorithm>
#include <cmath>

#include "sim/scenario/fleet.hpp"

namespace fleetcache::analytic {

namespace {

using topologies::Fleet;

double bytes(Bytes b) { return static_cast<double>(b.count); }

// A cluster that also holds nodes of another pool of its region counts as one that does not.
double domain_nodes(const scenario::Cache& cache, const scenario::Fabric& fabric,
                    const topologies::Pool& pool) {
  const double nodes = pool.nodes;
  switch (cache.scope) {
    case scenario::Scope::kNode:
      return 1;
    case scenario::Scope::kRack:
      return std::min(nodes, static_cast<double>(pool.nodes_per_rack));
    case scenario::Scope::kPod:
      return std::min(nodes, static_cast<double>(pool.nodes_per_rack) * pool.racks_per_pod);
    case scenario::Scope::kCluster:
    case scenario::Scope::kCell: {
      const bool cell = cache.scope == scenario::Scope::kCell;
      const double racks =
          std::floor(static_cast<double>(fabric.cluster_nodes) / pool.nodes_per_rack);
      const double cluster = std::max(1.0, racks) * pool.nodes_per_rack;
      return std::min(nodes, cluster * (cell ? cache.cell_clusters : 1));
    }
    case scenario::Scope::kRegion:
    case scenario::Scope::kGlobal:
      return nodes;
  }
  return nodes;
}

struct Place {
  std::uint32_t region = 0, pool = 0;
};

Result<Place> place_of(const Fleet& fleet, const std::string& where, const std::string& region,
                       const std::string& pool, std::uint32_t nodes) {
  Place p;
  p.region = fleet.find_region(region);
  if (p.region == Fleet::kNone)
    return Error{where + ".region", "no region is called \"" + region + "\""};
  p.pool = fleet.find_pool(p.region, pool);
  if (p.pool == Fleet::kNone)
    return Error{where + ".pool", "region " + region + " has no pool \"" + pool + "\""};
  if (nodes == 0) return Error{where + ".nodes", "must be above 0"};
  if (nodes > fleet.pools()[p.pool].nodes)
    return Error{where + ".nodes", std::to_string(nodes) + " is more than the " +
                                       std::to_string(fleet.pools()[p.pool].nodes) +
                                       " nodes of pool " + pool};
  return p;
}

Status add_job(FleetView& view, const scenario::TrainingJob& job) {
  const std::string where = "workloads." + job.name;
  auto place = place_of(view.fleet, where, job.region, job.pool, job.nodes);
  if (!place) return place.error();
  const auto dataset = view.scenario->datasets.find(job.dataset);
  if (dataset == view.scenario->datasets.end())
    return Error{where + ".dataset", "no data set is called \"" + job.dataset + "\""};
  if (job.compute.count <= 0) return Error{where + ".compute", "must be above 0"};
  if (dataset->second.object.count == 0 || dataset->second.size.count == 0)
    return Error{"datasets." + job.dataset, "size and object must be above 0"};
  JobView v;
  v.job = &job;
  v.dataset = &dataset->second;
  v.pool = place->pool;
  v.region = place->region;
  v.home = v.dataset->region.empty() ? v.region : view.fleet.find_region(v.dataset->region);
  if (v.home == Fleet::kNone)
    return Error{"datasets." + job.dataset + ".region",
                 "no region is called \"" + v.dataset->region + "\""};
  v.nodes = job.nodes;
  v.gpus = v.nodes * view.pools[v.pool].pool->sku.gpus;
  v.wanted = v.nodes * bytes(job.bytes_per_step) / to_seconds(job.compute);
  v.object = bytes(v.dataset->object);
  v.reads_per_step = bytes(job.bytes_per_step) / v.object;
  // Jobs take the nodes of a pool in order of their names, as in simulation.
  v.first_node = view.pools[v.pool].fabric->first_node;
  for (const std::uint32_t other : view.pools[v.pool].jobs)
    v.first_node += view.jobs[other].job->nodes;
  view.pools[v.pool].jobs.push_back(static_cast<std::uint32_t>(view.jobs.size()));
  view.jobs.push_back(v);
  return Nothing{};
}

Status add_service(FleetView& view, const scenario::InferenceService& service) {
  const std::string where = "workloads." + service.name;
  auto place = place_of(view.fleet, where, service.region, service.pool, service.nodes);
  if (!place) return place.error();
  ServiceView v;
  v.service = &service;
  v.pool = place->pool;
  v.region = place->region;
  v.synthetic = service.arrivals.trace.empty();
  v.block_bytes = bytes(service.kv_bytes_per_token) * service.block_tokens;
  const scenario::Arrivals& a = service.arrivals;
  if (v.synthetic) {
    if (a.rate.count <= 0) return Error{where + ".requests.rate", "must be above 0"};
    if (service.block_tokens == 0) return Error{where + ".block_tokens", "must be above 0"};
    if (service.prefill_tokens.count <= 0)
      return Error{where + ".prefill_tokens", "must be above 0"};
    v.spec = {a.rate,
              a.cv,
              a.prompt_tokens,
              a.output_tokens,
              a.prefixes,
              a.prefix_zipf,
              a.shared_fraction,
              a.turns,
              a.think,
              service.block_tokens};
    v.demand = models::kv_demand(v.spec);
  }
  view.pools[v.pool].services.push_back(static_cast<std::uint32_t>(view.services.size()));
  view.services.push_back(std::move(v));
  return Nothing{};
}

}  // namespace

double readahead_reads(const JobView& job, double demand) {
  const double steps = std::max(1U, job.job->prefetch);
  // Objects and steps do not line up, so the mean is no whole number; a node that reads less than
  // once in that time has one read under way in the steps that read at all.
  return std::max(1.0, job.reads_per_step * demand * steps);
}

models::QueueSpec arrivals_of(const ServiceView& service) {
  const double nodes = service.service->nodes;
  const scenario::Arrivals& arrivals = service.service->arrivals;
  models::QueueSpec queue;
  queue.arrival_rate = arrivals.rate.count / nodes;
  // Requests go round robin: a node's gap is the sum of `nodes` gaps. Turns of many sessions
  // interleave to a Poisson stream whatever the sessions' own starts are.
  queue.arrival_cv2 = (arrivals.turns > 1 ? 1.0 : arrivals.cv * arrivals.cv) / nodes;
  queue.servers = std::max(1U, service.service->prefill_slots);
  return queue;
}

Result<FleetView> view_of(const scenario::Scenario& scenario) {
  FleetView view;
  view.scenario = &scenario;
  // DeltaZero's factor is applied per path that is evaluated, not to the fleet.
  auto fleet = scenario::build_fleet(scenario, scenario::OriginPath::kBifrost);
  if (!fleet) return fleet.error();
  view.fleet = std::move(fleet).value();
  for (const auto& [name, region] : scenario.regions) view.regions.push_back(&region);
  for (const topologies::Pool& p : view.fleet.pools()) {
    PoolView v;
    v.region = p.region;
    v.name = view.fleet.regions()[p.region].name + "." + p.name;
    v.pool = &view.regions[p.region]->pools.at(p.name);
    v.fabric = &p;
    v.nodes = p.nodes;
    v.domain_nodes = domain_nodes(scenario.cache, view.regions[p.region]->fabric, p);
    view.pools.push_back(std::move(v));
  }
  for (const auto& [name, job] : scenario.training)
    if (Status s = add_job(view, job); !s) return s.error();
  for (const auto& [name, service] : scenario.inference)
    if (Status s = add_service(view, service); !s) return s.error();
  return view;
}

Design design_of(const scenario::Scenario& scenario) {
  Design d;
  d.cache = scenario.cache.enabled && !scenario.cache.tiers.empty();
  d.path = scenario.origin.path;
  return d;
}

std::uint32_t handing_pool(const FleetView& view, const Design& design, const JobView& job) {
  const bool asks = design.cache && view.scenario->cache.scope == scenario::Scope::kGlobal;
  if (!asks || job.home == job.region) return topologies::Fleet::kNone;
  const std::uint32_t home = view.fleet.find_pool(job.home, view.fleet.pools()[job.pool].name);
  return home == topologies::Fleet::kNone || view.pools[home].nodes <= 0 ? topologies::Fleet::kNone
                                                                         : home;
}

Moment first_epoch(const FleetView& view, double progress) {
  return Moment(view.jobs.size(), JobMoment{.progress = progress, .epochs = 0});
}

bool is_away(const Moment& moment, std::size_t job) { return !moment.empty() && moment[job].away; }

bool is_restoring(const Moment& moment, std::size_t job) {
  return !moment.empty() && moment[job].restoring;
}

double progress_of(const Moment& moment, std::size_t job) {
  return moment.empty() ? 1 : moment[job].progress;
}

std::uint32_t epochs_of(const Moment& moment, std::size_t job) {
  return moment.empty() ? kSettled : moment[job].epochs;
}

double copies_of(const Moment& moment, std::size_t job) {
  return moment.empty() ? 1 : moment[job].copies;
}

}  // namespace fleetcache::analytic
