#include "sim/analytic/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "models/capacity/prefill_service.hpp"
#include "models/capacity/slow_read.hpp"
#include "models/checkpoint/young.hpp"
#include "models/devices/nvme.hpp"
#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/checkpoints.hpp"
#include "sim/analytic/origin_wait.hpp"
#include "sim/analytic/resources.hpp"
#include "sim/events/plan.hpp"

namespace fleetcache::analytic {

namespace {

double bytes(Bytes b) { return static_cast<double>(b.count); }

struct Context {
  const FleetView& view;
  const Design& design;
  const Moment& moment;
  const Hits& hits;
  const Resources& resources;
  const models::Filling& filling;
  /// By resource, if full: what one read under way gets a second, in bytes or (of what grants
  /// reads) in reads.
  const std::vector<double>& level;
  std::vector<double> under_way;  ///< by region: reads at its origin, at most
  EpochLaw& law;
};

// Reads that jobs may have under way at the origin of each region.
std::vector<double> under_way(const FleetView& view, const Design& design, const Moment& moment,
                              const Hits& hits) {
  std::vector<double> sum(view.regions.size(), 0);
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    if (is_away(moment, j)) continue;
    const JobView& job = view.jobs[j];
    const double missed = hits.job[j].from_origin();
    sum[job.home] += missed * job.nodes * readahead_reads(job, design.demand);
  }
  return sum;
}

void add_checkpoints(const Context& c, const JobView& job, JobAnswer& a) {
  const scenario::Checkpoint& ck = job.job->checkpoint;
  a.checkpoint_rate = checkpoint_rate(job);
  if (a.checkpoint_rate <= 0) return;
  a.checkpoint_drain_s = write_seconds(c.view, c.design, job);
  a.checkpoint_write_s = ck.asynchronous ? to_seconds(ck.stall) : a.checkpoint_drain_s;
  const double step_s = std::clamp(a.step_s, a.compute_s, 1e6);
  const double period_s = to_seconds(checkpoint_period(job, from_seconds(step_s)));
  a.checkpoint_share = std::min(1.0, a.checkpoint_write_s / period_s);
  a.checkpoint_period_s = std::max(period_s, a.checkpoint_write_s);
  a.restore_s = restore_seconds(c.view, c.design, job);
  if (a.checkpoint_write_s <= 0 || !std::isfinite(a.checkpoint_write_s)) return;
  // Of its own nodes: racks and zones that fail come on top.
  const Duration mtbf = events::node_mtbf(*c.view.scenario, *c.view.pools[job.pool].pool);
  if (mtbf.count <= 0) return;
  a.mtti_s = to_seconds(mtbf) / job.nodes;
  const Duration mtti = from_seconds(a.mtti_s), write = from_seconds(a.checkpoint_write_s);
  const Duration restart = from_seconds(std::min(a.restore_s, 1e6));
  const Duration best = models::young_interval(write, mtti);
  a.best_interval_s = to_seconds(best);
  a.failure_waste = models::checkpoint_waste(ck.every, write, mtti, restart);
  a.best_waste = models::checkpoint_waste(best, write, mtti, restart);
}

bool of_origin(ResourceKind kind) {
  return kind <= ResourceKind::kPlans || kind == ResourceKind::kWan;
}

// Limits that are granted read by read, whatever a read's size.
bool counts_reads(ResourceKind kind) {
  return kind == ResourceKind::kRequests || kind == ResourceKind::kPlans;
}

// Time of one read at the fullest part of the origin's way that the job uses; 0 when none is full.
// Reads under way share it equally, whoever's they are.
Duration full_origin_read(const Context& c, std::uint32_t j) {
  double slowest = 0;
  for (std::size_t r = 0; r < c.level.size(); ++r) {
    const ResourceKind kind = c.resources.answer[r].kind;
    if (c.level[r] <= 0 || !of_origin(kind)) continue;
    const double size = counts_reads(kind) ? 1 : c.view.jobs[j].object;
    for (const auto& [user, amount] : c.resources.filled[r].uses)
      if (user == j && amount > 0) slowest = std::max(slowest, size / c.level[r]);
  }
  return from_seconds(std::min(slowest, 1e6));
}

void add_slow_reads(const Context& c, std::uint32_t j, JobAnswer& a) {
  const JobView& job = c.view.jobs[j];
  const double origin = a.hits.from_origin();
  const double per_node = job.reads_per_step * c.design.demand;
  // Nodes read in step: with less than one read a step, all read in the same steps and none in the
  // others.
  const double reading = std::min(1.0, per_node);
  a.slow_reads_per_step = job.nodes * std::max(1.0, per_node) * origin;
  a.reading_steps = reading;
  const OriginRead read = origin_read(*c.view.regions[job.home], c.design.path, job.object);
  const Duration slack = from_seconds(job.job->prefetch * a.compute_s);
  const OriginWait wait = origin_wait(c.view, c.design, c.resources.answer, job.home, job.object,
                                      a.slow_reads_per_step, c.under_way[job.home]);
  const Duration full = full_origin_read(c, j);
  if (origin > 0) {
    const double alone = to_seconds(read.law.mean()) + to_seconds(read.rest);
    const double together = full.count > 0 ? to_seconds(full) : 0;
    a.origin_read_s = std::max(alone + wait.mean_s(), together);
    a.origin_full = full.count > 0 || a.rate_stall_s > 0;
    a.origin_rest_s = a.origin_read_s - to_seconds(read.law.mean());
  }
  const Duration shared_rest = read.rest + from_seconds(std::min(1e6, wait.slowest_s()));
  const auto late = [&](Duration rest, Duration hidden) {
    return to_seconds(models::slowest_read_stall(read.law, a.slow_reads_per_step, rest, hidden));
  };
  a.slow_read_s = reading * late(read.rest, slack);
  // A job that the origin holds back has that in its rate, its first batches too. One that it does
  // not still has reads that wait among the others': all of them alike, and those of all steps read
  // ahead at once, which share one wait.
  if (a.rate_stall_s > 0) return;
  const Duration rest = std::max(shared_rest, full);
  const double at_once = std::max(1.0, job.job->prefetch * reading);
  if (rest > read.rest)
    a.slow_read_s = std::max(a.slow_read_s, reading * late(rest, slack) / at_once);
  // Later slices of the first epoch have started.
  const bool starts = progress_of(c.moment, j) <= 0 || !c.design.cache;
  if (starts) a.start_s = late(rest, Duration(0));
}

JobAnswer job_answer(const Context& c, std::uint32_t j) {
  const JobView& job = c.view.jobs[j];
  JobAnswer a;
  a.hits = c.hits.job[j];
  a.wanted = c.design.demand * job.wanted;
  if (is_restoring(c.moment, j)) {
    const double rate = c.filling.rate[c.view.jobs.size() + j],
                 size = bytes(job.job->checkpoint.size);
    a.restore_s = size <= 0 ? 0 : rate > 0 ? size / rate : std::numeric_limits<double>::infinity();
  }
  if (is_away(c.moment, j)) return a;
  a.rate = c.filling.rate[j];
  const std::uint32_t binding = c.filling.binding[j];
  if (binding != models::kNoResource) a.binding = c.resources.answer[binding].name;
  a.compute_s = to_seconds(job.job->compute);
  const double slower = a.rate > 0 ? a.wanted / a.rate : std::numeric_limits<double>::infinity();
  a.rate_stall_s = a.wanted > 0 ? std::max(0.0, slower - 1) * a.compute_s : 0;
  add_slow_reads(c, j, a);
  // A job that waits for bytes has its slow reads hidden behind that wait: the larger counts.
  a.step_s = a.compute_s + std::max(a.rate_stall_s, a.slow_read_s);
  add_checkpoints(c, job, a);
  const double running = 1 - a.checkpoint_share;
  a.utilization = std::isfinite(a.step_s) ? a.compute_s / a.step_s : 0;
  a.goodput = running * a.utilization;
  a.stall = running * (1 - a.utilization);
  return a;
}

void add_prefill(const ServiceView& s, double fetch_s_per_block, bool law, ServiceAnswer& a) {
  const scenario::InferenceService& service = *s.service;
  models::PrefillService p =
      models::prefill_service(s.demand, a.hits.kv,
                              {service.prefill_tokens, service.prefill_quadratic,
                               1.0 * service.block_tokens, fetch_s_per_block},
                              law);
  a.prefill_mean_s = p.prefill_s;
  a.fetch_mean_s = p.fetch_s;
  a.queue.service_s = p.fetch_s + p.prefill_s;
  a.queue.service_cv2 = p.cv2;
  a.queue.service_law = std::move(p.law);
}

ServiceAnswer service_answer(const Context& c, std::uint32_t s) {
  const ServiceView& view = c.view.services[s];
  ServiceAnswer a;
  a.hits = c.hits.service[s];
  if (!view.synthetic) return a;
  const KvTraffic kv = kv_traffic(view, a.hits);
  a.fetched = kv.fetched;
  a.stored = kv.stored;
  a.recomputed = kv.recomputed;
  const PoolView& pool = c.view.pools[view.pool];
  const double nvme_share = 1 - a.hits.dram_share();
  double per_block = view.block_bytes / pool.pool->sku.nic.count * (1 - 1 / pool.domain_nodes);
  if (pool.pool->sku.nvme_read.count > 0)
    per_block = std::max(per_block, nvme_share * view.block_bytes / pool.pool->sku.nvme_read.count);
  a.queue = arrivals_of(view);
  add_prefill(view, per_block, c.law.fine(), a);
  // Sweeps do without the law of the wait: milliseconds each.
  const bool law = c.law.fine() && a.queue.servers == 1 &&
                   a.queue.arrival_rate * a.queue.service_s <= models::kLindleyLoadMost;
  const models::QueueAnswer q =
      law ? c.law.wait(a.queue)
          : models::allen_cunneen(a.queue, to_seconds(c.view.scenario->horizon));
  a.station = q;
  a.utilization = q.utilization;
  a.queue_mean_s = q.wait_mean_s;
  a.ttft_mean_s = q.wait_mean_s + a.queue.service_s;
  a.ttft_p50_s = models::response_quantile(a.queue, q, 0.50);
  a.ttft_p99_s = models::response_quantile(a.queue, q, 0.99);
  return a;
}

RegionAnswer region_answer(const Context& c, std::uint32_t r, const std::vector<JobAnswer>& jobs) {
  RegionAnswer a;
  a.accounts = accounts_of(c.view, c.design, r);
  const double classic = 1 - direct_share(c.view, c.design, r);
  std::set<std::string> kept;
  for (const auto& [name, dataset] : c.view.scenario->datasets)
    if (dataset.region == c.view.region_name(r) && kept.insert(name).second)
      a.stored += bytes(dataset.size);
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const JobView& job = c.view.jobs[j];
    if (job.region == r) {
      a.ingress += is_away(c.moment, j) ? 0 : checkpoint_rate(job);
      a.stored += c.view.scenario->assumptions.checkpoints_kept * bytes(job.job->checkpoint.size);
      if (checkpoint_rate(job) > 0)
        a.requests += job.nodes * checkpoint_rate(job) / bytes(job.job->checkpoint.size);
    }
    if (job.home != r) continue;
    const double origin = jobs[j].hits.from_origin();
    a.wanted += jobs[j].wanted;
    a.origin_wanted += jobs[j].wanted * origin;
    a.origin_served += jobs[j].rate * origin;
    a.requests += jobs[j].wanted * origin * classic / job.object;
    a.gpus += job.gpus;
    if (kept.insert(job.job->dataset).second) a.stored += bytes(job.dataset->size);
  }
  a.front_end_wanted = a.origin_wanted * classic;
  double alone_s = 0, reads = 0;  // of reads that are granted at once
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const JobView& job = c.view.jobs[j];
    const double rate = jobs[j].wanted * jobs[j].hits.from_origin() / job.object;
    if (job.home != r || rate <= 0) continue;
    const OriginRead read = origin_read(*c.view.regions[r], c.design.path, job.object);
    reads += rate;
    alone_s += rate * (to_seconds(read.law.mean()) + to_seconds(read.rest));
  }
  a.under_way = c.under_way[r];
  if (reads > 0 && classic > 0)
    a.throttle = throttle_of(c.view, c.design, c.resources.answer, r, a.under_way * classic,
                             alone_s / reads);
  a.plan = models::accounts_needed(limits_of(c.view.regions[r]->blob),
                                   {BytesPerSecond(a.front_end_wanted), PerSecond(a.requests),
                                    BytesPerSecond(a.ingress), a.stored});
  return a;
}

