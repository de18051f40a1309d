#include "sim/analytic/service_hits.hpp"

#include <algorithm>

#include "models/capacity/hit_doubt.hpp"
#include "models/capacity/prefill_service.hpp"

namespace fleetcache::analytic {

namespace {

constexpr double kWaitsMost = 10;    // of a service time, that delay a prompt's blocks
constexpr double kFewBlocks = 1024;  // an owner with room for fewer holds a few prompts

// Room for one service's blocks in a tier, over all caches of the pool, when what shares the tier
// stays for `window_s`.
double kv_room(const PoolView& pool, const ServiceView& service, double capacity, double window_s) {
  const double all = capacity * pool.nodes / pool.domain_nodes / service.block_bytes;
  return std::min(all, models::kv_occupancy(service.demand, window_s));
}

// Mean time from a prompt's arrival to its blocks.
double delay_of(const FleetView& view, const ServiceView& service, const ServiceHits& h) {
  const scenario::InferenceService& s = *service.service;
  const models::PrefillService prefill = models::prefill_service(
      service.demand, h.kv, {s.prefill_tokens, s.prefill_quadratic, 1.0 * s.block_tokens, 0},
      false);
  models::QueueSpec queue = arrivals_of(service);
  queue.service_s = prefill.prefill_s;
  queue.service_cv2 = prefill.cv2;
  const double wait = models::allen_cunneen(queue, to_seconds(view.scenario->horizon)).wait_mean_s;
  // What overload delays without end is no property of the workload.
  return std::min(wait, kWaitsMost * queue.service_s) + queue.service_s;
}

}  // namespace

ServiceHits service_hits(const FleetView& view, std::uint32_t index,
                         const scenario::CacheTier& tier, double window_s) {
  ServiceHits h;
  h.window_s = window_s;
  const ServiceView& service = view.services[index];
  if (service.synthetic) {
    const double units = units_of(view.pools[service.pool], service.service->nodes);
    h.kv = models::kv_hits(service.demand, window_s, units);
    // A pinned cache is full of the first sessions, which never come back: only prefixes count.
    h.formula = "LRU by characteristic time";
    if (is_pinned(tier)) h.formula = "pinned: first come, first kept";
    if (is_pinned(tier) && window_s != kEndless)
      h.kv.block_hit_ratio = h.kv.usable_ratio =
          service.demand.shared_blocks * h.kv.prefix_hit / service.demand.blocks;
  }
  return h;
}

void add_tiers(const FleetView& view, std::uint32_t index, const Design& design,
               const scenario::CacheTier& largest, const TierWindows& windows, EpochLaw& law,
               ServiceHits& h) {
  const ServiceView& service = view.services[index];
  const PoolView& pool = view.pools[service.pool];
  const double units = units_of(pool, service.service->nodes);
  if (!service.synthetic || is_pinned(largest) || h.window_s == kEndless) return;
  bool closed = true;
  std::vector<KvTier> tiers;
  double fast = 0;
  for (const auto& [tier, window_s] : windows) {
    closed = closed && kv_closed_form(tier->eviction);
    if (tier != &largest) fast = std::max(fast, window_s);
    const double capacity = domain_capacity(view, pool, *tier, design.nvme);
    tiers.push_back({tier, kv_room(pool, service, capacity, window_s)});
  }
  if (closed) {
    if (fast <= 0) return;
    h.kv = models::kv_tier_hits(service.demand, fast, h.window_s, units);
    h.formula = "LRU over LRU: the larger sees the misses of the faster, spaced by its window";
    return;
  }
  if (units > 1) {
    h.formula = "LRU by characteristic time: " + largest.eviction + " has no closed form";
    return;
  }
  const auto mini = law.kv().hits(service.spec, service.demand, tiers, h.window_s);
  if (!mini) return;
  h.kv = mini->hits;
  // Whatever the larger tier does, every block that is asked for ends on top of a faster LRU: that
  // one's closed form stands. Scaled, it would hold a few prompts only.
  const bool played = !kv_closed_form(tiers.front().tier->eviction);
  if (played && mini->first > 0) h.dram = mini->first;
  h.dram = std::min(h.dram, h.kv.block_hit_ratio);
  h.method = EpochMethod::kMiniature;
  h.formula = largest.eviction + ": no closed form; the tiers themselves on drawn sessions, scaled";
}

void take_time(const FleetView& view, std::uint32_t index, EpochLaw& law, ServiceHits& h) {
  const ServiceView& service = view.services[index];
  if (!service.synthetic || view.scenario->cache.fill != scenario::Fill::kTimed) return;
  // What jobs do leaves it as it is: asked for again at every stage of a run.
  const scenario::InferenceService& s = *service.service;
  const models::QueueSpec queue = arrivals_of(service);
  const auto [delay, fresh] = law.delays().try_emplace(
      {static_cast<double>(index), service.demand.rate, service.demand.blocks,
       service.demand.reused_blocks, service.demand.shared_blocks, h.kv.block_hit_ratio,
       h.kv.usable_ratio, h.kv.prefix_hit, h.kv.turn_hit, s.prefill_tokens.count,
       s.prefill_quadratic, 1.0 * s.block_tokens, queue.arrival_rate, queue.arrival_cv2,
       1.0 * queue.servers, to_seconds(view.scenario->horizon)});
  if (fresh) delay->second = delay_of(view, service, h);
  h.kv = models::kv_hits_after(service.demand, h.kv, delay->second);
  h.dram = std::min(h.dram, h.kv.block_hit_ratio);
}

double service_doubt(const FleetView& view, std::uint32_t index, const scenario::CacheTier& largest,
                     const ServiceHits& h) {
  const ServiceView& service = view.services[index];
  const PoolView& pool = view.pools[service.pool];
  const bool pooled = view.scenario->cache.index == scenario::Index::kPooled;
  const double room = static_cast<double>(largest.capacity.count) *
                      (pooled ? 1 / pool.domain_nodes : 1) / service.block_bytes;
  const bool few = room < kFewBlocks;
  return models::hit_doubt(h.kv.block_hit_ratio, {few, few && !kv_closed_form(largest.eviction),
                                                  pool.services.size() + pool.jobs.size() > 1, 0});
}

void move_hits(double off, ServiceHits& h) {
  const double was = h.kv.block_hit_ratio;
  if (was <= 0) return;
  const double factor = std::clamp(was + off * h.error, 0.0, 1.0) / was;
  for (double* ratio :
       {&h.kv.block_hit_ratio, &h.kv.usable_ratio, &h.kv.prefix_hit, &h.kv.turn_hit, &h.dram})
    *ratio = std::min(1.0, *ratio * factor);
}

}  // namespace fleetcache::analytic
