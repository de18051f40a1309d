// Metrics, stations, bytes and checks of the analytic record, under the names that the exact rung
// uses where both have the figure.
#include <algorithm>
#include <cmath>
#include <map>

#include "models/capacity/kv_growth.hpp"
#include "models/cost/cost.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Record;

void put(Record& record, const std::string& name, double value, const char* unit) {
  put_metric(record, name, value, unit);
}

void put_jobs(const Solved& s, Record& record) {
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const JobAnswer &warm = s.course.phases.steady.job[j], &cold = s.course.phases.first.job[j];
    const std::string name = "train." + job.job->name + ".";
    const double goodput = s.course.job[j].goodput, stall = s.course.job[j].stall;
    put(record, name + "goodput", goodput, "ratio");
    put(record, name + "stall", stall, "ratio");
    put(record, name + "checkpoint_share", s.course.job[j].checkpoint, "ratio");
    put(record, name + "restore_share", s.course.job[j].restore, "ratio");
    put(record, name + "down_share", s.course.job[j].down, "ratio");
    put(record, name + "redone_share", s.course.job[j].redone, "ratio");
    if (s.view.scenario->failures.enabled)
      put(record, name + "random_stops", s.course.job[j].random_stops, "1");
    put(record, name + "stall_first_epoch", s.course.phases.first_stall[j], "ratio");
    put(record, name + "start_wait", cold.start_s, "s");
    put(record, name + "stall_steady", warm.stall, "ratio");
    put(record, name + "first_epoch_share", s.course.job[j].first_share, "ratio");
    put(record, name + "accelerator_utilization",
        goodput + stall > 0 ? goodput / (goodput + stall) : 0, "ratio");
    put(record, name + "demand", warm.wanted, "B/s");
    put(record, name + "rate", warm.rate, "B/s");
    put(record, name + "hit_ratio", warm.hits.hit, "ratio");
    put(record, name + "slow_read_stall", warm.slow_read_s, "s");
    if (warm.checkpoint_rate <= 0) continue;
    put(record, name + "restore_time", warm.restore_s, "s");
    if (warm.mtti_s <= 0) continue;
    put(record, name + "mtti", warm.mtti_s, "s");
    put(record, name + "checkpoint_interval_best", warm.best_interval_s, "s");
    put(record, name + "checkpoint_waste", warm.failure_waste, "ratio");
    put(record, name + "checkpoint_waste_best", warm.best_waste, "ratio");
    // What failures cost in the mean, beside the goodput under those that were drawn.
    if (s.view.scenario->failures.enabled) {
      put(record, name + "failure_waste", warm.failure_waste, "ratio");
    }
  }
  if (s.view.jobs.empty()) return;
  if (s.view.scenario->failures.enabled) {
    double nodes = 0, wasted = 0;
    for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
      nodes += s.view.jobs[j].nodes;
      wasted += s.view.jobs[j].nodes * s.course.phases.steady.job[j].failure_waste;
    }
    put(record, "train.failure_waste", wasted / nodes, "ratio");
  }
  double nodes = 0, checkpoint = 0, restore = 0, down = 0, redone = 0, stops = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobCourse& c = s.course.job[j];
    nodes += s.view.jobs[j].nodes;
    checkpoint += s.view.jobs[j].nodes * c.checkpoint;
    restore += s.view.jobs[j].nodes * c.restore;
    down += s.view.jobs[j].nodes * c.down;
    redone += s.view.jobs[j].nodes * c.redone;
    stops += c.random_stops;
  }
  put(record, "train.checkpoint_share", checkpoint / nodes, "ratio");
  put(record, "train.restore_share", restore / nodes, "ratio");
  put(record, "train.down_share", down / nodes, "ratio");
  put(record, "train.redone_share", redone / nodes, "ratio");
  if (s.view.scenario->failures.enabled) put(record, "train.random_stops", stops, "1");
  put(record, "train.goodput", s.course.goodput, "ratio");
  put(record, "train.stall", s.course.stall, "ratio");
  put(record, "train.demand_per_gpu", demand_per_gpu(s.view), "B/s");
  put(record, "cache.hit_ratio.dataset", dataset_hit_ratio(s.course), "ratio");
  put(record, "cache.byte_hit_ratio.dataset", dataset_hit_ratio(s.course), "ratio");
  put(record, "cache.hit_ratio_steady.dataset", dataset_hit_ratio(s.view, s.course.phases.steady),
      "ratio");
}

