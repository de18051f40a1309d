#include "models/workload/arrivals.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

ArrivalProcess::ArrivalProcess(PerSecond rate, double cv) : rate_(rate), cv_(cv) {
  FLEETCACHE_CHECK(rate.count > 0 && cv >= 0, "arrivals need rate > 0 and cv >= 0");
}

Duration ArrivalProcess::next_gap(Rng& rng) const {
  if (cv_ == 0) return from_seconds(1 / rate_.count);
  if (cv_ == 1) return from_seconds(rng.exponential() / rate_.count);
  return from_seconds(rng.gamma_unit_mean(cv_ * cv_) / rate_.count);
}

}  // namespace fleetcache::models
