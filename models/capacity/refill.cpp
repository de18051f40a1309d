#include "models/capacity/refill.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

double seconds_of(double bytes, double rate) {
  if (bytes <= 0) return 0;
  return rate > 0 ? bytes / rate : std::numeric_limits<double>::infinity();
}

}  // namespace

RefillAnswer refill(double bytes, const std::vector<RateLimit>& limits) {
  FLEETCACHE_CHECK(!limits.empty(), "a refill through nothing");
  const auto least =
      std::min_element(limits.begin(), limits.end(),
                       [](const RateLimit& a, const RateLimit& b) { return a.rate < b.rate; });
  return {seconds_of(bytes, least->rate.count), least->name};
}

LossAnswer losses(const LossSpec& spec) {
  const double away = spec.failures * to_seconds(spec.repair);
  const double up = 1 / (1 + away);
  const double rate = spec.nodes * up * spec.failures;
  return {rate * 86400, spec.nodes * away * up,
          BytesPerSecond(rate * spec.cached_bytes * spec.reuse)};
}

UpgradeAnswer rolling_upgrade(const UpgradeSpec& spec) {
  FLEETCACHE_CHECK(spec.fraction > 0 && spec.fraction <= 1 && spec.nodes > 0,
                   "an upgrade of no nodes");
  const double each = to_seconds(spec.each);
  UpgradeAnswer a;
  a.away = std::max(1.0, std::floor(spec.nodes * spec.fraction + 1e-9));
  a.waves = std::ceil(spec.nodes / a.away - 1e-9);
  a.duration_s = a.waves * each;
  const double share = a.away / spec.nodes;
  a.hit_deficit = std::min(1.0, share);
  if (spec.keeps || each <= 0) return a;
  a.refill_demand = BytesPerSecond(a.away * spec.cached_bytes * spec.reuse / each);
  // A share/each of the nodes comes back a second and takes refill_s to fill, evenly.
  const double returning = std::min(a.duration_s, spec.refill_s);
  a.hit_deficit = std::min(1.0, share + share / each * returning / 2);
  return a;
}

BroadcastAnswer broadcast(const BroadcastSpec& spec) {
  FLEETCACHE_CHECK(spec.nodes >= 1 && spec.readers >= 1 && spec.piece > 0, "nobody to read");
  BroadcastAnswer a;
  const double part = spec.bytes / spec.nodes;  // of one node
  const double own = seconds_of(part, spec.node.count);
  a.each_s = std::max(seconds_of(spec.bytes * spec.readers, spec.origin.count), own);
  double depth = 0;
  for (double reached = 1; reached < spec.readers; reached *= 2) ++depth;
  const double piece = std::min(spec.piece, part);
  // A node of a binary tree sends twice what it gets.
  const double hop = spec.readers > 1 ? 2 : 1;
  a.tree_s = std::max(seconds_of(spec.bytes, spec.origin.count), hop * own) +
             depth * seconds_of(hop * piece, spec.node.count);
  return a;
}

double touched_share(double n, double requests) {
  FLEETCACHE_CHECK(n >= 1 && requests >= 0, "a catalogue of nothing");
  if (n == 1) return requests > 0 ? 1 : 0;
  return one_minus_exp(std::min(700.0, -requests * log_one_plus(-1 / n)));
}

double epoch_fill_s(double size, double share, BytesPerSecond rate) {
  return seconds_of(size * std::clamp(share, 0.0, 1.0), rate.count);
}

}  // namespace fleetcache::models