void put_services(const Solved& s, Record& record) {
  bool any = false;
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    if (!s.view.services[i].synthetic) continue;
    any = true;
    const ServiceAnswer& a = s.course.phases.steady.service[i];
    const std::string name = "infer." + s.view.services[i].service->name + ".";
    put(record, name + "ttft_mean", a.ttft_mean_s, "s");
    put(record, name + "ttft_p50", a.ttft_p50_s, "s");
    put(record, name + "ttft_p99", a.ttft_p99_s, "s");
    put(record, name + "ttft_queue_mean", a.queue_mean_s, "s");
    put(record, name + "ttft_fetch_mean", a.fetch_mean_s, "s");
    put(record, name + "ttft_prefill_mean", a.prefill_mean_s, "s");
    // Work that is offered beyond all slots waits: slots are busy, not more.
    put(record, name + "slot_utilization", std::min(1.0, a.utilization), "ratio");
    put(record, name + "block_hit_ratio", a.hits.kv.block_hit_ratio, "ratio");
    put(record, name + "block_bytes", s.view.services[i].block_bytes, "B");
  }
  if (!any) return;
  const double hit = kv_block_hit_ratio(s.view, s.course.phases.steady);
  put(record, "kv.block_hit_ratio", hit, "ratio");
  put(record, "cache.hit_ratio.kv", hit, "ratio");
}

// Over the measured time.
double mean_origin(const Solved& s, std::uint32_t r) {
  double sum = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobCourse& c = s.course.job[j];
    const JobView& job = s.view.jobs[j];
    if (job.home == r) sum += c.read - c.hit - c.remote;
    if (job.region == r) sum += c.restores * static_cast<double>(job.job->checkpoint.size.count);
  }
  return sum / s.course.seconds;
}

void put_regions(const Solved& s, Record& record) {
  double served = 0;
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) {
    const std::string& name = s.view.region_name(r);
    const RegionAnswer &a = s.course.phases.steady.region[r],
                       &first = s.course.phases.first.region[r];
    const double mean = mean_origin(s, r);
    served += mean;
    put(record, "origin.bytes_per_second." + name, mean, "B/s");
    put(record, "origin.bytes_per_second_steady." + name, a.origin_served, "B/s");
    put(record, "origin.demand." + name, a.origin_wanted, "B/s");
    put(record, "origin.demand_first_epoch." + name, first.origin_wanted, "B/s");
    put(record, "origin.requests_per_second." + name, a.requests, "1/s");
    put(record, "accounts." + name, static_cast<double>(a.plan.accounts), "1");
    put(record, "accounts_first_epoch." + name, static_cast<double>(first.plan.accounts), "1");
    put(record, "accounts_no_cache." + name,
        static_cast<double>(s.no_cache.front().region[r].plan.accounts), "1");
    if (s.flips[r].per_gpu <= 0) continue;
    put(record, "flip.front_end." + name, s.flips[r].front_end_to, "B/s");
    put(record, "flip.front_end_first_epoch." + name, s.flips[r].front_end_first_to, "B/s");
    put(record, "flip.bifrost." + name, s.flips[r].bifrost_to, "B/s");
    put(record, "flip.no_cache." + name, s.flips[r].no_cache_to, "B/s");
  }
  put(record, "origin.bytes_per_second", served, "B/s");
}

void put_pools(const Solved& s, Record& record) {
  for (std::size_t p = 0; p < s.view.pools.size(); ++p) {
    const PoolAnswer& a = s.course.phases.steady.pool[p];
    if (a.nvme_share <= 0) continue;
    const std::string& name = s.view.pools[p].name;
    put(record, "nvme.share." + name, a.nvme_share, "ratio");
    put(record, "nvme.drive_writes_per_day." + name, a.writes_per_day, "1");
    put(record, "nvme.life_years." + name, a.life_years, "1");
  }
}

void put_wan(const Solved& s, Record& record) {
  double cost = 0;
  bool any = false;
  for (const ResourceAnswer& a : s.course.phases.steady.resource) {
    if (a.kind != ResourceKind::kWan) continue;
    any = true;
    put(record, a.name + ".bytes_per_second", a.load, "B/s");
    for (const scenario::WanLink& l : s.view.scenario->links)
      if (a.parameter == "links." + l.from + "-" + l.to + ".bandwidth")
        cost += models::transfer_cost_per_month(BytesPerSecond(a.load), l.per_gb).count;
  }
  if (any) put(record, "wan.cost_per_month", cost, "USD");
}

