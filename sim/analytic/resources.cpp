#include "sim/analytic/resources.hpp"

#include <algorithm>
#include <cmath>

#include "models/checkpoint/period.hpp"
#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/checkpoints.hpp"

namespace fleetcache::analytic {

namespace {

using scenario::OriginPath;

bool has_nvme_tier(const FleetView& view, const PoolView& pool) {
  if (pool.pool->sku.nvme_read.count <= 0) return false;
  for (const scenario::CacheTier& t : view.scenario->cache.tiers)
    if (t.medium == scenario::Medium::kNvme) return true;
  return false;
}

class Builder {
 public:
  Builder(const FleetView& view, const Design& design, const Moment& moment, const Hits& hits)
      : view_(view), design_(design), moment_(moment), hits_(hits) {
    for (std::size_t j = 0; j < view.jobs.size(); ++j)
      flows_.push_back(flow_of(view, design, view.jobs[j], hits.job[j]));
  }

  Resources build() {
    for (std::uint32_t r = 0; r < view_.regions.size(); ++r) add_origin(r);
    for (pool_ = 0; pool_ < view_.pools.size(); ++pool_) add_pool(pool_);
    pool_ = topologies::Fleet::kNone;
    add_wan();
    for (std::uint32_t j = 0; j < view_.jobs.size(); ++j) add_readahead(j);
    return std::move(out_);
  }

 private:
  template <class Amount>
  void add(ResourceKind kind, std::string name, std::string unit, std::string parameter,
           std::uint32_t region, double capacity, double base, Amount amount) {
    ResourceAnswer a;
    a.kind = kind;
    a.name = std::move(name);
    a.unit = std::move(unit);
    a.parameter = std::move(parameter);
    a.region = region;
    a.capacity = capacity;
    a.base = base;
    a.pool = pool_;
    a.of_one_job = kind == ResourceKind::kReadahead || name_is_job_;
    models::FilledResource f{capacity, base, {}};
    a.offered = base;
    for (std::uint32_t j = 0; j < view_.jobs.size(); ++j) {
      const double use = is_away(moment_, j) ? 0 : amount(j);
      if (use <= 0) continue;
      f.uses.emplace_back(j, use);
      a.offered += use * design_.demand * view_.jobs[j].wanted;
    }
    for (std::uint32_t j = 0; j < view_.jobs.size() && !name_is_job_; ++j) {
      const double use = is_restoring(moment_, j) ? restore_use(kind, region, j) : 0;
      if (use <= 0) continue;
      f.uses.emplace_back(static_cast<std::uint32_t>(view_.jobs.size()) + j, use);
      a.offered += use * restore_streams(view_, design_, view_.jobs[j]);
    }
    if (f.uses.empty() && base <= 0) return;  // nobody uses it
    const bool optional = kind == ResourceKind::kFleetEgress || kind == ResourceKind::kPlans;
    if (optional && capacity <= 0) return;  // 0 = not a limit; of all others, 0 = nothing there
    out_.answer.push_back(std::move(a));
    out_.filled.push_back(std::move(f));
  }

  // Of a byte of a checkpoint that is read back, node by node, past all caches.
  double restore_use(ResourceKind kind, std::uint32_t region, std::uint32_t j) const {
    const JobView& job = view_.jobs[j];
    if (pool_ != topologies::Fleet::kNone) {
      const bool lands = kind == ResourceKind::kNicDown || kind == ResourceKind::kTorDown ||
                         kind == ResourceKind::kPodDown;
      return lands && pool_ == job.pool ? 1 : 0;
    }
    if (job.region != region) return 0;
    const double part =
        std::max(1.0, static_cast<double>(job.job->checkpoint.size.count)) / job.nodes;
    const double direct = direct_share(view_, design_, region);
    switch (kind) {
      case ResourceKind::kEgress:
      case ResourceKind::kFleetEgress:
        return 1 - direct;
      case ResourceKind::kRequests:
        return (1 - direct) / part;
      case ResourceKind::kStamp:
        return direct;
      case ResourceKind::kPlans:
        return view_.regions[region]->bifrost.eligible / part;
      default:
        return 0;
    }
  }

