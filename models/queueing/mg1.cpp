#include "models/queueing/mg1.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

Duration mg1_fifo_sojourn(PerSecond rate, const ServiceMoments& service) {
  const double rho = rate.count * service.mean_s;
  FLEETCACHE_CHECK(rho >= 0 && rho < 1, "a queue without equilibrium");
  return from_seconds(rate.count * service.second_moment_s2 / (2 * (1 - rho)) + service.mean_s);
}

Duration mg1_ps_sojourn(PerSecond rate, double mean_service_s) {
  const double rho = rate.count * mean_service_s;
  FLEETCACHE_CHECK(rho >= 0 && rho < 1, "a queue without equilibrium");
  return from_seconds(mean_service_s / (1 - rho));
}

}  // namespace fleetcache::models
