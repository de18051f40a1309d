#include "models/capacity/slow_read.hpp"

#include "models/numeric.hpp"

namespace fleetcache::models {

Duration slowest_read_stall(const LogNormalLatency& law, double reads, Duration transfer,
                            Duration slack) {
  if (reads <= 0) return Duration(0);
  const double any = reads > 700 ? 1 : one_minus_exp(reads);
  const double n = reads / any < 1 ? 1 : reads / any;
  const Duration left = slack - transfer;
  // Far inside the slack: the integral below would add up to less than a nanosecond.
  if (left.count > 0 && law.quantile_of_max(n, 1 - 1e-12) <= left) return Duration(0);
  if (left.count > 0) {
    const double excess = to_seconds(law.mean_excess_of_max(n, left));
    return from_seconds(any * excess);
  }
  // The transfer alone is late: the whole of the slowest read counts, and the rest of it.
  return from_seconds(any * (to_seconds(law.mean_of_max(n)) - to_seconds(left)));
}

}  // namespace fleetcache::models
