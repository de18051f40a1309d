/// Waiting and response times of a service with several servers and any arrivals and service.
#pragma once

#include <cstdint>

namespace fleetcache::models {

/// A station: `servers` equal servers, one queue in arrival order.
struct QueueSpec {
  double arrival_rate = 0;    ///< 1/s
  double arrival_cv2 = 1;     ///< squared coefficient of variation of the gaps
  std::uint32_t servers = 1;  ///< >= 1
  double service_s = 0;       ///< mean
  double service_cv2 = 1;
};

struct QueueAnswer {
  double utilization = 0;
  double wait_mean_s = 0;
  double wait_probability = 0;  ///< of waiting at all
};

/// Mean wait C(c, a) S / (c - a) x (ca^2 + cs^2)/2 with Erlang's C. Exact for M/M/c and M/G/1, an
/// interpolation otherwise (10-20 % in light traffic). At or above saturation the mean over
/// `horizon_s` of a fluid backlog: (rho - 1)/2 x horizon.
/// Source: Allen, Probability, Statistics and Queueing Theory (1990), 5.3.
QueueAnswer allen_cunneen(const QueueSpec& spec, double horizon_s);

/// Quantile p of the wait alone: 0 up to 1 - its probability, exponential above. Requires: 0 < p
/// < 1.
double wait_quantile(const QueueAnswer& queue, double p);

/// Quantile p of wait + service: the wait is 0 or exponential with the given mean, the service
/// log-normal with its two moments, the two independent. Numeric, relative error below 2 % in the
/// stated law up to p = 0.999; the law itself is an approximation. Requires: 0 < p < 1.
double response_quantile(const QueueSpec& spec, const QueueAnswer& queue, double p);

}  // namespace fleetcache::models
