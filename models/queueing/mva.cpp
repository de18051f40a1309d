#include "models/queueing/mva.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::models {

ClosedPoint mean_value_analysis(std::span<const double> demand_s, double think_s,
                                std::uint32_t clients) {
  FLEETCACHE_CHECK(!demand_s.empty() && think_s >= 0, "a closed network needs stations");
  ClosedPoint point;
  point.population.assign(demand_s.size(), 0.0);
  for (std::uint32_t n = 1; n <= clients; ++n) {
    point.response_s = 0;
    for (std::size_t k = 0; k < demand_s.size(); ++k) {
      point.response_s += demand_s[k] * (1 + point.population[k]);
    }
    point.throughput = n / (think_s + point.response_s);
    for (std::size_t k = 0; k < demand_s.size(); ++k) {
      point.population[k] = point.throughput * demand_s[k] * (1 + point.population[k]);
    }
    point.clients = n;
  }
  return point;
}

double closed_knee(std::span<const double> demand_s, double think_s) {
  FLEETCACHE_CHECK(!demand_s.empty(), "a closed network needs stations");
  double total = think_s;
  for (const double d : demand_s) total += d;
  return total / *std::max_element(demand_s.begin(), demand_s.end());
}

}  // namespace fleetcache::models
