#include "models/fabric/max_min.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

std::vector<BytesPerSecond> max_min_rates(const std::vector<BytesPerSecond>& capacity,
                                          const std::vector<FilledFlow>& flows) {
  std::vector<double> left;
  for (const BytesPerSecond c : capacity) left.push_back(c.count);
  std::vector<BytesPerSecond> rates(flows.size());
  std::vector<bool> fixed(flows.size(), false);
  for (std::size_t open = flows.size(); open > 0;) {
    std::vector<double> weight(capacity.size(), 0.0);
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (fixed[f]) continue;
      for (const std::uint32_t link : flows[f].links) weight[link] += flows[f].weight;
    }
    std::size_t tightest = capacity.size();
    for (std::size_t l = 0; l < capacity.size(); ++l) {
      if (weight[l] <= 0) continue;
      if (tightest == capacity.size() || left[l] * weight[tightest] < left[tightest] * weight[l]) {
        tightest = l;
      }
    }
    FLEETCACHE_CHECK(tightest < capacity.size(), "a flow that crosses no link has no rate");
    const double level = left[tightest] / weight[tightest];
    for (std::size_t f = 0; f < flows.size(); ++f) {
      if (fixed[f]) continue;
      bool crosses = false;
      for (const std::uint32_t link : flows[f].links) crosses = crosses || link == tightest;
      if (!crosses) continue;
      fixed[f] = true;
      --open;
      rates[f] = BytesPerSecond(level * flows[f].weight);
      for (const std::uint32_t link : flows[f].links) left[link] -= rates[f].count;
    }
  }
  return rates;
}

}  // namespace fleetcache::models
