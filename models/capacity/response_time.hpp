/// Waiting and response times of a service with several servers and any arrivals and service.
#pragma once

#include <cstdint>
#include <vector>

namespace fleetcache::models {

/// A time and the probability of its neighbourhood.
struct TimeShare {
  double seconds = 0;
  double share = 0;
};

/// A station: `servers` equal servers, one queue in arrival order.
struct QueueSpec {
  double arrival_rate = 0;    ///< 1/s
  double arrival_cv2 = 1;     ///< squared coefficient of variation of the gaps
  std::uint32_t servers = 1;  ///< >= 1
  double service_s = 0;       ///< mean
  double service_cv2 = 1;
  /// The law of the service, ascending, with the mean `service_s`; empty: log-normal.
  std::vector<TimeShare> service_law = {};
};

struct QueueAnswer {
  double utilization = 0;
  double wait_mean_s = 0;
  double wait_probability = 0;  ///< of waiting at all
  /// P(wait > k x step) for k = 0, 1, ...; empty: exponential, given that there is one.
  std::vector<double> wait_tail = {};
  double wait_step_s = 0;
};

/// Mean wait C(c, a) S / (c - a) x (ca^2 + cs^2)/2 with Erlang's C, times Kraemer's and
/// Langenbach-Belz's factor where gaps are not Poisson. Exact for M/M/c and M/G/1, an
/// interpolation otherwise (10-20 % in light traffic). At or above saturation the mean over
/// `horizon_s` of a fluid backlog: (rho - 1)/2 x horizon.
/// Source: Allen, Probability, Statistics and Queueing Theory (1990), 5.3; Kraemer and
/// Langenbach-Belz, 8th ITC (1976), for one server and taken over for several.
QueueAnswer allen_cunneen(const QueueSpec& spec, double horizon_s);

/// The whole law of the wait at one server, from Lindley's recursion W' = max(0, W + S - T) to its
/// fixed point on a grid of a sixteenth of a mean service: service by its law, or log-normal; gaps
/// constant plus exponential up to a variation of 1 (so a clock and Poisson are exact), log-normal
/// above. Where work arrives by turns, far fewer wait than Erlang's C says, and those longer.
/// Requires: one server, utilization <= kLindleyLoadMost. Error of the mean against M/M/1 and
/// M/G/1: below 2 % in tests. Cost: 1 to 50 ms, growing with the load. Source: Lindley, Proc. Camb.
/// Phil. Soc. 48 (1952).
QueueAnswer lindley_wait(const QueueSpec& spec);
inline constexpr double kLindleyLoadMost = 0.9;

/// Quantile p of the wait alone: 0 up to 1 - its probability; above by its tail, else exponential.
/// Requires: 0 < p < 1.
double wait_quantile(const QueueAnswer& queue, double p);

/// Mid-points of equal shares of a log-normal, ten times finer in each of six decades of the tail,
/// ascending, scaled to its mean. 180 of them.
std::vector<TimeShare> log_normal_law(double mean_s, double cv2);

/// Quantile p of wait + service: the wait by its tail, else 0 or exponential, the service by its
/// law or log-normal with its two moments, the two independent. Numeric, relative error below 2 %
/// in the stated law up to p = 0.999; the law itself is an approximation. Requires: 0 < p < 1.
double response_quantile(const QueueSpec& spec, const QueueAnswer& queue, double p);

}  // namespace fleetcache::models
