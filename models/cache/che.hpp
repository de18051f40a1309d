/// Hit ratios of caches under independent requests (IRM), by characteristic times.
#pragma once

#include <span>
#include <vector>

namespace fleetcache::models {

/// Objects that are alike. A catalogue is a list of classes, so that a billion objects are a few
/// thousand classes.
struct CatalogueClass {
  double rate = 0;   ///< requests a second to each object; any unit, as long as all share it
  double count = 0;  ///< objects
  double size = 1;   ///< of each, in the unit of the capacity
};

/// Ranks 1 .. n with rate proportional to rank^-exponent and a total rate of `total_rate`: the
/// first 1,000 ranks one by one, the others in classes 1 % wide, at most ~3,000 classes. Replaces
/// sums of i^-exponent by integrals past rank 1,000 (relative error below 1e-6). Requires: n >= 1.
std::vector<CatalogueClass> zipf_catalogue(double n, double exponent, double total_rate = 1,
                                           double size = 1);

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

/// Hit ratio of one object in a cache of unlimited size that drops it `ttl_s` after its last
/// request
/// (`reset`) or after its insertion: 1 - e^(-rate ttl) or x/(1 + x).
double ttl_hit(double rate, double ttl_s, bool reset);

/// Best possible hit ratio of a fixed content under IRM: the objects of highest rate per size.
double static_optimum(std::span<const CatalogueClass> catalogue, double capacity);

/// What misses of an LRU cache ask of the next one: each class at rate x (1 - hit).
std::vector<CatalogueClass> miss_stream(std::span<const CatalogueClass> catalogue,
                                        const CacheSolution& solution);

}  // namespace fleetcache::models