std::uint64_t whole(double x) {
  return x <= 0 ? 0 : x >= 1.8e19 ? UINT64_MAX : static_cast<std::uint64_t>(std::llround(x));
}

}  // namespace

void put_metric(Record& record, const std::string& name, double value, const char* unit) {
  if (std::isfinite(value)) record.metrics[name] = {value, unit, 0};
}

double kv_block_hit_ratio(const FleetView& view, const Answer& answer) {
  double hits = 0, lookups = 0;
  for (std::size_t i = 0; i < view.services.size(); ++i) {
    const double blocks = view.services[i].demand.rate * view.services[i].demand.blocks;
    lookups += blocks;
    hits += blocks * answer.service[i].hits.kv.block_hit_ratio;
  }
  return lookups > 0 ? hits / lookups : 0;
}

double dataset_hit_ratio(const FleetView& view, const Answer& answer) {
  double hits = 0, asked = 0;
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    asked += answer.job[j].rate;
    hits += answer.job[j].rate * answer.job[j].hits.hit;
  }
  return asked > 0 ? hits / asked : 0;
}

double dataset_hit_ratio(const Course& course) {
  double hits = 0, asked = 0;
  for (const JobCourse& c : course.job) {
    asked += c.read;
    hits += c.hit;
  }
  return asked > 0 ? hits / asked : 0;
}

void add_metrics(const Solved& solved, Record& record) {
  put_jobs(solved, record);
  put_services(solved, record);
  put_regions(solved, record);
  put_pools(solved, record);
  put_wan(solved, record);
}

void add_station(const ResourceAnswer& a, double share, Record& record) {
  if (a.of_one_job && a.kind != ResourceKind::kReadahead) return;
  probes::Station& station = record.stations[a.name];
  const double busy = std::min(1.0, a.utilization());
  station.utilization_mean += share * busy;
  if (share > 0.01) station.utilization_p99 = std::max(station.utilization_p99, busy);
  station.capacity = a.capacity;
  station.unit = a.unit;
  station.parameter = a.parameter;
}

// Stages know what jobs do, not what services do in pools where no job runs: there only what jobs
// elsewhere are handed changes from stage to stage.
bool is_of_stages(const FleetView& view, const ResourceAnswer& a) {
  return a.pool == topologies::Fleet::kNone || !view.pools[a.pool].jobs.empty() ||
         view.pools[a.pool].services.empty();
}

// Over the measured time: a resource that no job uses in a stage is not in its answer.
void add_stations(const Solved& solved, Record& record) {
  for (const Stage& stage : solved.course.stage)
    for (const ResourceAnswer& a : stage.answer.resource)
      if (is_of_stages(solved.view, a))
        add_station(a, stage.seconds / solved.course.seconds, record);
  for (const ResourceAnswer& a : solved.course.phases.steady.resource)
    if (record.stations.count(a.name) == 0) add_station(a, 1, record);
  for (std::size_t i = 0; i < solved.view.services.size(); ++i) {
    const ServiceView& view = solved.view.services[i];
    if (!view.synthetic) continue;
    const ServiceAnswer& a = solved.course.phases.steady.service[i];
    probes::Station station;
    station.utilization_mean = station.utilization_p99 = std::min(1.0, a.utilization);
    station.capacity = static_cast<double>(view.service->nodes) * view.service->prefill_slots;
    station.unit = "slots";
    station.parameter = "workloads." + view.service->name + ".prefill_tokens";
    station.arrival_rate = view.demand.rate;
    station.mean_sojourn_s = a.queue.service_s;
    station.mean_population = view.demand.rate * a.queue.service_s;  // Little
    record.stations["prefill." + view.service->name] = station;
  }
}

