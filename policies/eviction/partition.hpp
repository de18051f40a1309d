/// How much of one cache each tenant or data set should have. Pure functions over integers: exact,
/// and the same bits everywhere; ties are shared alike, what is left over goes to lower indices.
///
///     const auto shares = allocate({curve_a, curve_b}, capacity).value();   // units of the curves
///     const TalusSplit split = talus(concave_hull(curve_a), shares[0]);     // to get the hull
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::eviction {

/// Hits by space: element k is what a tenant hits with k units, element 0 with none. Times a weight
/// where tenants are not worth the same. Requires: never falling, below 2^63, and not empty.
using HitCurve = std::vector<std::uint64_t>;

struct HullPoint {
  std::uint64_t units = 0;
  std::uint64_t hits = 0;
};
inline bool operator==(const HullPoint& a, const HullPoint& b) {
  return a.units == b.units && a.hits == b.hits;
}

/// Corners of the least concave curve that is nowhere below the given one, from 0 to its last
/// element: in misses, the convex hull, nowhere above. O(n).
std::vector<HullPoint> concave_hull(const HitCurve& curve);

/// How to obtain the hull at a size between two corners: that share of the requests goes to a
/// partition of its own that behaves like a whole cache of `low.units`, the rest to one that
/// behaves like `high.units`. Source: Beckmann, Sanchez, Talus, HPCA 2015.
struct TalusSplit {
  HullPoint low;
  HullPoint high;
  std::uint64_t low_numerator = 0;  ///< share of the requests of the low partition
  std::uint64_t denominator = 1;
  /// Units of the two partitions: their sum is the size asked for.
  std::uint64_t low_units = 0;
  std::uint64_t high_units = 0;
};
/// Requires: a hull of `concave_hull`. A size past its end is a single partition.
TalusSplit talus(const std::vector<HullPoint>& hull, std::uint64_t units);

/// Splits `capacity` units so that the sum of hits on the hulls is the largest there is: always the
/// next unit to whom it gives most (utility-based partitioning, Qureshi, Patt, MICRO 2006). Where
/// it gives several as much, the shares are made as equal as that allows; so equal curves get equal
/// space, to one unit. Shares sum up to `capacity`, space that helps nobody included. Fails for no
/// curves, an empty one or one that falls. O(total length + segments x log).
Result<std::vector<std::uint64_t>> allocate(const std::vector<HitCurve>& curves,
                                            std::uint64_t capacity);

/// A data set that is read in shuffled epochs and cached uniformly (`pinned`): with c of its bytes
/// resident, c / bytes of all reads hit, whichever bytes they are.
struct EpochDataset {
  std::uint64_t bytes = 0;             ///< > 0, below 2^63
  std::uint64_t read_bytes_per_s = 0;  ///< all jobs over it together; below 2^63
};
/// Splits `capacity` bytes so that the remote reads saved a second are most: the data sets with the
/// largest read rate by byte whole, the last in part, equal ones alike. What no data set can use
/// stays unassigned. Source: the cache benefit of SiloD (Zhao et al., EuroSys 2023).
/// Fails for a data set of 0 bytes. O(n log n).
Result<std::vector<std::uint64_t>> allocate_datasets(const std::vector<EpochDataset>& datasets,
                                                     std::uint64_t capacity);

/// Bytes a second at which a job can read, min(compute, remote / (1 - cached / bytes)): SiloD's
/// estimator. All remote reads pass `remote_bytes_per_s`. Requires: cached <= bytes, bytes > 0.
double epoch_read_rate(double compute_bytes_per_s, double remote_bytes_per_s, std::uint64_t cached,
                       std::uint64_t bytes);

}  // namespace fleetcache::eviction