  void add_origin(std::uint32_t r) {
    const scenario::Region& region = *view_.regions[r];
    const std::string name = region.name, path = "regions." + name + ".";
    const double accounts = accounts_of(view_, design_, r);
    const double direct = direct_share(view_, design_, r);
    const bool bypass = design_.path != OriginPath::kFrontEnd;
    const double eligible = bypass ? region.bifrost.eligible : 0;
    const models::DirectPath direct_path = direct_path_of(region, design_.path);
    double ingress = 0, writes = 0;
    for (const JobView& j : view_.jobs) {
      if (j.region != r || is_away(moment_, static_cast<std::size_t>(&j - view_.jobs.data())))
        continue;
      ingress += checkpoint_rate(j);
      if (checkpoint_rate(j) > 0)
        writes += j.nodes * checkpoint_rate(j) / static_cast<double>(j.job->checkpoint.size.count);
    }
    const auto here = [this, r](std::uint32_t j) {
      return view_.jobs[j].home == r ? flows_[j].origin : 0;
    };
    add(ResourceKind::kEgress, "blob_egress." + name, "B/s", path + "blob.egress", r,
        design_.origin * accounts * region.blob.egress.count, 0,
        [&](std::uint32_t j) { return here(j) * (1 - direct); });
    add(ResourceKind::kRequests, "blob_requests." + name, "1/s", path + "blob.requests", r,
        design_.origin * accounts * region.blob.requests.count, writes,
        [&](std::uint32_t j) { return here(j) * (1 - direct) / view_.jobs[j].object; });
    add(ResourceKind::kFleetEgress, "front_end_fleet." + name, "B/s", path + "blob.fleet_egress", r,
        design_.origin * region.blob.fleet_egress.count, 0,
        [&](std::uint32_t j) { return here(j) * (1 - direct); });
    add(ResourceKind::kIngress, "blob_ingress." + name, "B/s", path + "blob.ingress", r,
        accounts * region.blob.ingress.count, ingress, [](std::uint32_t) { return 0.0; });
    if (!bypass) return;
    add(ResourceKind::kStamp, "direct_stamp." + name, "B/s", path + "bifrost.stamp", r,
        design_.origin * design_.stamp * direct_path.stamp.count, 0,
        [&](std::uint32_t j) { return here(j) * direct; });
    // One plan a read: a node seldom reads an object twice within a lease.
    add(ResourceKind::kPlans, "plan_service." + name, "1/s", path + "bifrost.plan_requests", r,
        design_.origin * direct_path.plan_requests.count, 0,
        [&](std::uint32_t j) { return here(j) * eligible / view_.jobs[j].object; });
  }

  void add_pool(std::uint32_t p) {
    const PoolView& pool = view_.pools[p];
    const topologies::Pool& fabric = *pool.fabric;
    if (pool.nodes <= 0) return;
    KvTraffic kv;
    for (const std::uint32_t s : pool.services) {
      const KvTraffic t = kv_traffic(view_.services[s], hits_.service[s]);
      kv.fetched += t.fetched;
      kv.from_nvme += t.from_nvme;
      kv.stored += t.stored;
    }
    const Spread spread = spread_of(pool, pool.domain_nodes);
    const double moved = kv.fetched + kv.stored;
    const std::string region = view_.region_name(pool.region);
    const std::string sku = "regions." + region + ".pools." + fabric.name + ".sku.";
    const std::string fab = "regions." + region + ".fabric.";
    std::vector<Flow> here(flows_.size());
    for (std::size_t j = 0; j < here.size(); ++j) {
      if (view_.jobs[j].pool == p) here[j] = flows_[j];
      if (handing_pool(view_, design_, view_.jobs[j]) == p) here[j] = handed_flow(flows_[j]);
    }
    const auto put = [&](ResourceKind kind, const char* what, const std::string& parameter,
                         double capacity, double base, auto amount) {
      add(kind, std::string(what) + "." + pool.name, "B/s", parameter, pool.region, capacity, base,
          [&](std::uint32_t j) { return amount(here[j]); });
    };
    const double nics = pool.nodes * fabric.nic.count;
    put(ResourceKind::kNicDown, "nic_down", sku + "nic", nics, spread.peer * moved,
        [](const Flow& f) { return f.peer + f.landed; });
    put(ResourceKind::kNicUp, "nic_up", sku + "nic", nics, spread.peer * moved,
        [](const Flow& f) { return f.peer + f.handed; });
    if (has_nvme_tier(view_, pool) && design_.cache) {
      put(ResourceKind::kNvmeRead, "nvme_read", sku + "nvme_read",
          pool.nodes * fabric.nvme_read.count, kv.from_nvme,
          [](const Flow& f) { return f.nvme_read; });
      put(ResourceKind::kNvmeWrite, "nvme_write", sku + "nvme_write",
          pool.nodes * fabric.nvme_write.count, kv.stored,
          [](const Flow& f) { return f.nvme_write; });
    }
    // Nodes read alike, so a full rack is full while a short last one is not: racks are counted by
    // their nodes.
    const double rack = fabric.nodes_per_rack, pod = rack * fabric.racks_per_pod;
    const double tors = pool.nodes / rack * fabric.tor.count;
    const double pods = pool.nodes / pod * fabric.pod.count;
    put(ResourceKind::kTorDown, "tor_down", fab + "rack_oversubscription", tors,
        spread.cross_rack * moved, [](const Flow& f) { return f.cross_rack + f.landed; });
    put(ResourceKind::kTorUp, "tor_up", fab + "rack_oversubscription", tors,
        spread.cross_rack * moved, [](const Flow& f) { return f.cross_rack + f.handed; });
    put(ResourceKind::kPodDown, "pod_down", fab + "pod_oversubscription", pods,
        spread.cross_pod * moved, [](const Flow& f) { return f.cross_pod + f.landed; });
    put(ResourceKind::kPodUp, "pod_up", fab + "pod_oversubscription", pods,
        spread.cross_pod * moved, [](const Flow& f) { return f.cross_pod + f.handed; });
  }

