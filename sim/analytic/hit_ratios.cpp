#include "sim/analytic/hit_ratios.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "models/capacity/prefill_service.hpp"
#include "models/capacity/shared_epochs.hpp"
#include "models/numeric.hpp"
#include "models/placement/share.hpp"

namespace fleetcache::analytic {

namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();
constexpr double kWaitsMost = 10;  // of a service time, that delay a prompt's blocks
constexpr double kWindowLeast = 1e-9;
// Of hit_error: whatever the ratio, and times h (1 - h).
constexpr double kErrorLeast = 0.01, kErrorMost = 0.10;
constexpr double kFewLeast = 0.03, kFewMost = 0.22;
constexpr double kLearningLeast = 0.02, kLearningMost = 0.12;
constexpr double kMixedLeast = 0.005, kMixedMost = 0.10;
constexpr double kUnusedMost = 0.3;  // of what a policy alone leaves unused, others may let it use
constexpr unsigned kOwnerStrata = 9;
constexpr unsigned kSweepStrata = 3;   // of what costs nothing; other policies once
constexpr double kEvenOwners = 0.015;  // a spread of loads below this is none
constexpr double kCoarse = 64;         // an owner with room for fewer objects keeps whole ones
constexpr double kFewBlocks = 1024;    // an owner with room for fewer holds a few prompts
constexpr double kWindowMax = 1e9;     // seconds: longer than any horizon, finite for bisection

double size_of(const JobView& j) { return static_cast<double>(j.dataset->size.count); }

// Caches of the pool over which a job's reads are spread: those of its own nodes.
double units_of(const FleetView& view, const JobView& j) {
  return std::max(1.0, std::round(j.nodes / view.pools[j.pool].domain_nodes));
}

// Nodes of a job in the `cache`-th cache of its pool.
double nodes_in(const PoolView& pool, const JobView& job, double cache) {
  const double first = job.first_node - pool.fabric->first_node;
  return std::max(0.0, std::min(first + job.nodes, (cache + 1) * pool.domain_nodes) -
                           std::max(first, cache * pool.domain_nodes));
}

// Jobs of the pool that are at home in most of the caches that job `j` is in, itself included.
// Clusters hold whole racks, so that neighbours overlap by a few nodes: those do not count.
std::vector<std::uint32_t> sharers(const FleetView& view, const PoolView& pool, std::uint32_t j) {
  constexpr double kAtHome = 0.25, kMost = 0.5;
  const JobView& job = view.jobs[j];
  std::vector<std::uint32_t> out;
  for (const std::uint32_t i : pool.jobs) {
    const JobView& other = view.jobs[i];
    const double home = kAtHome * std::min(other.nodes, pool.domain_nodes);
    double shared = 0;
    const double first = job.first_node - pool.fabric->first_node;
    for (double cache = std::floor(first / pool.domain_nodes);
         cache * pool.domain_nodes < first + job.nodes; ++cache)
      if (nodes_in(pool, other, cache) >= home) shared += nodes_in(pool, job, cache);
    if (i == j || shared >= kMost * job.nodes) out.push_back(i);
  }
  return out;
}

// What one cache of a pool holds: data sets by their readers, KV by its services.
class Content {
 public:
  Content(const FleetView& view, const PoolView& pool, std::vector<std::uint32_t> jobs,
          const Design& design, bool pinned)
      : view_(view), pool_(pool), jobs_(std::move(jobs)), pinned_(pinned) {
    for (const std::uint32_t j : jobs_) {
      const JobView& job = view.jobs[j];
      // Passes over the data set a second as this cache sees them.
      const double rate = design.demand * job.wanted / size_of(job) / units_of(view, job);
      sets_[job.job->dataset].push_back({size_of(job), job.object, rate, job.job->shuffle});
    }
    caches_ = pool.nodes / pool.domain_nodes;
  }

  // Bytes that are resident when entries stay `window_s` after their last use (or, pinned, bytes
  // inserted in the first window_s).
  double bytes(double window_s) const {
    double sum = 0;
    for (const auto& [name, readers] : sets_) {
      double absent = 1;
      for (const Reader& r : readers) absent *= 1 - share(r, window_s);
      sum += readers.front().size * (1 - absent);
    }
    for (const std::uint32_t s : pool_.services) sum += kv_bytes(view_.services[s], window_s);
    return sum;
  }

