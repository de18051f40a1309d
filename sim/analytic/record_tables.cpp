// Tables of the analytic record, the regime map first.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "models/cost/cost.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/resources.hpp"
#include "sim/analytic/text.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Record;
using probes::Table;

std::string bare_percent(double ratio) {
  char text[32];
  std::snprintf(text, sizeof text, 100 * ratio < 9.95 ? "%.1f" : "%.0f", 100 * ratio);
  return text;
}

// "blob_egress.eastus2" -> "egress": the map says what, the flip points say where.
std::string short_name(const std::string& resource) {
  static const std::pair<const char*, const char*> kNames[] = {{"blob_egress", "egress"},
                                                               {"blob_requests", "requests"},
                                                               {"front_end_fleet", "FE fleet"},
                                                               {"direct_stamp", "stamp"},
                                                               {"plan_service", "plans"},
                                                               {"blob_ingress", "ingress"},
                                                               {"nic_down", "NIC"},
                                                               {"nic_up", "NIC"},
                                                               {"nvme_read", "NVMe read"},
                                                               {"nvme_write", "NVMe write"},
                                                               {"tor_down", "ToR"},
                                                               {"tor_up", "ToR"},
                                                               {"pod_down", "pod"},
                                                               {"pod_up", "pod"},
                                                               {"wan", "WAN"},
                                                               {"readahead", "read-ahead"}};
  const std::string head = resource.substr(0, resource.find('.'));
  for (const auto& [long_name, name] : kNames)
    if (head == long_name) return name;
  return resource;
}

std::string cached_cell(const RegimeCell& c) {
  std::string text = bare_percent(c.first_stall) + " / " + bare_percent(c.stall);
  const std::string& what = c.binding.empty() ? c.first_binding : c.binding;
  return what.empty() ? text : text + " " + short_name(what);
}

std::string no_cache_text(const RegimeCell& c) {
  std::string text = count(static_cast<double>(c.accounts));
  text += c.fits_default ? " fit" : c.fits_on_request ? " >250" : " >500";
  if (c.stall > 1e-4) text += ": " + bare_percent(c.stall) + " " + short_name(c.binding);
  return text;
}

Table regime_table(const Solved& s) {
  Table t;
  t.title = "REGIME MAP (not simulated): stall % in the first epoch / steady, and what binds";
  t.columns = {"MB/s per GPU", "no cache: accounts", "cache + front end", "cache + Bifrost",
               "+ DeltaZero (assumed)"};
  for (const RegimeRow& row : s.map) {
    t.rows.push_back({digits(row.per_gpu / 1e6) + (row.factor == 1 ? " *" : ""),
                      no_cache_text(row.no_cache), cached_cell(row.front_end),
                      cached_cell(row.bifrost), cached_cell(row.deltazero)});
  }
  t.notes = {
      "* the scenario's demand; other rows scale every job's bytes per step, compute unchanged",
      "no cache: accounts that the busiest region needs; fit = within the default 250 per "
      "subscription and region, >250 = on request up to 500, >500 = not to be had (stall with 500)",
      "cache columns: accounts as the scenario says; a name = the resource that costs most GPU "
      "time",
      "DeltaZero has no public description: its factors are assumptions"};
  return t;
}

std::string per_gpu_text(double x) {
  if (x <= 0) return "never";
  return std::isinf(x) ? "always" : digits(x / 1e6);
}

// When the direct path keeps jobs running that the front end does not.
std::string pays(double front_end, double bifrost) {
  if (std::isinf(front_end)) return "never (the front end always suffices)";
  if (bifrost <= front_end) return "never (its own limit comes first)";
  return "above " + per_gpu_text(front_end) +
         (std::isinf(bifrost) ? "" : " up to " + per_gpu_text(bifrost));
}

