/// Rates of flows that share links, by progressive filling: the native oracle of the flow engine.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// A flow, or `weight` equal flows as one.
struct FilledFlow {
  std::vector<std::uint32_t> links;  ///< indices of the links it crosses, distinct, not empty
  double weight = 1;                 ///< > 0
};

/// Max-min fair rates: all rates grow together in proportion to their weights; when a link is full
/// its flows stop. O(links x (flows + links)). Unique whatever the order.
/// Source: Bertsekas and Gallager, Data Networks, 6.5.2. Checked by: V1, V3.
std::vector<BytesPerSecond> max_min_rates(const std::vector<BytesPerSecond>& capacity,
                                          const std::vector<FilledFlow>& flows);

}  // namespace fleetcache::models