PoolAnswer pool_answer(const Context& c, std::uint32_t p) {
  const PoolView& pool = c.view.pools[p];
  const scenario::NodeSku& sku = pool.pool->sku;
  PoolAnswer a;
  a.life_years = std::numeric_limits<double>::infinity();
  if (pool.nodes <= 0 || sku.nvme.count == 0 || !c.design.cache) return a;
  for (const scenario::CacheTier& tier : c.view.scenario->cache.tiers)
    if (tier.medium == scenario::Medium::kNvme)
      a.nvme_share +=
          domain_capacity(c.view, pool, tier, c.design.nvme) / pool.domain_nodes / bytes(sku.nvme);
  for (const ResourceAnswer& r : c.resources.answer)
    if (r.kind == ResourceKind::kNvmeWrite && r.name == "nvme_write." + pool.name)
      a.nvme_writes = r.load / pool.nodes;
  a.writes_per_day = a.nvme_writes * 86400 / bytes(sku.nvme);
  a.life_years = models::nvme_life_years(models::nvme_total_bytes_written(sku.nvme, sku.nvme_dwpd),
                                         BytesPerSecond(a.nvme_writes),
                                         c.view.scenario->assumptions.write_amplification);
  return a;
}

struct Filled {
  models::Filling filling;
  std::vector<double> level;
};

