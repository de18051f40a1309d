#include "models/cache/che.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

// Of a characteristic time, relative: moves a hit ratio by less than 1e-10.
constexpr double kTimeError = 1e-10;

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

// Hits at a given window.
template <class Hit>
CacheSolution answer(std::span<const CatalogueClass> catalogue, double time, Hit hit) {
  CacheSolution out;
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
  double time = std::numeric_limits<double>::infinity();
  if (capacity < total) {
    // T spans many decades: bracket by doubling from 1/fastest, then halve.
    double high = 1 / fastest;
    while (occupancy(catalogue, high, hit) < capacity) high *= 2;
    double low = high > 1 / fastest ? high / 2 : 0;
    while (high - low > kTimeError * high) {
      const double middle = low + (high - low) / 2;
      (occupancy(catalogue, middle, hit) < capacity ? low : high) = middle;
    }
    time = high;
  }
  return answer(catalogue, time, hit);
}

}  // namespace

std::vector<CatalogueClass> zipf_catalogue(double n, double exponent, double total_rate,
                                           double size, std::size_t bins) {
  FLEETCACHE_CHECK(n >= 1 && exponent >= 0 && bins >= 8, "a catalogue of no ranks");
  n = std::floor(n);
  std::vector<CatalogueClass> out;
  double total = 0;
  const auto add = [&](double weight, double count) {
    out.push_back({weight / count, count, size});
    total += weight;
  };
  const double exact = std::min(n, std::floor(static_cast<double>(bins) / 4));
  for (double rank = 1; rank <= exact; ++rank) add(power(rank, -exponent), 1);
  // Class k ends at exact (n / exact)^(k / classes): equal widths in the logarithm.
  const double classes = static_cast<double>(bins) - exact;
  const double growth = portable_log(n / exact) / classes;
  double first = exact + 1;
  for (double k = 1; first <= n; ++k) {
    const double end = k >= classes ? n : std::floor(exact * portable_exp(k * growth));
    const double last = std::min(n, end);
    if (last < first) continue;  // narrower than a rank
    add(rank_sum(first, last, exponent), last - first + 1);
    first = last + 1;
  }
  for (CatalogueClass& c : out) c.rate *= total_rate / total;
  return out;
}

std::vector<CatalogueClass> binned(std::span<const CatalogueClass> catalogue, std::size_t bins) {
  FLEETCACHE_CHECK(bins >= 2, "a catalogue of no classes");
  std::vector<CatalogueClass> sorted(catalogue.begin(), catalogue.end());
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const CatalogueClass& a, const CatalogueClass& b) { return a.rate > b.rate; });
  if (sorted.size() <= bins) return sorted;
  const auto asked = static_cast<std::size_t>(
      std::find_if(sorted.begin(), sorted.end(), [](const auto& c) { return c.rate <= 0; }) -
      sorted.begin());
  std::vector<CatalogueClass> out;
  const auto merge = [&out](const CatalogueClass& c) {
    CatalogueClass& into = out.back();
    const double count = into.count + c.count;
    if (count <= 0) return;
    into.rate = (into.rate * into.count + c.rate * c.count) / count;
    into.size = (into.size * into.count + c.size * c.count) / count;
    into.count = count;
  };
  const double top = asked > 0 ? portable_log(sorted[0].rate) : 0;
  const double range = asked > 0 ? top - portable_log(sorted[asked - 1].rate) : 0;
  const auto width = static_cast<double>(bins - 1);  // the last one is kept for what is not asked
  double current = -1;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    double bin = width;
    if (i < asked && range > 0)
      bin = std::min(width - 1, std::floor((top - portable_log(sorted[i].rate)) / range * width));
    else if (i < asked)
      bin = 0;
    if (bin == current) {
      merge(sorted[i]);
    } else {
      out.push_back(sorted[i]);
      current = bin;
    }
  }
  return out;
}

CacheSolution che_lru(std::span<const CatalogueClass> catalogue, double capacity) {
  return solve(catalogue, capacity, lru_hit);
}

CacheSolution che_fifo_random(std::span<const CatalogueClass> catalogue, double capacity) {
  return solve(catalogue, capacity, fifo_hit);
}

CacheSolution characteristic(CacheLaw law, std::span<const CatalogueClass> catalogue,
                             double capacity) {
  return law == CacheLaw::kLru ? che_lru(catalogue, capacity)
                               : che_fifo_random(catalogue, capacity);
}

double bin_error(CacheLaw law, std::span<const CatalogueClass> catalogue, double capacity) {
  const auto coarse = binned(catalogue, std::max<std::size_t>(2, catalogue.size() / 2));
  return std::fabs(characteristic(law, catalogue, capacity).hit_ratio -
                   characteristic(law, coarse, capacity).hit_ratio);
}

double ttl_hit(double rate, double ttl_s, bool reset) {
  const double x = rate * ttl_s;
  return reset ? lru_hit(x) : fifo_hit(x);
}

double ttl_bytes(std::span<const CatalogueClass> catalogue, double ttl_s, bool reset) {
  // A Poisson request meets the object alive as often as any instant does.
  return reset ? occupancy(catalogue, ttl_s, lru_hit) : occupancy(catalogue, ttl_s, fifo_hit);
}

CacheSolution ttl_cache(std::span<const CatalogueClass> catalogue, double ttl_s, bool reset,
                        double capacity) {
  FLEETCACHE_CHECK(ttl_s > 0, "a time to live of nothing");
  const bool fits = ttl_bytes(catalogue, ttl_s, reset) <= capacity;
  FLEETCACHE_CHECK(reset || fits, "what a TTL without reset leaves must fit");
  if (!fits) return che_lru(catalogue, capacity);
  return reset ? answer(catalogue, ttl_s, lru_hit) : answer(catalogue, ttl_s, fifo_hit);
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
