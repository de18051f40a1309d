#include "models/cache/tandem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

constexpr double kTimeError = 1e-10;

// One leaf's misses of one object: `rate` of them a second, gaps of at least `least`, and after
// that exponential with rate `after`.
struct Misses {
  double rate = 0, least = 0, after = 0;
};

Misses misses_of(double rate, double leaf_window, bool spaced) {
  Misses m;
  if (rate <= 0 || std::isinf(leaf_window)) return m;
  m.rate = rate * portable_exp(-std::min(700.0, rate * leaf_window));
  if (!spaced || m.rate <= 0) return {m.rate, 0, m.rate};
  m.least = leaf_window;
  m.after = 1 / (1 / m.rate - leaf_window);  // e^x / x > x: never at or below 0
  return m;
}

// A random instant: no miss of this leaf in the last `window`.
double quiet(const Misses& m, double window) {
  if (m.rate <= 0) return 1;
  if (m.least <= 0) return portable_exp(-std::min(700.0, m.rate * window));
  // The mean of min(gap, window), over the mean gap.
  const double rest = std::max(0.0, window - m.least);
  const double covered =
      std::min(window, m.least) + one_minus_exp(std::min(700.0, m.after * rest)) / m.after;
  return std::max(0.0, 1 - m.rate * covered);
}

// At a miss of this leaf: its own last one is older than `window`.
double own_quiet(const Misses& m, double window) {
  const double rest = std::max(0.0, window - m.least);
  return portable_exp(-std::min(700.0, m.after * rest));
}

double present(const Misses& m, double leaves, double window) {
  const double all_quiet = quiet(m, window);
  return all_quiet <= 0 ? 1 : 1 - power(all_quiet, leaves);
}

double hit_of(const Misses& m, double leaves, double window) {
  if (m.rate <= 0) return 0;
  const double others = quiet(m, window);
  if (others <= 0) return 1;
  return 1 - own_quiet(m, window) * power(others, leaves - 1);
}

}  // namespace

double tier_hit(double rate, double first_window, double second_window) {
  if (rate <= 0) return 0;
  if (std::isinf(first_window) || std::isinf(second_window)) return 1;
  const Misses m = misses_of(rate, first_window, true);
  if (m.rate <= 0) return 1;
  const double missed = portable_exp(-std::min(700.0, rate * first_window));
  return 1 - missed * own_quiet(m, second_window);
}

TandemSolution lru_tandem(std::span<const CatalogueClass> catalogue, const TandemSpec& spec) {
  FLEETCACHE_CHECK(spec.leaves >= 1 && spec.second_capacity >= 0, "a tandem needs a leaf");
  TandemSolution out;
  out.first = che_lru(catalogue, spec.leaf_capacity);
  std::vector<Misses> misses;
  double total = 0, fastest = 0;
  for (const CatalogueClass& c : catalogue) {
    misses.push_back(misses_of(c.rate, out.first.characteristic_s, spec.spaced_misses));
    fastest = std::max(fastest, c.rate);
    if (misses.back().rate > 0) total += c.count * c.size;
  }
  const auto bytes = [&](double window) {
    double sum = 0;
    for (std::size_t i = 0; i < misses.size(); ++i)
      sum += catalogue[i].count * catalogue[i].size * present(misses[i], spec.leaves, window);
    return sum;
  };
  double window = std::numeric_limits<double>::infinity();
  if (spec.second_capacity < total * (1 - 1e-12)) {
    double high = 1 / fastest;
    while (bytes(high) < spec.second_capacity && high < 1e300) high *= 2;
    double low = 0;
    while (high - low > kTimeError * high) {
      const double middle = low + (high - low) / 2;
      (bytes(middle) < spec.second_capacity ? low : high) = middle;
    }
    window = high;
  }
  CacheSolution& second = out.second;
  second.characteristic_s = window;
  double asked = 0, hits = 0, asked_bytes = 0, hit_bytes = 0, requests = 0;
  for (std::size_t i = 0; i < misses.size(); ++i) {
    const CatalogueClass& c = catalogue[i];
    const double h =
        std::isinf(window) ? (misses[i].rate > 0 ? 1 : 0) : hit_of(misses[i], spec.leaves, window);
    second.class_hit.push_back(h);
    requests += c.rate * c.count;
    asked += misses[i].rate * c.count;
    hits += misses[i].rate * c.count * h;
    asked_bytes += misses[i].rate * c.count * c.size;
    hit_bytes += misses[i].rate * c.count * c.size * h;
  }
  second.hit_ratio = asked > 0 ? hits / asked : 0;
  second.byte_hit_ratio = asked_bytes > 0 ? hit_bytes / asked_bytes : 0;
  out.origin = requests > 0 ? (asked - hits) / requests : 0;
  return out;
}

}  // namespace fleetcache::models
