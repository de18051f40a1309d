/// Shuffled epochs when a cache is shared: by several readers of one data set, by several data
/// sets, or when the readers of one job are spread over several caches. Extends
/// models/cache/epoch.hpp.
#pragma once

namespace fleetcache::models {

/// Mean share of a data set read within a window of `epochs` epochs by one reader that shuffles
/// afresh each epoch, over a uniform start of the window: tau - tau^3/6 up to one epoch, 1 from two
/// on. Increasing.
double epoch_window_share(double epochs);

/// The number of epochs whose window holds a share `c` of the data set: the inverse of the above.
/// Requires: 0 <= c <= 1.
double epoch_window(double c);

/// LRU hit ratio when one job's reads are spread evenly over `units` equal caches, each of which
/// holds a share `c` of the data set and sees a fresh 1/units of it each epoch. With q = 1/units
/// and the last access by this unit k epochs ago (probability q (1-q)^(k-1)), an access hits when
/// u v > (1-c)/(1-q)^(k-1) for u, v uniform in [1-q, 1]. units = 1 gives c + (1-c) ln(1-c); units
/// -> infinity gives c. Requires: units >= 1, 0 <= c <= 1. Exact for many objects.
/// Checked by: tests/unit/analytic/capacity_test.cpp (Monte Carlo).
double epoch_lru_units(double c, double units);

/// Share of a data set that one of `units` equal caches has seen after `epochs` over which one
/// job's reads were spread evenly, afresh each time: 1 - (1 - 1/units)^epochs. Until a cache is
/// full its hit ratio in the next epoch is at most that. Requires: units >= 1, epochs >= 0. Exact
/// for many objects. Checked by: tests/unit/analytic/capacity_test.cpp (Monte Carlo).
double epoch_units_seen(double units, double epochs);

/// Of a part [from, to] of the first epoch of `readers` jobs that read one data set at one pace:
/// the progress x at which as much is unread by the others, (1 - x)^(readers - 1), as in the mean
/// over the part, ((1 - from)^readers - (1 - to)^readers) / (readers (to - from)). All parts
/// together miss each object once. The middle for one reader and for two.
/// Requires: readers >= 1, 0 <= from < to <= 1.
double epoch_part_progress(double readers, double from, double to);

/// Hit ratio of one of `readers` independent shuffles of the same data set at the same pace that
/// share a cache with a share `c` of it: the others' reads count as independent,
/// 1 - (1 - own(g)) (1 - g)^(readers-1) with g = 1 - (1-c)^(1/readers) and `own` the law of a
/// single reader. readers = 1 gives own(c). Approximate; error below 0.02 for LRU (measured by the
/// test). Requires: readers >= 1, 0 <= c <= 1.
template <class Law>
double epoch_shared(double c, double readers, Law own);

}  // namespace fleetcache::models

#include "models/numeric.hpp"

namespace fleetcache::models {

template <class Law>
double epoch_shared(double c, double readers, Law own) {
  if (c >= 1) return 1;
  if (readers <= 1) return own(c);
  const double left = power(1 - c, 1 / readers);  // 1 - g
  return 1 - (1 - own(1 - left)) * power(left, readers - 1);
}

}  // namespace fleetcache::models