Table flip_table(const Solved& s) {
  Table t;
  t.title = "FLIP POINTS: MB/s per GPU up to which each way suffices";
  t.columns = {
      "region", "now",      "front end: first epoch", "steady",       "Bifrost: first epoch",
      "steady", "no cache", "no cache, 250",          "no cache, 500"};
  for (const FlipPoints& f : s.flips) {
    if (f.per_gpu <= 0) continue;
    t.rows.push_back({s.view.region_name(f.region), digits(f.per_gpu / 1e6),
                      per_gpu_text(f.front_end_first_to), per_gpu_text(f.front_end_to),
                      per_gpu_text(f.bifrost_first_to), per_gpu_text(f.bifrost_to),
                      per_gpu_text(f.no_cache_to), per_gpu_text(f.no_cache_default_to),
                      per_gpu_text(f.no_cache_request_to)});
  }
  t.notes.push_back(
      "suffices: no part of the way is full; steps may still wait for their slowest read (map)");
  for (const FlipPoints& f : s.flips) {
    if (f.per_gpu <= 0) continue;
    const std::string region = s.view.region_name(f.region);
    const auto accounts = s.course.phases.steady.region[f.region].accounts;
    t.notes.push_back(region + ": Bifrost pays, in MB/s per GPU with " + count(accounts) +
                      " accounts and this NVMe: first epoch " +
                      pays(f.front_end_first_to, f.bifrost_first_to) + "; steady " +
                      pays(f.front_end_to, f.bifrost_to));
    if (f.stamp_low > 0)
      t.notes.push_back(
          region + ": the stamp is assumed, " + bits_per_second(f.stamp_low) + " to " +
          bits_per_second(f.stamp_high) + ": Bifrost suffices in the first epoch up to " +
          per_gpu_text(f.bifrost_first_low) + " to " + per_gpu_text(f.bifrost_first_high) +
          ", steady " +
          (std::isinf(f.bifrost_low)
               ? "always"
               : "up to " + per_gpu_text(f.bifrost_low) + " to " + per_gpu_text(f.bifrost_high)) +
          " MB/s per GPU");
    if (!f.crossing_resource.empty())
      t.notes.push_back(region + ": front end full at D = " + bytes_per_second(f.crossing_demand) +
                        ", h = " + percent(f.crossing_hit) + ": D (1 - h) puts " +
                        amount(f.crossing_offered, f.crossing_unit) + " on " + f.crossing_resource +
                        " of " + amount(f.crossing_capacity, f.crossing_unit));
    if (f.nvme_factor)
      t.notes.push_back(region + ": at this demand the front end suffices in steady state from " +
                        digits(*f.nvme_factor) + " x the cache capacity given");
    else if (s.design.cache)
      t.notes.push_back(region + ": no cache of up to 1,000 x the size given lets the front end " +
                        "suffice in steady state");
  }
  return t;
}

std::string edges_text(const topologies::ClassCut& cut) {
  std::string text;
  for (const topologies::CutEdge& e : cut.edges)
    text += (text.empty() ? "" : ", ") + e.name + " (" + bytes_per_second(e.capacity.count) + ")";
  return text.empty() ? "nothing" : text;
}

Table cut_table(const Solved& s) {
  Table t;
  t.title = "BOTTLENECKS by max-flow over classes of links";
  t.columns = {"phase", "reads at full pace", "get through at once", "the cut"};
  for (const Bottlenecks* b : {&s.first, &s.steady})
    t.rows.push_back({b == &s.first ? "first epoch, at its start" : "steady",
                      bytes_per_second(b->wanted.wanted.count),
                      bytes_per_second(b->wanted.flow.count), edges_text(b->wanted)});
  t.notes = {
      "bytes into nodes, from origins and from other nodes of the cache; the rates above come "
      "from max-min filling, and a check of this answer holds them against this graph",
      "requests, plans and writes a second are not bytes and bind beside it"};
  return t;
}

Table demand_table(const Solved& s) {
  Table t;
  t.title = "DEMAND by class and region";
  t.columns = {"region",
               "dataset reads",
               "origin, first epoch",
               "origin, steady",
               "checkpoint writes",
               "restore, one job",
               "KV read",
               "KV new"};
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) {
    const RegionAnswer& a = s.course.phases.steady.region[r];
    double restore = 0, kv_read = 0, kv_new = 0;
    for (std::size_t j = 0; j < s.view.jobs.size(); ++j)
      if (s.view.jobs[j].region == r)
        restore = std::max(restore, static_cast<double>(s.view.jobs[j].job->checkpoint.size.count));
    for (std::size_t i = 0; i < s.view.services.size(); ++i)
      if (s.view.services[i].region == r) {
        kv_read += s.course.phases.steady.service[i].fetched;
        kv_new += s.course.phases.steady.service[i].recomputed;
      }
    t.rows.push_back({s.view.region_name(r), bytes_per_second(a.wanted),
                      bytes_per_second(s.course.phases.first.region[r].origin_wanted),
                      bytes_per_second(a.origin_wanted), bytes_per_second(a.ingress),
                      byte_count(restore), bytes_per_second(kv_read), bytes_per_second(kv_new)});
  }
  t.notes = {"at full pace of every job; weights are not a workload of scenario files yet"};
  return t;
}

std::string limit_text(const models::AccountPlan& plan) {
  if (plan.fleet_exceeded) return "front-end fleet exceeded";
  return std::string(models::name(plan.limit));
}