// At a full part of the origin's way each read under way gets the same: bytes a second of a link,
// tokens a second of what grants reads. Jobs of `by_read` are weighted for the latter.
std::vector<models::FilledUser> users_of(const FleetView& view, const Design& design,
                                         const Moment& moment, const Hits& hits,
                                         const std::vector<bool>& by_read) {
  double object = 0;  // mean, so that both kinds of weights are alike in size
  for (const JobView& job : view.jobs) object += job.object / static_cast<double>(view.jobs.size());
  std::vector<models::FilledUser> users;
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    const JobView& job = view.jobs[j];
    // All of a window are misses by the time that it waits.
    const double missed = std::max(1e-6, 1 - hits.job[j].hit);
    const double under_way = job.nodes * readahead_reads(job, design.demand);
    const double each = by_read[j] ? job.object / object : 1;
    users.push_back(
        {under_way * each / missed, is_away(moment, j) ? 0 : design.demand * job.wanted});
  }
  // Restores: one read under way a node.
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    const JobView& job = view.jobs[j];
    users.push_back({job.nodes, is_restoring(moment, j) ? restore_streams(view, design, job) : 0});
  }
  return users;
}

Filled fill(const FleetView& view, const Design& design, const Moment& moment, const Hits& hits,
            Resources& resources) {
  std::vector<bool> by_read(view.jobs.size(), false);
  std::vector<models::FilledUser> users = users_of(view, design, moment, hits, by_read);
  Filled out;
  out.filling = models::weighted_filling(users, resources.filled);
  for (std::size_t j = 0; j < by_read.size(); ++j) {
    const std::uint32_t r = out.filling.binding[j];
    by_read[j] = r != models::kNoResource && counts_reads(resources.answer[r].kind);
  }
  if (std::find(by_read.begin(), by_read.end(), true) != by_read.end()) {
    users = users_of(view, design, moment, hits, by_read);
    out.filling = models::weighted_filling(users, resources.filled);
  }
  out.level.assign(resources.answer.size(), 0);
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    const std::uint32_t r = out.filling.binding[j];
    if (r == models::kNoResource) continue;
    const double missed = std::max(1e-6, 1 - hits.job[j].hit);
    const JobView& job = view.jobs[j];
    const double per_read =
        out.filling.rate[j] * missed / (job.nodes * readahead_reads(job, design.demand));
    out.level[r] = counts_reads(resources.answer[r].kind) ? per_read / job.object : per_read;
  }
  for (std::size_t r = 0; r < resources.answer.size(); ++r) {
    resources.answer[r].load = resources.filled[r].base_load;
    for (const auto& [user, amount] : resources.filled[r].uses)
      resources.answer[r].load += amount * out.filling.rate[user];
  }
  return out;
}

}  // namespace

