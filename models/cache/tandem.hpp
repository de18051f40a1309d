/// Two caches in a row: what misses the first asks the second.
#pragma once

#include <span>

#include "models/cache/che.hpp"

namespace fleetcache::models {

struct TandemSolution {
  CacheSolution first;   ///< of one leaf
  CacheSolution second;  ///< of the requests that miss a leaf
  /// Of all requests: found in neither.
  double origin = 1;
};

struct TandemSpec {
  double leaf_capacity = 0;
  double leaves = 1;  ///< equal ones, each with the catalogue's rates of its own; >= 1
  double second_capacity = 0;
  /// Whether the second cache knows that a leaf's misses of one object are at least a window of the
  /// leaf apart. Without it they count as Poisson: simpler, and 1 to 2 % too many hits (V9).
  bool spaced_misses = true;
};

/// LRU leaves over one LRU cache, which is touched by the leaves' misses only and filled by its
/// own. First cache as `che_lru`; misses of one leaf for an object are m = rate e^(-rate T1) a
/// second. Plain: the second sees leaves x m as Poisson. Spaced: gaps of a leaf's misses are T1
/// plus an exponential time of mean 1/m - T1, so a request finds its own leaf's last miss within T2
/// with probability 1 - e^(-(T2 - T1)/(1/m - T1)) and any other leaf's as by a random instant.
/// `second.class_hit` is in the order of the catalogue. Valid for: independent requests; leaves of
/// one size. Source: Che, Tung, Wang, JSAC 2002; Martina, Garetto, Leonardi, INFOCOM 2014 for the
/// gap. Checked by: V9, tests/unit/models/tandem_test.cpp.
TandemSolution lru_tandem(std::span<const CatalogueClass> catalogue, const TandemSpec& spec);

/// Hit ratio of one object over two tiers of one leaf at given windows: in the first, or else in
/// the second with misses spaced. Windows may be infinite.
double tier_hit(double rate, double first_window, double second_window);

}  // namespace fleetcache::models
