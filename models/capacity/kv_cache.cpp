#include "models/capacity/kv_cache.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/cache/tandem.hpp"
#include "models/numeric.hpp"
#include "policies/base/check.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::models {

namespace {

// kv_sessions draws lengths log-normal with sigma 1: variance = (e - 1) mean^2.
constexpr double kLengthCv2 = 1.7182818284590452;
constexpr double kShareLeft = 1e-9;
constexpr double kShareOfShort = 1e-3;
constexpr std::size_t kTurnsMax = 512;

// Window over which expm1-like terms saturate, so that an infinite window stays finite arithmetic.
double one_minus_exp_safe(double x) { return x > 700 ? 1 : one_minus_exp(std::max(0.0, x)); }

// Neighbours in rank whose rates differ by less than 2 % as one class: a tenth of the terms, and
// hit ratios that move by less than 1e-4.
std::vector<CatalogueClass> merged(const std::vector<CatalogueClass>& ranks) {
  std::vector<CatalogueClass> classes;
  double first = 0;
  for (const CatalogueClass& r : ranks) {
    if (classes.empty() || r.rate < 0.98 * first) {
      classes.push_back(r);
      first = r.rate;
      continue;
    }
    CatalogueClass& c = classes.back();
    c.rate = (c.rate * c.count + r.rate * r.count) / (c.count + r.count);
    c.count += r.count;
  }
  return classes;
}

// Standard normal quantiles at the middles of equal shares.
std::vector<double> normal_points() {
  constexpr int kPoints = 128;
  std::vector<double> z;
  for (int i = 0; i < kPoints; ++i) z.push_back(normal_quantile((i + 0.5) / kPoints));
  return z;
}

struct SharedBlocks {
  double mean = 0;
  double shorter = 0;  ///< probability that the prompt does not hold the whole prefix
};

// Whole blocks of a prefix in prompts of log-normal length.
SharedBlocks shared_blocks(const KvTurn& turn, double block, double prefix,
                           const std::vector<double>& z) {
  const double cv2 =
      (turn.fresh_variance + turn.context_variance) / (turn.prompt_tokens * turn.prompt_tokens);
  const double sigma2 = log_one_plus(cv2), sigma = std::sqrt(sigma2);
  const double median = turn.prompt_tokens * portable_exp(-sigma2 / 2);
  SharedBlocks out;
  for (const double point : z) {
    const double has = std::floor(median * portable_exp(sigma * point) / block);
    out.mean += std::min(prefix, has);
    out.shorter += has < prefix;
  }
  out.mean /= static_cast<double>(z.size());
  out.shorter /= static_cast<double>(z.size());
  return out;
}

}  // namespace

KvDemand kv_demand(const KvSessionSpec& spec) {
  FLEETCACHE_CHECK(spec.rate.count > 0 && spec.block_tokens > 0, "a KV workload without requests");
  const double turns = std::max(1.0, spec.turns);
  KvDemand d;
  d.rate = spec.rate.count;
  d.think_s = to_seconds(spec.think);
  d.last_turn = 1 / turns;
  const double prompt = spec.prompt_tokens, block = spec.block_tokens;
  const double step = prompt / turns, answer = spec.output_tokens;
  const double shared_tokens = spec.shared_fraction * prompt;
  d.prefix_blocks = std::floor(shared_tokens / block);
  const std::vector<double> z = d.prefix_blocks > 0 ? normal_points() : std::vector<double>();
  SharedBlocks carried;
  double share = d.last_turn, context = 0, variance = 0;
  for (std::size_t k = 0; k < kTurnsMax; ++k) {
    KvTurn turn;
    turn.share = share;
    const double fresh = k == 0 ? prompt : step;
    const double before = context;  // tokens of the dialogue so far, last answer included
    turn.prompt_tokens = before + fresh;
    turn.fresh_tokens = fresh;
    turn.fresh_variance = kLengthCv2 * fresh * fresh;
    turn.context_variance = variance;
    turn.blocks = turn.prompt_tokens / block + 0.5;  // ceil of a smooth length: half a block more
    if (k > 0) {
      // A prompt that ended within the prefix left a partial block; longer ones have the prefix's
      // there.
      const double last_prompt_blocks = (before - answer) / block + 0.5;
      turn.reused = std::max(0.0, last_prompt_blocks - carried.mean - carried.shorter);
    }
    // Late turns are rare and long.
    const bool may_be_short = d.prefix_blocks > 0 && share > kShareOfShort;
    carried = may_be_short ? shared_blocks(turn, block, d.prefix_blocks, z)
                           : SharedBlocks{d.prefix_blocks, 0};
    turn.shared = std::min(carried.mean, turn.blocks);
    context = turn.prompt_tokens + answer;
    variance += turn.fresh_variance + kLengthCv2 * answer * answer;
    d.turns.push_back(turn);
    share *= 1 - d.last_turn;
    if (share < kShareLeft) break;
  }
  for (const KvTurn& t : d.turns) {
    d.blocks += t.share * t.blocks;
    d.reused_blocks += t.share * t.reused;
    d.shared_blocks += t.share * t.shared;
  }
  d.prefixes = merged(zipf_catalogue(std::max(1U, spec.prefixes), spec.prefix_zipf, d.rate));
  return d;
}

