/// Hit ratios of caches under independent requests (IRM), by characteristic times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fleetcache::models {

/// Objects that are alike. A catalogue is a list of classes, so that a billion objects are a few
/// hundred classes.
struct CatalogueClass {
  double rate = 0;   ///< requests a second to each object; any unit, as long as all share it
  double count = 0;  ///< objects
  double size = 1;   ///< of each, in the unit of the capacity
};

/// Classes of a catalogue at most, unless asked otherwise. What that costs in accuracy is computed
/// by `bin_error`: below 2e-4 of a hit ratio for Zipf 0.6 to 1.2
/// (tests/unit/models/tandem_test.cpp).
constexpr std::size_t kCatalogueBins = 512;

/// Ranks 1 .. n with rate proportional to rank^-exponent and a total rate of `total_rate`, in at
/// most `bins` classes: the first quarter of them are single ranks, the others equally wide in the
/// logarithm of the rank. Rates of a class are their mean, by the integral from half a rank before
/// to half a rank after. Requires: n >= 1, bins >= 8.
std::vector<CatalogueClass> zipf_catalogue(double n, double exponent, double total_rate = 1,
                                           double size = 1, std::size_t bins = kCatalogueBins);

/// Any catalogue in at most `bins` classes, by decreasing rate: neighbours are merged while the
/// logarithm of their rate differs by less than an equal share of the whole range. Objects, bytes
/// and requests are kept; bytes asked only where size does not go with rate inside a class. Objects
/// that are never asked form one class at the end. O(classes log classes).
std::vector<CatalogueClass> binned(std::span<const CatalogueClass> catalogue,
                                   std::size_t bins = kCatalogueBins);

struct CacheSolution {
  double characteristic_s = 0;    ///< T, in the inverse unit of the rates; infinite when all fits
  double hit_ratio = 0;           ///< of requests
  double byte_hit_ratio = 0;      ///< of bytes asked
  std::vector<double> class_hit;  ///< of each class, in the order given
};

/// LRU: sum count size (1 - e^(-rate T)) = capacity, hit 1 - e^(-rate T).
/// Valid for: IRM, many objects of which none is a large share. Error below 0.003 (V8).
/// Source: Che, Tung, Wang, JSAC 2002; Fricker, Robert, Roberts, ITC 2012.
CacheSolution che_lru(std::span<const CatalogueClass> catalogue, double capacity);

/// FIFO and RANDOM, which have the same hit ratio under IRM: sum count size x/(1 + x) = capacity
/// with x = rate T, hit x/(1 + x). Source: Gelenbe 1973; Martina et al., INFOCOM 2014.
CacheSolution che_fifo_random(std::span<const CatalogueClass> catalogue, double capacity);

/// RANDOM is FIFO under independent requests.
enum class CacheLaw : std::uint8_t { kLru, kFifo };
CacheSolution characteristic(CacheLaw law, std::span<const CatalogueClass> catalogue,
                             double capacity);

/// What binning costs: the difference of the hit ratio to the same catalogue in half as many
/// classes. An upper estimate, since the error falls with the square of the width of a class: what
/// is left at `bins` is about a third of it.
double bin_error(CacheLaw law, std::span<const CatalogueClass> catalogue, double capacity);

/// Hit ratio of one object in a cache of unlimited size that drops it `ttl_s` after its last
/// request (`reset`) or after its insertion: 1 - e^(-rate ttl) or x/(1 + x). Checked by: V40.
double ttl_hit(double rate, double ttl_s, bool reset);

/// A cache with a time to live and, for entries whose hits reset it, a capacity under LRU: the
/// window is the shorter of `ttl_s` and the characteristic time, so `characteristic_s` says which
/// binds. Without reset the capacity is not part of the law (FIFO with two ends has no closed
/// form). Requires: ttl_s > 0; without reset, a capacity that holds what the TTL leaves
/// (`ttl_bytes`).
CacheSolution ttl_cache(std::span<const CatalogueClass> catalogue, double ttl_s, bool reset,
                        double capacity);
/// Mean bytes that are alive in a cache of unlimited size.
double ttl_bytes(std::span<const CatalogueClass> catalogue, double ttl_s, bool reset);

/// Best possible hit ratio of a fixed content under IRM: the objects of highest rate per size.
double static_optimum(std::span<const CatalogueClass> catalogue, double capacity);

/// What misses of an LRU cache ask of the next one: each class at rate x (1 - hit).
std::vector<CatalogueClass> miss_stream(std::span<const CatalogueClass> catalogue,
                                        const CacheSolution& solution);

}  // namespace fleetcache::models