double ResourceAnswer::pressure() const {
  if (capacity > 0) return offered / capacity;
  return offered > 0 ? std::numeric_limits<double>::infinity() : 0;
}

Answer evaluate(const FleetView& view, const Design& design, const Moment& moment, EpochLaw& law,
                Parts parts) {
  const bool services = parts == Parts::kAll;
  const Hits hits = hit_ratios(view, design, moment, law, services);
  Resources resources = resources_of(view, design, moment, hits);
  const Filled filled = fill(view, design, moment, hits, resources);
  const Context c{view,      design,         moment,       hits,
                  resources, filled.filling, filled.level, under_way(view, design, moment, hits),
                  law};
  Answer out;
  double nodes = 0;
  for (std::uint32_t j = 0; j < view.jobs.size(); ++j) {
    out.job.push_back(job_answer(c, j));
    nodes += view.jobs[j].nodes;
    out.goodput += view.jobs[j].nodes * out.job.back().goodput;
    out.stall += view.jobs[j].nodes * out.job.back().stall;
  }
  if (nodes > 0) {
    out.goodput /= nodes;
    out.stall /= nodes;
  }
  for (std::uint32_t s = 0; s < view.services.size(); ++s)
    out.service.push_back(services ? service_answer(c, s) : ServiceAnswer{});
  for (std::uint32_t r = 0; r < view.regions.size(); ++r)
    out.region.push_back(region_answer(c, r, out.job));
  for (std::uint32_t p = 0; p < view.pools.size(); ++p) out.pool.push_back(pool_answer(c, p));
  out.resource = std::move(resources.answer);
  return out;
}

Answer evaluate(const FleetView& view, const Design& design, EpochLaw& law, Parts parts) {
  return evaluate(view, design, {}, law, parts);
}

}  // namespace fleetcache::analytic
