#include "models/cache/che.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

constexpr double kExactRanks = 1000;
constexpr double kClassWidth = 1.01;

// Integral of x^-exponent, the sum over ranks first .. last to the midpoint rule.
double rank_sum(double first, double last, double exponent) {
  const double low = first - 0.5;
  const double high = last + 0.5;
  if (exponent == 1) return portable_log(high / low);
  const double e = 1 - exponent;
  return (power(high, e) - power(low, e)) / e;
}

double lru_hit(double x) { return one_minus_exp(x); }
double fifo_hit(double x) { return x / (1 + x); }

template <class Hit>
double occupancy(std::span<const CatalogueClass> catalogue, double time, Hit hit) {
  double sum = 0;
  for (const CatalogueClass& c : catalogue) sum += c.count * c.size * hit(c.rate * time);
  return sum;
}

template <class Hit>
CacheSolution solve(std::span<const CatalogueClass> catalogue, double capacity, Hit hit) {
  FLEETCACHE_CHECK(capacity >= 0, "a cache of negative capacity");
  double total = 0;
  double fastest = 0;
  for (const CatalogueClass& c : catalogue) {
    FLEETCACHE_CHECK(c.rate >= 0 && c.count >= 0 && c.size > 0, "a catalogue class out of range");
    if (c.rate > 0) total += c.count * c.size;
    fastest = std::max(fastest, c.rate);
  }
  CacheSolution out;
  double time = std::numeric_limits<double>::infinity();
  if (capacity < total) {
    // T spans many decades: bracket by doubling from 1/fastest, then halve.
    double high = 1 / fastest;
    while (occupancy(catalogue, high, hit) < capacity) high *= 2;
    time = bisect_increasing([&](double t) { return occupancy(catalogue, t, hit); }, capacity, 0.0,
                             high);
  }
  out.characteristic_s = time;
  double requests = 0, hits = 0, bytes = 0, hit_bytes = 0;
  for (const CatalogueClass& c : catalogue) {
    const double h = c.rate == 0 ? 0 : std::isinf(time) ? 1 : hit(c.rate * time);
    out.class_hit.push_back(h);
    requests += c.rate * c.count;
    hits += c.rate * c.count * h;
    bytes += c.rate * c.count * c.size;
    hit_bytes += c.rate * c.count * c.size * h;
  }
  out.hit_ratio = requests > 0 ? hits / requests : 0;
  out.byte_hit_ratio = bytes > 0 ? hit_bytes / bytes : 0;
  return out;
}

}  // namespace

std::vector<CatalogueClass> zipf_catalogue(double n, double exponent, double total_rate,
                                           double size) {
  FLEETCACHE_CHECK(n >= 1 && exponent >= 0, "a catalogue of no ranks");
  n = std::floor(n);
  std::vector<CatalogueClass> out;
  double total = 0;
  const auto add = [&](double weight, double count) {
    out.push_back({weight / count, count, size});
    total += weight;
  };
  const double exact = std::min(n, kExactRanks);
  for (double rank = 1; rank <= exact; ++rank) add(power(rank, -exponent), 1);
  for (double first = exact + 1; first <= n;) {
    const double last = std::min(n, std::max(first, std::floor(first * kClassWidth)));
    add(rank_sum(first, last, exponent), last - first + 1);
    first = last + 1;
  }
  for (CatalogueClass& c : out) c.rate *= total_rate / total;
  return out;
}

CacheSolution che_lru(std::span<const CatalogueClass> catalogue, double capacity) {
  return solve(catalogue, capacity, lru_hit);
}

CacheSolution che_fifo_random(std::span<const CatalogueClass> catalogue, double capacity) {
  return solve(catalogue, capacity, fifo_hit);
}

double ttl_hit(double rate, double ttl_s, bool reset) {
  const double x = rate * ttl_s;
  return reset ? lru_hit(x) : fifo_hit(x);
}

double static_optimum(std::span<const CatalogueClass> catalogue, double capacity) {
  std::vector<CatalogueClass> sorted(catalogue.begin(), catalogue.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const CatalogueClass& a, const CatalogueClass& b) {
                     return a.rate * b.size > b.rate * a.size;
                   });
  double requests = 0, hits = 0;
  for (const CatalogueClass& c : sorted) {
    const double kept = std::min(c.count, capacity / c.size);
    capacity -= kept * c.size;
    hits += kept * c.rate;
    requests += c.count * c.rate;
  }
  return requests > 0 ? hits / requests : 0;
}

std::vector<CatalogueClass> miss_stream(std::span<const CatalogueClass> catalogue,
                                        const CacheSolution& solution) {
  FLEETCACHE_CHECK(catalogue.size() == solution.class_hit.size(), "a solution of other classes");
  std::vector<CatalogueClass> out(catalogue.begin(), catalogue.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i].rate *= 1 - solution.class_hit[i];
  return out;
}

}  // namespace fleetcache::models
