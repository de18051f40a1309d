#include "models/capacity/prefill_service.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

// Turns beyond this share of the requests count as one.
constexpr double kTurnShareLeast = 1e-3;

// Prompts of one turn that find the same of themselves in the cache.
struct Part {
  double share = 0;
  double tokens = 0, variance = 0;  ///< of the length that is computed or held by the prefix
  double rest = 0;                  ///< tokens that are computed, whatever the lengths
  double cached = 0;                ///< tokens of the dialogue that are in the cache, mean
  double cached_variance = 0;
  double prefix_blocks = 0;  ///< at most so many whole blocks of the length are cached
  double prefix_mean = 0;    ///< their mean
};

double seconds(const PrefillStation& s, double fresh, double cached) {
  return fresh / s.tokens.count + s.quadratic * fresh * (fresh + 2 * cached);
}

std::vector<Part> parts_of(const KvDemand& demand, const KvHits& hits, double block) {
  std::vector<Part> parts;
  const auto add = [&](const Part& part) {
    if (part.share > 0) parts.push_back(part);
  };
  double left = 1;
  for (std::size_t k = 0; k < demand.turns.size() && left > 0; ++k) {
    const KvTurn& t = demand.turns[k];
    const bool last = t.share < kTurnShareLeast || k + 1 == demand.turns.size();
    const double share = last ? left : t.share;
    left -= share;
    const double own = k > 0 ? hits.turn_hit : 0;
    if (own > 0) {
      const double cached = std::min(t.prompt_tokens - 1, block * (t.shared + t.reused));
      add({share * own, t.fresh_tokens, t.fresh_variance, t.prompt_tokens - cached - t.fresh_tokens,
           cached, t.context_variance, 0, 0});
    }
    const double variance = t.fresh_variance + t.context_variance;
    const double lost = share * (1 - own);
    add({lost * hits.prefix_hit, t.prompt_tokens, variance, 0, 0, 0, demand.prefix_blocks,
         t.shared});
    add({lost * (1 - hits.prefix_hit), t.prompt_tokens, variance, 0, 0, 0, 0, 0});
  }
  return parts;
}

// Sums over requests, in seconds.
struct Sums {
  double fetch = 0, prefill = 0, square = 0;
};

void add_moments(const Part& p, const PrefillStation& s, Sums& sums) {
  const double from_prefix = s.block_tokens * p.prefix_mean;
  const double cached = p.cached + from_prefix;
  const double fresh = std::max(1.0, p.rest + p.tokens - from_prefix);
  const double fetch_per_token = s.fetch_s_per_block / s.block_tokens;
  const double fetch = fetch_per_token * cached;
  const double prefill = seconds(s, fresh, cached);
  const double slope = 1 / s.tokens.count + 2 * s.quadratic * (fresh + cached);
  sums.fetch += p.share * fetch;
  sums.prefill += p.share * prefill;
  sums.square += p.share * ((fetch + prefill) * (fetch + prefill) + slope * slope * p.variance +
                            fetch_per_token * fetch_per_token * p.cached_variance);
}

// Equal shares of a log-normal: its tail in the last, by the mean.
std::vector<TimeShare> coarse_law(double mean, double variance) {
  constexpr std::size_t kShares = 8;
  if (mean <= 0 || variance <= 0) return {{mean, 1}};
  std::vector<TimeShare> out;
  double upto = 0;
  for (const TimeShare& point : log_normal_law(mean, variance / (mean * mean))) {
    if (out.empty() ||
        (upto >= 1.0 / kShares * static_cast<double>(out.size()) && out.size() < kShares))
      out.push_back({});
    out.back().seconds += point.share * point.seconds;
    out.back().share += point.share;
    upto += point.share;
  }
  for (TimeShare& o : out) o.seconds /= o.share;
  return out;
}

void add_law(const Part& p, const PrefillStation& s, Sums& sums, std::vector<TimeShare>& law) {
  const double cv2 = p.tokens > 0 ? p.variance / (p.tokens * p.tokens) : 0;
  const std::vector<TimeShare> contexts = coarse_law(p.cached, p.cached_variance);
  for (const TimeShare& length : log_normal_law(p.tokens, cv2)) {
    const double whole = std::floor(length.seconds / s.block_tokens);
    const double from_prefix = s.block_tokens * std::min(p.prefix_blocks, whole);
    const double fresh = std::max(1.0, p.rest + length.seconds - from_prefix);
    for (const TimeShare& context : contexts) {
      const double cached = context.seconds + from_prefix;
      const double fetch = s.fetch_s_per_block * cached / s.block_tokens;
      const double prefill = seconds(s, fresh, cached);
      const double share = p.share * length.share * context.share;
      sums.fetch += share * fetch;
      sums.prefill += share * prefill;
      sums.square += share * (fetch + prefill) * (fetch + prefill);
      law.push_back({fetch + prefill, share});
    }
  }
}

// Ascending, neighbours within half a percent as one.
std::vector<TimeShare> merged(std::vector<TimeShare> law) {
  std::stable_sort(law.begin(), law.end(),
                   [](const TimeShare& a, const TimeShare& b) { return a.seconds < b.seconds; });
  std::vector<TimeShare> out;
  double first = 0;
  for (const TimeShare& point : law) {
    if (out.empty() || point.seconds > 1.005 * first) {
      first = point.seconds;
      out.push_back(point);
      continue;
    }
    TimeShare& o = out.back();
    const double share = o.share + point.share;
    o.seconds = (o.seconds * o.share + point.seconds * point.share) / share;
    o.share = share;
  }
  return out;
}

}  // namespace

PrefillService prefill_service(const KvDemand& demand, const KvHits& hits,
                               const PrefillStation& station, bool with_law) {
  FLEETCACHE_CHECK(station.tokens.count > 0 && station.block_tokens > 0,
                   "a prefill without a rate");
  PrefillService out;
  Sums sums;
  for (const Part& part : parts_of(demand, hits, station.block_tokens))
    with_law ? add_law(part, station, sums, out.law) : add_moments(part, station, sums);
  out.law = merged(std::move(out.law));
  out.fetch_s = sums.fetch;
  out.prefill_s = sums.prefill;
  const double mean = sums.fetch + sums.prefill;
  if (mean > 0) out.cv2 = std::max(0.0, sums.square / (mean * mean) - 1);
  return out;
}

}  // namespace fleetcache::models
