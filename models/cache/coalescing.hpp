/// What single-flight saves: reads of the origin per miss.
#pragma once

namespace fleetcache::models {

/// Origin reads that one miss starts when requests for the object arrive at `rate` while it is
/// fetched for `fetch_s`: 1 + rate x fetch, or 1 with single-flight. Poisson arrivals. Checked by:
/// V38.
inline double origin_reads_per_miss(double rate, double fetch_s, bool single_flight) {
  return single_flight ? 1 : 1 + rate * fetch_s;
}

/// Origin reads of one object when `readers` ask for it at uniform instants of `window_s` and it is
/// fetched for `fetch_s`: 1 + (readers - 1) fetch/window, at most all readers; 1 with
/// single-flight. Valid for: fetch much shorter than the window. Checked by: V28.
inline double herd_reads(double readers, double window_s, double fetch_s, bool single_flight) {
  if (single_flight || readers <= 1) return readers < 1 ? readers : 1;
  const double share = fetch_s < window_s ? fetch_s / window_s : 1;
  return 1 + (readers - 1) * share;
}

}  // namespace fleetcache::models
