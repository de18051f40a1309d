// What simulation counts, over the measured time and in the mean.
#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {

namespace {

using probes::Record;

// Of one node, after `steps` whole ones: objects are read whole and `prefetch` steps ahead of the
// one that runs.
double objects_read(const JobView& job, double steps) {
  return std::ceil((std::floor(steps) + 1 + job.job->prefetch) * job.reads_per_step);
}

void put_jobs(const Solved& s, Record& record) {
  double dram = 0, nvme = 0, checkpoints = 0;
  std::vector<double> written(s.view.regions.size(), 0);
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const JobAnswer& warm = s.course.phases.steady.job[j];
    const std::string name = "train." + job.job->name + ".";
    const JobCourse& c = s.course.job[j];
    const double read = objects_read(job, c.before + c.played) - objects_read(job, c.before);
    put_metric(record, name + "steps", s.course.seconds * c.goodput / warm.compute_s, "1");
    put_metric(record, name + "bytes_read", read * job.nodes * job.object, "B");
    put_metric(record, name + "epochs_begun",
               std::ceil(objects_read(job, c.position) * job.nodes * job.object /
                         static_cast<double>(job.dataset->size.count)),
               "1");
    written[job.region] += c.checkpoints * static_cast<double>(job.job->checkpoint.size.count);
    if (!s.design.cache) continue;
    const Flow flow = flow_of(s.view, s.design, job, warm.hits);
    const double landed = c.read - c.hit;
    if (flow.nvme_write > 0 || warm.hits.cached >= 1) {
      nvme += landed;
    } else if (flow.nvme_read > 0) {  // pinned, smaller than the data: takes nothing once full
      nvme += std::min(c.filled, warm.hits.cached * static_cast<double>(job.dataset->size.count));
    }
    for (const scenario::CacheTier& t : s.view.scenario->cache.tiers)
      if (t.medium == scenario::Medium::kDram) dram += landed;
  }
  if (s.view.jobs.empty()) return;
  // More than the accounts take in is not written in time.
  for (std::uint32_t r = 0; r < s.view.regions.size(); ++r)
    checkpoints += std::min(written[r], accounts_of(s.view, s.design, r) * s.course.seconds *
                                            s.view.regions[r]->blob.ingress.count);
  if (dram > 0) put_metric(record, "written.dataset.dram", dram, "B");
  if (nvme > 0) put_metric(record, "written.dataset.nvme", nvme, "B");
  if (checkpoints > 0) put_metric(record, "written.checkpoint.origin", checkpoints, "B");
}

void put_services(const Solved& s, Record& record) {
  double lookups = 0, hits = 0, usable = 0;
  for (std::size_t i = 0; i < s.view.services.size(); ++i) {
    const ServiceView& v = s.view.services[i];
    if (!v.synthetic) continue;
    const ServiceAnswer& a = s.course.phases.steady.service[i];
    const std::string name = "infer." + v.service->name + ".";
    put_metric(record, name + "ttft_p95", models::response_quantile(a.queue, a.station, 0.95), "s");
    for (const auto& [tag, p] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
      put_metric(record, name + "ttft_queue_" + tag, models::wait_quantile(a.station, p), "s");
    const double blocks = kv_blocks(s, v);
    lookups += blocks;
    hits += blocks * a.hits.kv.block_hit_ratio;
    usable += blocks * a.hits.kv.usable_ratio;
  }
  if (lookups <= 0) return;
  put_metric(record, "kv.block_lookups", lookups, "1");
  put_metric(record, "kv.block_hits", hits, "1");
  put_metric(record, "kv.block_misses", lookups - hits, "1");
  put_metric(record, "kv.usable_block_ratio", usable / lookups, "ratio");
  put_metric(record, "cache.byte_hit_ratio.kv", usable / lookups, "ratio");
}

// Of pools that somebody reads in, as in simulation.
void put_tiers(const Solved& s, Record& record) {
  if (!s.design.cache) return;
  const auto& tiers = s.view.scenario->cache.tiers;
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    double capacity = 0;
    for (const PoolView& pool : s.view.pools)
      if (!pool.jobs.empty() || !pool.services.empty())
        capacity +=
            domain_capacity(s.view, pool, tiers[i], s.design.nvme) * pool.nodes / pool.domain_nodes;
    const char* medium = tiers[i].medium == scenario::Medium::kDram ? "dram" : "nvme";
    put_metric(record, "cache.tier" + std::to_string(i) + "." + medium + ".capacity", capacity,
               "B");
  }
}

}  // namespace

void add_counts(const Solved& s, Record& record) {
  const bool draws = s.view.scenario->failures.enabled;
  for (const auto& [name, n] : events::event_figures(s.course.events, draws))
    put_metric(record, name, n, "1");
  put_jobs(s, record);
  put_services(s, record);
  put_tiers(s, record);
}

}  // namespace fleetcache::analytic