Table account_table(const Solved& s) {
  Table t;
  t.title = "ACCOUNTS: needed, and the limit that sets them";
  t.columns = {"region",
               "scenario",
               "first epoch",
               "set by",
               "steady",
               "set by",
               "egress/requests/ingress/capacity",
               "no cache",
               "set by"};
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r) {
    const RegionAnswer& a = s.course.phases.steady.region[r];
    const models::AccountPlan& first = s.course.phases.first.region[r].plan;
    const models::AccountPlan& none = s.no_cache.front().region[r].plan;
    const auto n = [](std::uint64_t x) { return count(static_cast<double>(x)); };
    t.rows.push_back({s.view.region_name(r), count(a.accounts), n(first.accounts),
                      limit_text(first), n(a.plan.accounts), limit_text(a.plan),
                      n(a.plan.by_egress) + "/" + n(a.plan.by_requests) + "/" +
                          n(a.plan.by_ingress) + "/" + n(a.plan.by_capacity),
                      n(none.accounts), limit_text(none)});
  }
  t.notes = {"quota: 250 accounts per subscription and region by default, 500 on request",
             "stored: data sets of the region and " +
                 count(s.view.scenario->assumptions.checkpoints_kept) + " checkpoints a job"};
  return t;
}

Table job_table(const Solved& s) {
  Table t;
  t.title = "TRAINING JOBS";
  t.columns = {"job",         "MB/s per GPU", "c",
               "h",           "first epoch",  "stall first / steady",
               "binds",       "goodput",      "checkpoint every / best",
               "waste / best"};
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const JobAnswer &a = s.course.phases.steady.job[j], &cold = s.course.phases.first.job[j];
    const double per_gpu = job.gpus > 0 ? a.wanted / job.gpus / 1e6 : 0;
    const bool late = a.slow_read_s > a.rate_stall_s || (a.stall <= 1e-4 && cold.slow_read_s > 0 &&
                                                         cold.slow_read_s > cold.rate_stall_s);
    std::string binds = !a.binding.empty() ? short_name(a.binding)
                        : late             ? "slow reads"
                                           : short_name(cold.binding);
    if (a.stall <= 1e-4 && cold.stall <= 1e-4) binds = "-";
    const bool fails = a.mtti_s > 0;
    t.rows.push_back(
        {job.job->name, digits(per_gpu), percent(a.hits.cached), percent(a.hits.hit),
         percent(s.course.job[j].first_share) + " of time",
         percent(s.course.phases.first_stall[j]) + " / " + percent(a.stall), binds,
         percent(s.course.job[j].goodput),
         fails ? seconds(to_seconds(job.job->checkpoint.every)) + " / " + seconds(a.best_interval_s)
               : "-",
         fails ? percent(a.failure_waste) + " / " + percent(a.best_waste) : "-"});
  }
  t.notes = {"c: share of the data set that fits one cache; h: hit ratio in steady state",
             "waste: exact renewal form under failures of nodes (failures.node.mtbf, else " +
                 digits(86400 * s.view.scenario->assumptions.gpu_failure_rate.count) +
                 " per GPU and day, assumptions.gpu_failure_rate), in the mean; goodput has those "
                 "of the plan of events"};
  return t;
}

Table service_table(const Solved& s) {
  Table t;
  t.title = "INFERENCE SERVICES";
  t.columns = {"service", "requests/s", "block hits", "slots busy", "queue",
               "fetch",   "prefill",    "TTFT mean",  "p50",        "p99"};
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    const ServiceView& v = s.view.services[i];
    const ServiceAnswer& a = s.course.phases.steady.service[i];
    if (!v.synthetic) {
      t.notes.push_back(v.service->name + ": a trace is not read at this rung; use --rung exact");
      continue;
    }
    t.rows.push_back({v.service->name, digits(v.demand.rate), percent(a.hits.kv.block_hit_ratio),
                      percent(a.utilization), seconds(a.queue_mean_s), seconds(a.fetch_mean_s),
                      seconds(a.prefill_mean_s), seconds(a.ttft_mean_s), seconds(a.ttft_p50_s),
                      seconds(a.ttft_p99_s)});
    if (a.utilization >= 1)
      t.notes.push_back(v.service->name +
                        ": overloaded; its queue is the mean backlog of the horizon");
  }
  return t;
}

Table pool_table(const Solved& s) {
  Table t;
  t.title = "CACHE HARDWARE";
  t.columns = {"pool", "nodes",      "NVMe share", "fleet NVMe cache", "writes per node",
               "DWPD", "life, years"};
  for (std::size_t p = 0; p < s.view.pools.size(); ++p) {
    const PoolAnswer& a = s.course.phases.steady.pool[p];
    const PoolView& pool = s.view.pools[p];
    if (a.nvme_share <= 0 || (pool.jobs.empty() && pool.services.empty())) continue;
    t.rows.push_back(
        {pool.name, count(pool.nodes), percent(a.nvme_share),
         byte_count(a.nvme_share * static_cast<double>(pool.pool->sku.nvme.count) * pool.nodes),
         bytes_per_second(a.nvme_writes), digits(a.writes_per_day), digits(a.life_years)});
    if (a.nvme_share > 1)
      t.notes.push_back(pool.name + ": the cache is larger than the disks of a node");
  }
  t.notes.push_back("DWPD in steady state; write amplification " +
                    digits(s.view.scenario->assumptions.write_amplification) +
                    " (assumptions.write_amplification)");
  return t;
}