  void add_wan() {
    for (const scenario::WanLink& link : view_.scenario->links) {
      for (const bool forward : {true, false}) {
        const std::uint32_t from = view_.fleet.find_region(forward ? link.from : link.to);
        const std::uint32_t to = view_.fleet.find_region(forward ? link.to : link.from);
        add(ResourceKind::kWan, "wan." + view_.region_name(from) + "-" + view_.region_name(to),
            "B/s", "links." + link.from + "-" + link.to + ".bandwidth", from, link.bandwidth.count,
            0, [&](std::uint32_t j) {
              const JobView& job = view_.jobs[j];
              return job.home == from && job.region == to ? flows_[j].wan : 0.0;
            });
      }
    }
  }

  // What a node's own NIC and read-ahead window allow one job, whatever the others do.
  void add_readahead(std::uint32_t j) {
    const JobView& job = view_.jobs[j];
    const PoolView& pool = view_.pools[job.pool];
    const auto only = [j](double amount) {
      return [j, amount](std::uint32_t i) { return i == j ? amount : 0.0; };
    };
    const Flow& f = flows_[j];
    const double own_share = job.nodes / pool.nodes;
    const std::string sku =
        "regions." + view_.region_name(job.region) + ".pools." + pool.fabric->name + ".sku.nic";
    name_is_job_ = true;
    add(ResourceKind::kNicDown, "nic_down." + pool.name + "." + job.job->name, "B/s", sku,
        job.region, job.nodes * pool.fabric->nic.count, 0,
        only(f.peer + f.landed * (design_.cache ? own_share : 1)));
    add(ResourceKind::kReadahead, "readahead." + job.job->name, "B/s",
        "workloads." + job.job->name + ".prefetch", job.region,
        job.nodes * readahead_reads(job, design_.demand) * job.object / read_seconds(job, f), 0,
        only(1));
  }

  // Mean time of one read that meets no queue.
  double read_seconds(const JobView& job, const Flow& f) const {
    const scenario::Region& home = *view_.regions[job.home];
    const scenario::Region& here = *view_.regions[job.region];
    const scenario::NodeSku& sku = view_.pools[job.pool].pool->sku;
    const double hop = to_seconds(here.fabric.rtt_region) + to_seconds(here.fabric.lookup) +
                       job.object / sku.nic.count;
    const OriginRead miss = origin_read(home, design_.path, job.object);
    return std::max(1e-9, hop + f.origin * (to_seconds(miss.law.mean()) + to_seconds(miss.rest)));
  }