namespace {

// Only figures that were summed on two ways: over the jobs, over what the stations carry, over
// time.
void add_checks(const Solved& s, Record& record) {
  const auto check = [&record](const std::string& what, double left, double right) {
    const double error = std::abs(left - right);
    record.conservation.push_back(
        {what, left, right, 1e-9, error <= 1e-9 * std::max({1.0, left, right})});
  };
  const Answer& steady = s.course.phases.steady;
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) {
    double read = 0, written = 0, accounts_and_stamp = 0, ingress = 0;
    for (std::size_t j = 0; j < steady.job.size(); ++j) {
      const JobAnswer& a = steady.job[j];
      if (s.view.jobs[j].home == r) read += a.rate * a.hits.from_origin();
      if (s.view.jobs[j].region == r) written += a.checkpoint_rate;
    }
    for (const ResourceAnswer& a : steady.resource) {
      if (a.region != r) continue;
      if (a.kind == ResourceKind::kEgress || a.kind == ResourceKind::kStamp)
        accounts_and_stamp += a.load;
      if (a.kind == ResourceKind::kIngress) ingress += a.load;
    }
    const std::string& name = s.view.region_name(r);
    check("origin reads of all jobs = load of accounts and stamp (" + name + ", B/s)", read,
          accounts_and_stamp);
    check("checkpoint writes of all jobs = load of account ingress (" + name + ", B/s)", written,
          ingress);
  }
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobCourse& c = s.course.job[j];
    check("shares of its time add up (" + s.view.jobs[j].job->name + ")",
          c.goodput + c.stall + c.checkpoint + c.restore + c.down + c.redone, 1);
  }
  for (const Bottlenecks* b : {&s.first, &s.steady}) {
    if (!b->comparable) continue;
    const std::string when = b == &s.first ? "first epoch" : "steady";
    const double wanted = b->reached.wanted.count, flow = b->reached.flow.count;
    record.conservation.push_back(
        {"rates by filling fit a max-flow over the fleet's links (" + when + ", B/s)", wanted, flow,
         1e-6, b->reached.fits});
  }
}

}  // namespace

double kv_blocks(const Solved& s, const ServiceView& service) {
  const models::KvDemand& d = service.demand;
  return d.rate * d.blocks * s.course.seconds *
         models::kv_growth(d, s.course.from_s, s.course.from_s + s.course.seconds);
}

// Bytes over the measured time, by the tiers of the exact rung.
void add_bytes_and_checks(const Solved& s, Record& record) {
  const char* origin = s.design.path == scenario::OriginPath::kFrontEnd  ? "front_end"
                       : s.design.path == scenario::OriginPath::kBifrost ? "bifrost"
                                                                         : "deltazero";
  double asked = 0, dram = 0, nvme = 0, remote = 0, direct = 0, classic = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const double share = direct_share(s.view, s.design, job.home);
    const JobAnswer& warm = s.course.phases.steady.job[j];
    const JobCourse& c = s.course.job[j];
    asked += c.read;
    // The DRAM tier's share of the hits is that of the steady state in all stages.
    const double in_dram = warm.hits.hit > 0 ? warm.hits.dram / warm.hits.hit : 0;
    dram += c.hit * in_dram;
    nvme += c.hit * (1 - in_dram);
    remote += c.remote;
    const double from_origin = c.read - c.hit - c.remote;
    direct += from_origin * share;
    classic += from_origin * (1 - share);
  }
  auto& dataset = record.bytes["dataset"];
  dataset["peer_dram"] = whole(dram);
  dataset["peer_nvme"] = whole(nvme);
  dataset["remote_region"] = whole(remote);
  dataset["front_end"] = whole(classic);
  if (s.design.path != scenario::OriginPath::kFrontEnd) dataset[origin] = whole(direct);
  if (asked <= 0) record.bytes.erase("dataset");
  double fetched = 0, from_dram = 0, recomputed = 0, looked_up = 0;
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    const ServiceView& view = s.view.services[i];
    if (!view.synthetic) continue;
    const ServiceAnswer& a = s.course.phases.steady.service[i];
    const double asked_for = kv_blocks(s, view) * view.block_bytes;
    const double found = asked_for * a.hits.kv.usable_ratio;
    fetched += found;
    from_dram += found * a.hits.dram_share();
    recomputed += asked_for - found;
    looked_up += asked_for;
  }
  if (looked_up > 0) {
    record.bytes["kv"]["peer_dram"] = whole(from_dram);
    record.bytes["kv"]["peer_nvme"] = whole(fetched - from_dram);
    record.bytes["kv"]["recompute"] = whole(recomputed);
  }
  add_checks(s, record);
}

}  // namespace fleetcache::analytic