double kv_occupancy(const KvDemand& d, double window_s) {
  double shared = 0;
  if (d.shared_blocks > 0)
    for (const CatalogueClass& p : d.prefixes)
      shared += p.count * one_minus_exp_safe(p.rate * window_s);
  const double lingering = d.think_s > 0 ? d.think_s * one_minus_exp_safe(window_s / d.think_s) : 0;
  const double kept_s = (1 - d.last_turn) * lingering + d.last_turn * window_s;
  return d.prefix_blocks * shared + d.rate * (d.blocks - d.shared_blocks) * kept_s;
}

KvHits kv_hits(const KvDemand& d, double window_s, double units) {
  KvHits hits;
  double asked = 0, found = 0;
  for (const CatalogueClass& p : d.prefixes) {
    asked += p.count * p.rate;
    found += p.count * p.rate * one_minus_exp_safe(p.rate / units * window_s);
  }
  if (d.shared_blocks > 0 && asked > 0) hits.prefix_hit = found / asked;
  if (d.reused_blocks > 0)
    hits.turn_hit =
        (d.think_s > 0 ? one_minus_exp_safe(window_s / d.think_s) : (window_s > 0 ? 1 : 0)) / units;
  if (d.blocks <= 0) return hits;
  const double reused = d.reused_blocks * hits.turn_hit;
  hits.block_hit_ratio = (d.shared_blocks * hits.prefix_hit + reused) / d.blocks;
  // A live session just used its prefix, so a private hit seldom comes without the prefix: only
  // when the prefix's last request is older than the window, which the turn itself rules out.
  hits.usable_ratio = hits.block_hit_ratio;
  return hits;
}

KvHits kv_tier_hits(const KvDemand& d, double first_s, double second_s, double units) {
  KvHits hits = kv_hits(d, std::max(first_s, second_s), units);
  double asked = 0, found = 0;
  for (const CatalogueClass& p : d.prefixes) {
    asked += p.count * p.rate;
    found += p.count * p.rate * tier_hit(p.rate / units, first_s, second_s);
  }
  if (d.shared_blocks <= 0 || asked <= 0 || d.blocks <= 0) return hits;
  hits.prefix_hit = found / asked;
  hits.block_hit_ratio =
      (d.shared_blocks * hits.prefix_hit + d.reused_blocks * hits.turn_hit) / d.blocks;
  hits.usable_ratio = hits.block_hit_ratio;
  return hits;
}

KvHits kv_hits_after(const KvDemand& d, KvHits hits, double delay_s) {
  if (d.blocks <= 0 || delay_s <= 0 || hits.turn_hit <= 0) return hits;
  const double in_time = d.think_s / (d.think_s + delay_s);
  const double lost =
      std::min(hits.block_hit_ratio, d.reused_blocks / d.blocks * hits.turn_hit * (1 - in_time));
  hits.turn_hit *= in_time;
  hits.block_hit_ratio -= lost;
  hits.usable_ratio = std::max(0.0, hits.usable_ratio - lost);
  return hits;
}

double kv_window(const KvDemand& d, double capacity_blocks, double horizon_s) {
  if (kv_occupancy(d, horizon_s) <= capacity_blocks) return std::numeric_limits<double>::infinity();
  return bisect_increasing([&](double t) { return kv_occupancy(d, t); }, capacity_blocks, 0.0,
                           horizon_s);
}

}  // namespace fleetcache::models
