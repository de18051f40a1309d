#include "sim/analytic/kv_law.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "policies/eviction/eviction.hpp"

namespace fleetcache::analytic {

namespace {

constexpr std::uint64_t kSeed = 1;
constexpr double kBlocksLeast = 64;
constexpr double kWarmWindows = 6, kSweepWarm = 4;
constexpr double kMeasuredWindows = 12, kSweepWindows = 3;
constexpr double kLookupsMost = 256;  // of a run, for each block that it holds

std::optional<eviction::Cache> cache_of(const KvTier& tier, double scale) {
  const eviction::PolicyInfo* info = eviction::find_policy(tier.tier->eviction);
  if (info == nullptr || info->needs_next_access) return std::nullopt;
  eviction::Config config;
  config.capacity = static_cast<std::uint64_t>(std::max(1.0, std::round(tier.blocks * scale)));
  config.max_entries = static_cast<std::uint32_t>(config.capacity);
  config.unit_charge = true;
  config.seed = kSeed;
  for (const auto& p : tier.tier->parameters) config.params.push_back(p);
  auto cache = eviction::Cache::create(tier.tier->eviction, config);
  if (!cache) return std::nullopt;
  return std::move(cache).value();
}

struct Counts {
  double hits = 0, first = 0, usable = 0;
  double shared = 0, shared_hits = 0;
  double again = 0, again_hits = 0;  // private blocks that were asked before
};

// As sim/world does it; returns the tier that had the block, or the number of tiers.
std::size_t look_up(std::vector<eviction::Cache>& tiers, TimePoint now, std::uint64_t block) {
  eviction::Meta meta;
  meta.id = block;
  std::size_t found = tiers.size();
  for (std::size_t t = 0; t < tiers.size() && found == tiers.size(); ++t)
    if (tiers[t].find(block)) found = t;
  if (found == tiers.size()) {
    for (eviction::Cache& t : tiers) t.request(now, meta);
    return found;
  }
  tiers[found].access(now, tiers[found].find(block));
  while (tiers[found].must_evict(nullptr) && tiers[found].evict(now, nullptr)) {
  }
  for (std::size_t t = 0; t < found; ++t) tiers[t].admit(now, meta);
  return found;
}

// The stream is short and its dialogues' lengths vary: hits are taken per kind of block and put
// together in the proportions of the workload.
KvMiniature answer_of(const Counts& c, const models::KvDemand& demand) {
  KvMiniature out;
  if (demand.blocks <= 0) return out;
  if (c.shared > 0) out.hits.prefix_hit = c.shared_hits / c.shared;
  if (c.again > 0) out.hits.turn_hit = c.again_hits / c.again;
  out.hits.block_hit_ratio =
      (demand.shared_blocks * out.hits.prefix_hit + demand.reused_blocks * out.hits.turn_hit) /
      demand.blocks;
  const double of_hits = c.hits > 0 ? out.hits.block_hit_ratio / c.hits : 0;
  out.hits.usable_ratio = c.usable * of_hits;
  out.first = c.first * of_hits;
  return out;
}

struct Course {
  double warm_s = 0, measured_s = 0;
};

Course course_of(double window_s, bool sweep) {
  return {(sweep ? kSweepWarm : kWarmWindows) * window_s,
          (sweep ? kSweepWindows : kMeasuredWindows) * window_s};
}

KvMiniature run(const models::KvSessionSpec& spec, const models::KvDemand& demand,
                std::vector<eviction::Cache>& tiers, const Course& course) {
  const Duration end = from_seconds(course.warm_s + course.measured_s);
  const TimePoint from = TimePoint{} + from_seconds(course.warm_s);
  Counts c;
  // Dialogues are as long as they become from the start: only caches have to fill.
  models::KvSessionStream sessions(spec, kSeed, end, models::KvStart::kSteady);
  for (models::KvSessionRequest r; sessions.next(r);) {
    const bool counted = r.at.ns >= from.ns;
    bool prefix = true;
    for (std::size_t i = 0; i < r.blocks.size(); ++i) {
      const std::size_t found = look_up(tiers, r.at, r.blocks[i]);
      const bool hit = found < tiers.size();
      prefix = prefix && hit;
      const bool before = i >= r.shared_blocks && i < r.known_blocks;
      if (!counted) continue;
      c.hits += hit;
      c.first += hit && found == 0 && tiers.size() > 1;
      c.usable += hit && prefix;
      c.shared += i < r.shared_blocks;
      c.shared_hits += i < r.shared_blocks && hit;
      c.again += before;
      c.again_hits += before && hit;
    }
  }
  return answer_of(c, demand);
}

std::string key_of(const models::KvSessionSpec& spec, const std::vector<KvTier>& tiers,
                   double scale, double window_s) {
  char text[256];
  std::snprintf(text, sizeof text, "%.4g|%.9g|%u|%u|%u|%.9g|%.9g|%.9g|%.9g|%u|%.4g",
                spec.rate.count, spec.cv, spec.prompt_tokens, spec.output_tokens, spec.prefixes,
                spec.prefix_zipf, spec.shared_fraction, spec.turns, to_seconds(spec.think),
                spec.block_tokens, window_s);
  std::string key = text;
  for (const KvTier& t : tiers) {
    key += "|" + t.tier->eviction + "|" + std::to_string(std::llround(t.blocks * scale));
    for (const auto& [name, value] : t.tier->parameters) key += "|" + name + "=" + value;
  }
  return key;
}

}  // namespace

bool kv_closed_form(const std::string& policy) { return policy == "lru" || policy == "prefix-lru"; }

std::optional<KvMiniature> KvLaw::hits(const models::KvSessionSpec& spec,
                                       const models::KvDemand& demand,
                                       const std::vector<KvTier>& tiers, double window_s) {
  double largest = 0;
  for (const KvTier& t : tiers) largest = std::max(largest, t.blocks);
  if (largest < kBlocksLeast || !std::isfinite(window_s) || window_s <= 0) return std::nullopt;
  const bool sweep = blocks_ < kKvBlocks;
  const Course course = course_of(window_s, sweep);
  double scale = std::min(1.0, blocks_ / largest);
  const double lookups = scale * demand.rate * demand.blocks * (course.warm_s + course.measured_s);
  if (lookups > kLookupsMost * blocks_) scale *= kLookupsMost * blocks_ / lookups;
  if (largest * scale < std::min(largest, 1.0 * kKvSweepBlocks)) return std::nullopt;
  models::KvSessionSpec small = spec;
  small.rate = PerSecond(spec.rate.count * scale);
  small.prefixes = static_cast<std::uint32_t>(std::max(1.0, std::round(spec.prefixes * scale)));
  std::vector<KvTier> kept;
  for (const KvTier& t : tiers)
    if (t.blocks * scale >= kBlocksLeast) kept.push_back(t);
  const auto [entry, fresh] = runs_.try_emplace(key_of(small, kept, scale, window_s), std::nullopt);
  if (!fresh) return entry->second;
  std::vector<eviction::Cache> caches;
  for (const KvTier& t : kept) {
    auto cache = cache_of(t, scale);
    if (!cache) return std::nullopt;
    caches.push_back(std::move(*cache));
  }
  entry->second = run(small, demand, caches, course);
  return entry->second;
}

}  // namespace fleetcache::analytic