  const FleetView& view_;
  const Design& design_;
  const Moment& moment_;
  const Hits& hits_;
  std::vector<Flow> flows_;
  Resources out_;
  bool name_is_job_ = false;                       // while the resources of one job are added
  std::uint32_t pool_ = topologies::Fleet::kNone;  // while those of one pool are
};

}  // namespace

Spread spread_of(const PoolView& pool, double nodes) {
  const double rack = pool.fabric->nodes_per_rack;
  const double pod = rack * pool.fabric->racks_per_pod;
  return {1 - 1 / nodes, nodes > rack ? 1 - rack / nodes : 0, nodes > pod ? 1 - pod / nodes : 0};
}

Flow flow_of(const FleetView& view, const Design& design, const JobView& job, const JobHits& h) {
  const PoolView& pool = view.pools[job.pool];
  const Spread spread = spread_of(pool, design.cache ? pool.domain_nodes : 1);
  Flow f;
  f.landed = 1 - h.hit;
  f.origin = f.landed - h.remote;
  f.peer = spread.peer;
  f.cross_rack = spread.cross_rack;
  f.cross_pod = spread.cross_pod;
  if (design.cache && has_nvme_tier(view, pool)) {
    f.nvme_read = h.hit - h.dram;
    f.nvme_write = f.landed;  // every fill goes to every tier, see sim/world
    const scenario::CacheTier* largest = largest_tier(view, pool);
    if (largest != nullptr && largest->eviction == "pinned" && h.cached < 1) f.nvme_write = 0;
  }
  f.wan = job.home == job.region ? 0 : f.landed;
  return f;
}

// Bytes that the home region's cache lacks come to its owners and stay there, all leave them.
Flow handed_flow(const Flow& flow) {
  Flow f;
  f.handed = flow.landed;
  f.landed = flow.origin;
  f.nvme_read = flow.landed - flow.origin;
  if (flow.nvme_write > 0) f.nvme_write = flow.origin;
  return f;
}

models::DirectPath direct_path_of(const scenario::Region& region, OriginPath path) {
  const scenario::Bifrost& b = region.bifrost;
  const models::DirectPath plain{b.stamp, b.plan_requests, b.plan_time, b.first_byte.p50,
                                 b.first_byte.p99};
  if (path != OriginPath::kDeltaZero) return plain;
  return models::with_deltazero(
      plain, {region.deltazero.capacity_factor, region.deltazero.latency_factor});
}

OriginRead origin_read(const scenario::Region& home, OriginPath path, double object) {
  const bool direct = path != OriginPath::kFrontEnd;
  const models::DirectPath way = direct_path_of(home, path);
  const scenario::LatencyLaw& blob = home.blob.first_byte;
  const double stream = direct ? home.bifrost.stream.count : home.blob.stream.count;
  // A scenario may have no latency at all; the log-normal needs one.
  const auto p50 = std::max(1e-9, to_seconds(direct ? way.first_byte_p50 : blob.p50));
  const auto p99 = std::max(p50, to_seconds(direct ? way.first_byte_p99 : blob.p99));
  const double plan = direct ? to_seconds(way.plan_time) : 0;
  return {models::LogNormalLatency(from_seconds(p50), from_seconds(p99)),
          from_seconds(plan + (stream > 0 ? object / stream : 0))};
}

double direct_share(const FleetView& view, const Design& design, std::uint32_t region) {
  if (design.path == OriginPath::kFrontEnd) return 0;
  const scenario::Bifrost& b = view.regions[region]->bifrost;
  return b.eligible * (1 - b.fallback);
}

double accounts_of(const FleetView& view, const Design& design, std::uint32_t region) {
  return design.accounts > 0 ? design.accounts : view.regions[region]->blob.accounts;
}

KvTraffic kv_traffic(const ServiceView& s, const ServiceHits& hits) {
  KvTraffic t;
  if (!s.synthetic) return t;
  const double blocks = s.demand.rate * s.demand.blocks * s.block_bytes;
  t.fetched = blocks * hits.kv.usable_ratio;
  t.from_nvme = t.fetched * (1 - hits.dram_share());
  t.recomputed = blocks - t.fetched;
  t.stored = blocks * (1 - hits.kv.block_hit_ratio);
  return t;
}

double checkpoint_rate(const JobView& job) {
  const scenario::Checkpoint& c = job.job->checkpoint;
  if (c.size.count == 0 || c.every.count <= 0) return 0;
  return static_cast<double>(c.size.count) / to_seconds(checkpoint_period(job, job.job->compute));
}

Duration checkpoint_period(const JobView& job, Duration step) {
  const scenario::Checkpoint& c = job.job->checkpoint;
  return models::checkpoint_period(c.every, c.asynchronous ? c.stall : Duration(0), step,
                                   job.job->compute_cv);
}

Resources resources_of(const FleetView& view, const Design& design, const Moment& moment,
                       const Hits& hits) {
  return Builder(view, design, moment, hits).build();
}

}  // namespace fleetcache::analytic
