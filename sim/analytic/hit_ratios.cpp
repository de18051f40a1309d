#include "sim/analytic/hit_ratios.hpp"

#include <algorithm>

#include "models/capacity/shared_epochs.hpp"
#include "sim/analytic/cache_content.hpp"
#include "sim/analytic/job_hits.hpp"
#include "sim/analytic/service_hits.hpp"

namespace fleetcache::analytic {

namespace {

struct TierAnswer {
  std::vector<JobHits> job;          // in the order of pool.jobs
  std::vector<ServiceHits> service;  // in the order of pool.services
};

TierAnswer tier_answer(const FleetView& view, const PoolView& pool, const Design& design,
                       const Moment& moment, const scenario::CacheTier& tier, EpochLaw& law) {
  const double capacity = domain_capacity(view, pool, tier, design.nvme);
  const auto window_of = [capacity](const Content& c) {
    return capacity > 0 ? c.window(capacity) : 0;
  };
  const Content content(view, pool, pool.jobs, design, is_pinned(tier));
  const double window_s = window_of(content);
  TierAnswer out;
  for (const std::uint32_t j : pool.jobs) {
    std::vector<std::uint32_t> jobs = sharers(view, pool, j);
    if (jobs.size() == pool.jobs.size()) {
      out.job.push_back(job_hits(view, j, moment, {tier, content, capacity, window_s}, law));
      continue;
    }
    const Content own(view, pool, std::move(jobs), design, is_pinned(tier));
    out.job.push_back(job_hits(view, j, moment, {tier, own, capacity, window_of(own)}, law));
  }
  for (const std::uint32_t s : pool.services)
    out.service.push_back(service_hits(view, s, tier, window_s));
  return out;
}

// Hits of one pool's jobs and services in all tiers, into `out`.
void add_pool(const FleetView& view, const PoolView& pool, const Design& design,
              const Moment& moment, const scenario::CacheTier& largest, EpochLaw& law, Hits& out) {
  const TierAnswer all = tier_answer(view, pool, design, moment, largest, law);
  for (std::size_t i = 0; i < pool.jobs.size(); ++i) out.job[pool.jobs[i]] = all.job[i];
  for (std::size_t i = 0; i < pool.services.size(); ++i)
    out.service[pool.services[i]] = all.service[i];
  std::vector<TierWindows> windows(pool.services.size());
  for (const scenario::CacheTier& tier : view.scenario->cache.tiers) {
    const bool is_largest = &tier == &largest, is_dram = tier.medium == scenario::Medium::kDram;
    if (!is_largest && !is_dram) continue;
    const TierAnswer part = is_largest ? all : tier_answer(view, pool, design, moment, tier, law);
    for (std::size_t i = 0; i < windows.size(); ++i)
      windows[i].emplace_back(&tier, part.service[i].window_s);
    if (!is_dram) continue;
    for (std::size_t i = 0; i < pool.jobs.size(); ++i) {
      JobHits& h = out.job[pool.jobs[i]];
      h.dram = std::max(h.dram, std::min(h.hit, part.job[i].hit));
    }
    for (std::size_t i = 0; i < pool.services.size(); ++i) {
      ServiceHits& h = out.service[pool.services[i]];
      h.dram = std::max(h.dram, std::min(h.kv.block_hit_ratio, part.service[i].kv.block_hit_ratio));
    }
  }
  for (std::size_t i = 0; i < pool.services.size(); ++i) {
    const std::uint32_t s = pool.services[i];
    add_tiers(view, s, design, largest, windows[i], law, out.service[s]);
    take_time(view, s, law, out.service[s]);
    out.service[s].error = service_doubt(view, s, largest, out.service[s]);
  }
}

// All hit ratios by `off` of their stated errors.
void move_all(double off, Hits& hits) {
  for (JobHits& h : hits.job) {
    h.hit = std::clamp(h.hit + off * h.error, 0.0, 1.0);
    h.dram = std::min(h.dram, h.hit);
  }
  for (ServiceHits& h : hits.service) move_hits(off, h);
}

}  // namespace

double JobHits::seen(double epochs) const {
  double sum = 0;
  for (const CachePart& part : parts)
    sum += part.caches * part.share * models::epoch_units_seen(1 / part.share, epochs);
  return sum;
}

Hits hit_ratios(const FleetView& view, const Design& design, const Moment& moment, EpochLaw& law,
                bool services) {
  Hits out;
  out.job.resize(view.jobs.size());
  out.service.resize(view.services.size());
  if (!design.cache) {
    for (JobHits& h : out.job) h.formula = "no cache: h = 0";
    return out;
  }
  for (const PoolView& pool : view.pools) {
    const scenario::CacheTier* largest = largest_tier(view, pool);
    if (largest == nullptr || (pool.jobs.empty() && !services)) continue;
    add_pool(view, pool, design, moment, *largest, law, out);
  }
  if (design.hits_off != 0) move_all(design.hits_off, out);
  for (std::uint32_t j = 0; j < view.jobs.size(); ++j) {
    out.job[j].whole = out.job[j].hit;
    out.job[j].hit *= copies_of(moment, j);
    out.job[j].dram *= copies_of(moment, j);
    if (handing_pool(view, design, view.jobs[j]) == topologies::Fleet::kNone) continue;
    JobHits& h = out.job[j];
    const double there = remote_hit(view, j, design, moment);
    h.remote = (1 - h.hit) * std::clamp(there + design.hits_off * h.error, 0.0, 1.0);
  }
  return out;
}

}  // namespace fleetcache::analytic