// Mean load of a resource over the measured time, B/s.
double mean_load(const Solved& s, const std::string& name) {
  double sum = 0;
  for (const Stage& stage : s.course.stage)
    for (const ResourceAnswer& a : stage.answer.resource)
      if (a.name == name) sum += stage.seconds * a.load;
  return sum / s.course.seconds;
}

Table wan_table(const Solved& s) {
  Table t;
  t.title = "WAN";
  t.columns = {"link", "capacity", "mean load", "busy", "cost", "steady load", "per month"};
  std::map<std::string, double> steady;
  for (const ResourceAnswer& a : s.course.phases.steady.resource)
    if (a.kind == ResourceKind::kWan) steady[a.name] = a.load;
  std::set<std::string> told;
  const auto add = [&](const ResourceAnswer& a) {
    if (a.kind != ResourceKind::kWan || !told.insert(a.name).second) return;
    Money price(0);
    for (const scenario::WanLink& l : s.view.scenario->links)
      if (a.parameter == "links." + l.from + "-" + l.to + ".bandwidth") price = l.per_gb;
    const double mean = mean_load(s, a.name), later = steady.count(a.name) > 0 ? steady[a.name] : 0;
    t.rows.push_back(
        {a.name.substr(4), bits_per_second(a.capacity), bits_per_second(mean),
         percent(a.capacity > 0 ? mean / a.capacity : 0),
         dollars(models::transfer_cost(BytesPerSecond(mean), from_seconds(s.course.seconds), price)
                     .count),
         bits_per_second(later),
         dollars(models::transfer_cost_per_month(BytesPerSecond(later), price).count)});
  };
  for (const Stage& stage : s.course.stage)
    for (const ResourceAnswer& a : stage.answer.resource) add(a);
  for (const ResourceAnswer& a : s.course.phases.steady.resource) add(a);
  t.notes = {t.rows.empty() ? "no data set is read from another region"
                            : "mean load, busy and cost are of the measured time, first epochs "
                              "included; per month: of the steady state"};
  return t;
}

// GPU hours lost by all jobs over the measured time to waits beyond the steady state's: the price
// of a cold cache, paid once.
double cold_gpu_hours(const Solved& s) {
  const double hours = s.course.seconds / 3600;
  double sum = 0;
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j)
    sum += s.view.jobs[j].gpus * hours *
           std::max(0.0, s.course.job[j].stall - s.course.phases.steady.job[j].stall);
  return sum;
}

Table cost_table(const Solved& s) {
  Table t;
  const Money price = s.view.scenario->assumptions.gpu_hour;
  t.title =
      "WHAT STALLS COST at " + digits(price.count) + " USD per GPU hour (assumptions.gpu_hour)";
  t.columns = {"design", "steady stall", "per month, from then on", "cold fill, once",
               "stall over the horizon"};
  double gpus = 0;
  for (const JobView& j : s.view.jobs) gpus += j.gpus;
  const auto row = [&](const char* name, double steady, double once, double horizon) {
    t.rows.push_back({name, percent(steady),
                      dollars(models::stall_cost_per_month(gpus, price, steady).count),
                      dollars(once * price.count), percent(horizon)});
  };
  row("this scenario", s.course.phases.steady.stall, cold_gpu_hours(s), s.course.stall);
  if (s.design.cache) {
    const Answer& none = s.no_cache.front();
    row("the same without a cache", none.stall, 0, s.no_cache_stall);
  }
  t.notes = {
      "cold fill: GPU time lost in first epochs after the warm-up and within the horizon (a longer "
      "one may hold more of it), beyond the steady state's; it comes again with a new data set or "
      "an empty cache"};
  return t;
}

}  // namespace

void add_tables(const Solved& s, Record& record) {
  if (!s.map.empty()) {
    record.tables.push_back(regime_table(s));
    record.tables.push_back(flip_table(s));
  }
  record.tables.push_back(cut_table(s));
  record.tables.push_back(demand_table(s));
  record.tables.push_back(account_table(s));
  if (!s.view.jobs.empty()) record.tables.push_back(job_table(s));
  if (!s.view.services.empty()) record.tables.push_back(service_table(s));
  if (s.design.cache) record.tables.push_back(pool_table(s));
  if (!s.view.scenario->links.empty()) record.tables.push_back(wan_table(s));
  if (!s.view.jobs.empty()) record.tables.push_back(cost_table(s));
}

}  // namespace fleetcache::analytic
