#include "sim/analytic/cache_content.hpp"

#include <algorithm>
#include <cmath>

#include "models/capacity/shared_epochs.hpp"
#include "models/numeric.hpp"
#include "models/placement/share.hpp"

namespace fleetcache::analytic {

namespace {

constexpr double kWindowLeast = 1e-9;
constexpr double kWindowMost = 1e9;  // seconds: longer than any horizon, finite for bisection

// Nodes of a job in the `cache`-th cache of its pool.
double nodes_in(const PoolView& pool, const JobView& job, double cache) {
  const double first = job.first_node - pool.fabric->first_node;
  return std::max(0.0, std::min(first + job.nodes, (cache + 1) * pool.domain_nodes) -
                           std::max(first, cache * pool.domain_nodes));
}

}  // namespace

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

bool is_pinned(const scenario::CacheTier& tier) { return tier.eviction == "pinned"; }

double owners_of(const FleetView& view, const PoolView& pool) {
  return view.scenario->cache.index == scenario::Index::kPooled ? 1 : pool.domain_nodes;
}

double units_of(const PoolView& pool, double nodes) {
  return std::max(1.0, std::round(nodes / pool.domain_nodes));
}

std::vector<CachePart> parts_of(const PoolView& pool, const JobView& job) {
  std::vector<CachePart> parts;
  const double first = job.first_node - pool.fabric->first_node;
  for (double cache = std::floor(first / pool.domain_nodes);
       cache * pool.domain_nodes < first + job.nodes; ++cache) {
    const double nodes = std::min(pool.domain_nodes, pool.nodes - cache * pool.domain_nodes);
    const double share = nodes_in(pool, job, cache) / job.nodes;
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const CachePart& p) {
      return p.share == share && p.nodes == nodes;
    });
    if (same != parts.end()) {
      ++same->caches;
    } else {
      parts.push_back({share, 1, nodes});
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const CachePart& a, const CachePart& b) { return a.share > b.share; });
  return parts;
}

double data_size(const JobView& job) { return static_cast<double>(job.dataset->size.count); }

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

Content::Content(const FleetView& view, const PoolView& pool, std::vector<std::uint32_t> jobs,
                 const Design& design, bool pinned)
    : view_(view), pool_(pool), jobs_(std::move(jobs)), pinned_(pinned) {
  for (const std::uint32_t j : jobs_) {
    const JobView& job = view.jobs[j];
    // Passes over the data set a second as this cache sees them.
    const double rate = design.demand * job.wanted / data_size(job) / units_of(pool, job.nodes);
    sets_[job.job->dataset].push_back({data_size(job), job.object, rate, job.job->shuffle});
  }
  caches_ = pool.nodes / pool.domain_nodes;
}

double Content::bytes(double window_s) const {
  double sum = 0;
  for (const auto& [name, readers] : sets_) {
    double absent = 1;
    for (const Reader& r : readers) absent *= 1 - share(r, window_s);
    sum += readers.front().size * (1 - absent);
  }
  for (const std::uint32_t s : pool_.services) sum += kv_bytes(view_.services[s], window_s);
  return sum;
}

double Content::all_bytes() const { return bytes(kWindowMost); }

double Content::cached_share(const std::string& dataset, double window_s) const {
  double absent = 1;
  for (const Reader& r : sets_.at(dataset)) absent *= 1 - share(r, window_s);
  return 1 - absent;
}

double Content::unread_by_others(std::uint32_t j, const Moment& moment) const {
  double unread = 1;
  for (const std::uint32_t other : jobs_) {
    if (other == j || view_.jobs[other].job->dataset != view_.jobs[j].job->dataset) continue;
    unread *= 1 - progress_of(moment, other);
  }
  return unread;
}

double Content::uneven(double owners, double points) const {
  double all = 0, squares = 0;
  for (const auto& [name, readers] : sets_) {
    all += readers.front().size;
    squares += readers.front().size * readers.front().object;
  }
  if (owners <= 1 || all <= 0) return 0;
  return models::share_deviation(points, all * all / (squares * owners));
}

double Content::window(double capacity) const {
  if (all_bytes() <= capacity) return kEndless;
  // In the logarithm: a window may be a millisecond or a year, and 1e-8 of it is enough.
  double low = portable_log(kWindowLeast), high = portable_log(kWindowMost);
  while (high - low > 1e-8) {
    const double middle = low + (high - low) / 2;
    (bytes(portable_exp(middle)) < capacity ? low : high) = middle;
  }
  return portable_exp(high);
}

double Content::share(const Reader& r, double window_s) const {
  const double epochs = std::min(2.0, r.passes * window_s);
  if (pinned_ || !r.shuffle) return std::min(1.0, epochs);
  return models::epoch_window_share(epochs);
}

double Content::kv_bytes(const ServiceView& s, double window_s) const {
  if (!s.synthetic) return 0;
  const double fresh = s.demand.blocks - s.demand.reused_blocks - s.demand.shared_blocks;
  const double blocks =
      pinned_ ? s.demand.rate * fresh * window_s : models::kv_occupancy(s.demand, window_s);
  return blocks * s.block_bytes / caches_;
}

}  // namespace fleetcache::analytic