  double cached_share(const std::string& dataset, double window_s) const {
    double absent = 1;
    for (const Reader& r : sets_.at(dataset)) absent *= 1 - share(r, window_s);
    return 1 - absent;
  }
  bool mixed() const { return sets_.size() + pool_.services.size() > 1; }
  double readers(const std::string& dataset) const {
    return static_cast<double>(sets_.at(dataset).size());
  }
  // Of the data set, what no job but `j` has read yet.
  double unread_by_others(std::uint32_t j, const Moment& moment) const {
    double unread = 1;
    for (const std::uint32_t other : jobs_) {
      if (other == j || view_.jobs[other].job->dataset != view_.jobs[j].job->dataset) continue;
      unread *= 1 - progress_of(moment, other);
    }
    return unread;
  }

  // Relative deviation of what falls to one of the cache's `owners`, each placed by `points`.
  double uneven(double owners, double points) const {
    double all = 0, squares = 0;
    for (const auto& [name, readers] : sets_) {
      all += readers.front().size;
      squares += readers.front().size * readers.front().object;
    }
    if (owners <= 1 || all <= 0) return 0;
    return models::share_deviation(points, all * all / (squares * owners));
  }

  double window(double capacity) const {
    if (bytes(kWindowMax) <= capacity) return kEndless;
    // In the logarithm: a window may be a millisecond or a year, and 1e-8 of it is enough.
    double low = portable_log(kWindowLeast), high = portable_log(kWindowMax);
    while (high - low > 1e-8) {
      const double middle = low + (high - low) / 2;
      (bytes(portable_exp(middle)) < capacity ? low : high) = middle;
    }
    return portable_exp(high);
  }

 private:
  struct Reader {
    double size = 0, object = 0;
    double passes = 0;  ///< a second
    bool shuffle = true;
  };

  double share(const Reader& r, double window_s) const {
    const double epochs = std::min(2.0, r.passes * window_s);
    if (pinned_ || !r.shuffle) return std::min(1.0, epochs);
    return models::epoch_window_share(epochs);
  }
  double kv_bytes(const ServiceView& s, double window_s) const {
    if (!s.synthetic) return 0;
    const double fresh = s.demand.blocks - s.demand.reused_blocks - s.demand.shared_blocks;
    const double blocks =
        pinned_ ? s.demand.rate * fresh * window_s : models::kv_occupancy(s.demand, window_s);
    return blocks * s.block_bytes / caches_;
  }

