/// One server, Poisson arrivals, any service time.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// First two moments of a service time, in seconds.
struct ServiceMoments {
  double mean_s = 0;
  double second_moment_s2 = 0;
};

/// Mean time in system in arrival order: rate E[S^2] / (2 (1 - rho)) + E[S] (Pollaczek-Khinchine).
/// Requires: rate x mean < 1. Valid for: Poisson reads, one queue.
/// Source: Kleinrock, Queueing Systems 1, ch. 5.
Duration mg1_fifo_sojourn(PerSecond rate, const ServiceMoments& service);

/// Mean time in system when all share the server equally: E[S] / (1 - rho), whatever the
/// distribution of S. Requires: rate x mean < 1. Checked by: V21.
Duration mg1_ps_sojourn(PerSecond rate, double mean_service_s);

}  // namespace fleetcache::models
