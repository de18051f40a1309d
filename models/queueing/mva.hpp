/// Closed queueing networks: clients that wait for their answer, think and ask again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fleetcache::models {

struct ClosedPoint {
  std::uint32_t clients = 0;
  double throughput = 0;           ///< 1/s
  double response_s = 0;           ///< over all stations, think time excluded
  std::vector<double> population;  ///< mean at each station
};

/// Exact mean value analysis of `clients` clients with think time `think_s` over single-server
/// stations of service demand `demand_s` each (exponential, in order of arrival; or any, shared
/// equally). O(clients x stations). Source: Reiser and Lavenberg, JACM 1980. Checked by: V11.
ClosedPoint mean_value_analysis(std::span<const double> demand_s, double think_s,
                                std::uint32_t clients);

/// Clients at which the asymptotes cross: (think + sum of demands) / largest demand.
double closed_knee(std::span<const double> demand_s, double think_s);

}  // namespace fleetcache::models