  const FleetView& view_;
  const PoolView& pool_;
  std::vector<std::uint32_t> jobs_;
  bool pinned_;
  double caches_ = 1;
  std::map<std::string, std::vector<Reader>> sets_;
};

bool is_pinned(const scenario::CacheTier& tier) { return tier.eviction == "pinned"; }

struct TierAnswer {
  std::vector<JobHits> job;          // in the order of pool.jobs
  std::vector<ServiceHits> service;  // in the order of pool.services
};

// Nodes among which the keys of one cache are divided.
double owners_of(const FleetView& view, const PoolView& pool) {
  return view.scenario->cache.index == scenario::Index::kPooled ? 1 : pool.domain_nodes;
}

// The owners of one cache in equal parts by how much falls to them, as shares of the mean.
std::vector<double> owner_loads(const FleetView& view, const PoolView& pool, const Content& content,
                                unsigned strata) {
  const scenario::Cache& cache = view.scenario->cache;
  if (cache.index == scenario::Index::kPooled) return {1};
  const double points = cache.placement == "ring" ? cache.virtual_nodes : 1e12;
  const double sigma = content.uneven(pool.domain_nodes, points);
  if (sigma < kEvenOwners || strata <= 1) return {1};
  std::vector<double> loads = models::cumulative_shares(sigma, strata);
  for (std::size_t i = loads.size(); i-- > 0;)
    loads[i] = strata * (loads[i] - (i > 0 ? loads[i - 1] : 0));
  return loads;
}

// Room of one owner over what falls to it in the mean, whole objects where it holds few.
double room_of(const JobView& job, double capacity, double owners, double cached, double slack) {
  const double objects = capacity / owners / job.object;
  if (objects <= 0) return 0;
  const double whole = objects < kCoarse ? std::floor(objects + 1e-9) / objects : 1;
  return whole * (slack > 1 ? slack : cached);
}

JobHits settled_hits(const FleetView& view, std::uint32_t index, const Moment& moment,
                     const scenario::CacheTier& tier, const Content& content, double capacity,
                     double window_s, EpochLaw& law) {
  const JobView& job = view.jobs[index];
  const PoolView& pool = view.pools[job.pool];
  JobHits h;
  h.units = units_of(view, job);
  // Jobs smaller than their pool's caches are taken to sit on caches of their own when spread.
  h.readers = h.units > 1 ? 1 : content.readers(job.job->dataset);
  const double cached =
      h.units > 1 ? std::min(1.0, capacity / size_of(job))
                  : (window_s == kEndless ? 1 : content.cached_share(job.job->dataset, window_s));
  const double slack = window_s == kEndless ? capacity / content.bytes(kWindowMax) : 0;
  const double room = room_of(job, capacity, owners_of(view, pool), cached, slack);
  const bool closed = tier.eviction == "lru" || is_pinned(tier);
  const unsigned strata = law.fine() ? kOwnerStrata : closed ? kSweepStrata : 1;
  const std::vector<double> loads = owner_loads(view, pool, content, strata);
  const double keys = size_of(job) / job.object / owners_of(view, pool);
  const bool first = progress_of(moment, index) < 1;
  for (const double load : loads) {
    const double part = load / static_cast<double>(loads.size());
    const double held = std::min(1.0, room / load);
    h.cached += part * held;
    if (first) continue;
    const EpochHit e = law.hit(tier.eviction, tier.parameters, held,
                               {h.units, h.readers, job.job->shuffle, keys * load});
    const std::uint32_t over = epochs_of(moment, index);
    const bool learns = over >= 1 && over <= e.by_epoch.size();
    h.hit += part * (learns ? e.by_epoch[over - 1] : e.ratio);
    h.learns = h.learns || !e.by_epoch.empty();
    h.method = e.method;
    h.formula = e.formula;
  }
  if (first) {
    // Hits are objects that one of the other readers has been at: none when the epoch begins.
    const double unread = h.readers > 1 ? content.unread_by_others(index, moment) : 1;
    h.hit = h.cached * (1 - unread);
    h.formula =
        "first epoch: h = c (1 - product of (1 - x)) over the other readers of the same data, of "
        "which each has read a share x";
    return h;
  }
  if (const std::uint32_t epochs = epochs_of(moment, index); epochs < kSettled) {
    h.hit = std::min(h.hit, models::epoch_units_seen(h.units, epochs));
    h.formula += "; at most what each of the caches has seen";
  }
  if (loads.size() > 1) {
    h.formula += "; mean over owners by how much falls to them";
  }
  return h;
}

JobHits job_hits(const FleetView& view, std::uint32_t index, const Moment& moment,
                 const scenario::CacheTier& tier, const Content& content, double capacity,
                 double window_s, EpochLaw& law) {
  JobHits h = settled_hits(view, index, moment, tier, content, capacity, window_s, law);
  const PoolView& pool = view.pools[view.jobs[index].pool];
  const double room = capacity / owners_of(view, pool) / view.jobs[index].object;
  const bool settled = epochs_of(moment, index) >= kSettled;
  const bool few = room < kCoarse;
  const bool doubtful = h.method == EpochMethod::kMiniature && (few || content.mixed());
  const double unused = doubtful ? std::max(0.0, h.cached - h.hit) : 0;
  h.error = hit_error(h.hit, {few, !settled, content.mixed(), unused});
  return h;
}

TierAnswer tier_answer(const FleetView& view, const PoolView& pool, const Design& design,
                       const Moment& moment, const scenario::CacheTier& tier, EpochLaw& law) {
  const double capacity = domain_capacity(view, pool, tier, design.nvme);
  const Content content(view, pool, pool.jobs, design, is_pinned(tier));
  const double window_s = capacity > 0 ? content.window(capacity) : 0;
  TierAnswer out;
  for (const std::uint32_t j : pool.jobs) {
    std::vector<std::uint32_t> jobs = sharers(view, pool, j);
    if (jobs.size() == pool.jobs.size()) {
      out.job.push_back(job_hits(view, j, moment, tier, content, capacity, window_s, law));
      continue;
    }
    const Content own(view, pool, std::move(jobs), design, is_pinned(tier));
    out.job.push_back(job_hits(view, j, moment, tier, own, capacity,
                               capacity > 0 ? own.window(capacity) : 0, law));
  }
  for (const std::uint32_t s : pool.services) {
    ServiceHits h;
    h.window_s = window_s;
    const ServiceView& service = view.services[s];
    if (service.synthetic) {
      const double units = std::max(1.0, std::round(service.service->nodes / pool.domain_nodes));
      h.kv = models::kv_hits(service.demand, window_s, units);
      // A pinned cache is full of the first sessions, which never come back: only prefixes count.
      h.formula = "LRU by characteristic time";
      if (is_pinned(tier)) h.formula = "pinned: first come, first kept";
      if (is_pinned(tier) && window_s != kEndless)
        h.kv.block_hit_ratio = h.kv.usable_ratio =
            service.demand.shared_blocks * h.kv.prefix_hit / service.demand.blocks;
    }
    out.service.push_back(h);
  }
  return out;
}

// Room for one service's blocks in a tier, over all caches of the pool, when what shares the tier
// stays for `window_s`.
double kv_room(const PoolView& pool, const ServiceView& service, double capacity, double window_s) {
  const double all = capacity * pool.nodes / pool.domain_nodes / service.block_bytes;
  return std::min(all, models::kv_occupancy(service.demand, window_s));
}

// KV blocks over the pool's tiers: LRU over LRU in closed form, other policies in miniature.
// Services that are spread over several caches keep the closed form of LRU.
void add_tiers(const FleetView& view, const PoolView& pool, const Design& design,
               const scenario::CacheTier& largest, EpochLaw& law, std::uint32_t index,
               const std::vector<std::pair<const scenario::CacheTier*, double>>& windows,
               ServiceHits& h) {
  const ServiceView& service = view.services[index];
  const double units = std::max(1.0, std::round(service.service->nodes / pool.domain_nodes));
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

// Blocks are stored when their prompt has its first token: turns that come earlier compute again.
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

// All ratios of a service in proportion.
void move_hits(double off, ServiceHits& h) {
  const double was = h.kv.block_hit_ratio;
  if (was <= 0) return;
  const double factor = std::clamp(was + off * h.error, 0.0, 1.0) / was;
  for (double* ratio :
       {&h.kv.block_hit_ratio, &h.kv.usable_ratio, &h.kv.prefix_hit, &h.kv.turn_hit, &h.dram})
    *ratio = std::min(1.0, *ratio * factor);
}

// The home region's cache of a job that runs elsewhere: a further reader of it (scope global).
double remote_hit(const FleetView& view, std::uint32_t index, const Design& design,
                  const Moment& moment) {
  const JobView& job = view.jobs[index];
  const std::uint32_t home = handing_pool(view, design, job);
  if (home == topologies::Fleet::kNone) return 0;
  const PoolView& pool = view.pools[home];
  const scenario::CacheTier* tier = largest_tier(view, pool);
  const double capacity = domain_capacity(view, pool, *tier, design.nvme);
  const Content content(view, pool, pool.jobs, design, is_pinned(*tier));
  for (const std::uint32_t j : pool.jobs) {
    if (view.jobs[j].job->dataset != job.job->dataset) continue;
    const double window_s = content.window(capacity);
    const double held = window_s == kEndless ? 1 : content.cached_share(job.job->dataset, window_s);
    return held * progress_of(moment, j);
  }
  // Nobody at home reads it: the cache there holds what passed through, after its own content.
  if (progress_of(moment, index) < 1) return 0;
  const double left = capacity - content.bytes(kWindowMax);
  return std::clamp(left / size_of(job), 0.0, 1.0);
}

}  // namespace

double hit_error(double hit, const HitDoubt& doubt) {
  const double spread = hit * (1 - hit);
  double error = kErrorLeast + kErrorMost * spread;
  if (doubt.few) error += kFewLeast + kFewMost * spread;
  if (doubt.learning) error += kLearningLeast + kLearningMost * spread;
  if (doubt.mixed) error += kMixedLeast + kMixedMost * spread;
  return error + kUnusedMost * doubt.unused;
}

double domain_capacity(const FleetView& view, const PoolView& pool, const scenario::CacheTier& tier,
                       double factor) {
  const double bytes = factor * static_cast<double>(tier.capacity.count);
  const bool pooled = view.scenario->cache.index == scenario::Index::kPooled;
  return pooled ? bytes : bytes * pool.domain_nodes;
}

const scenario::CacheTier* largest_tier(const FleetView& view, const PoolView& pool) {
  const scenario::CacheTier* best = nullptr;
  for (const scenario::CacheTier& t : view.scenario->cache.tiers) {
    const bool usable = t.medium != scenario::Medium::kNvme || pool.pool->sku.nvme_read.count > 0;
    if (usable && (best == nullptr || t.capacity > best->capacity)) best = &t;
  }
  return best;
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
    const TierAnswer all = tier_answer(view, pool, design, moment, *largest, law);
    for (std::size_t i = 0; i < pool.jobs.size(); ++i) out.job[pool.jobs[i]] = all.job[i];
    for (std::size_t i = 0; i < pool.services.size(); ++i)
      out.service[pool.services[i]] = all.service[i];
    std::vector<std::vector<std::pair<const scenario::CacheTier*, double>>> windows(
        pool.services.size());
    for (const scenario::CacheTier& tier : view.scenario->cache.tiers) {
      const bool usable = &tier == largest || tier.medium == scenario::Medium::kDram;
      if (usable && &tier == largest)
        for (std::size_t i = 0; i < windows.size(); ++i)
          windows[i].emplace_back(&tier, all.service[i].window_s);
      if (tier.medium != scenario::Medium::kDram) continue;
      const TierAnswer fast =
          &tier == largest ? all : tier_answer(view, pool, design, moment, tier, law);
      for (std::size_t i = 0; i < pool.jobs.size(); ++i) {
        JobHits& h = out.job[pool.jobs[i]];
        h.dram = std::max(h.dram, std::min(h.hit, fast.job[i].hit));
      }
      for (std::size_t i = 0; i < pool.services.size(); ++i) {
        ServiceHits& h = out.service[pool.services[i]];
        h.dram =
            std::max(h.dram, std::min(h.kv.block_hit_ratio, fast.service[i].kv.block_hit_ratio));
        if (&tier != largest) windows[i].emplace_back(&tier, fast.service[i].window_s);
      }
    }
    for (std::size_t i = 0; i < pool.services.size(); ++i)
      add_tiers(view, pool, design, *largest, law, pool.services[i], windows[i],
                out.service[pool.services[i]]);
    for (const std::uint32_t service : pool.services) {
      ServiceHits& h = out.service[service];
      take_time(view, service, law, h);
      const double room =
          static_cast<double>(largest->capacity.count) *
          (view.scenario->cache.index == scenario::Index::kPooled ? 1 / pool.domain_nodes : 1) /
          view.services[service].block_bytes;
      const bool few = room < kFewBlocks;
      h.error = hit_error(h.kv.block_hit_ratio, {few, few && !kv_closed_form(largest->eviction),
                                                 pool.services.size() + pool.jobs.size() > 1, 0});
    }
  }
  if (design.hits_off != 0) {
    for (JobHits& h : out.job) {
      h.hit = std::clamp(h.hit + design.hits_off * h.error, 0.0, 1.0);
      h.dram = std::min(h.dram, h.hit);
    }
    for (ServiceHits& h : out.service) move_hits(design.hits_off, h);
  }
  if (view.scenario->cache.scope == scenario::Scope::kGlobal)
    for (std::uint32_t j = 0; j < view.jobs.size(); ++j)
      if (view.jobs[j].home != view.jobs[j].region) {
        const double there = remote_hit(view, j, design, moment);
        out.job[j].remote =
            (1 - out.job[j].hit) * std::clamp(there + design.hits_off * out.job[j].error, 0.0, 1.0);
      }
  return out;
}

}  // namespace fleetcache::analytic
