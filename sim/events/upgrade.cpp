#include <algorithm>
#include <cmath>

#include "policies/base/check.hpp"
#include "sim/events/plan.hpp"

namespace fleetcache::events {

std::vector<PlannedEvent> upgrade_waves(const scenario::FleetEvent& event,
                                        const topologies::Pool& pool, TimePoint horizon) {
  FLEETCACHE_CHECK(event.each.count > 0 && event.fraction > 0, "checked by the scenario");
  // A hair above, so that 1 % of 100,000 is 1,000 whatever the rounding of 0.01.
  const double exact = event.fraction * pool.nodes * (1 + 1e-12);
  const auto at_once = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::floor(exact)));
  std::vector<PlannedEvent> waves;
  TimePoint at{event.at.count};
  for (std::uint32_t done = 0; done < pool.nodes && at < horizon; done += at_once) {
    PlannedEvent wave;
    wave.at = at;
    wave.kind = PlanKind::kNodesAway;
    wave.lasts = event.each;
    const std::uint32_t first = pool.first_node + done;
    wave.nodes = {{first, first + std::min(at_once, pool.nodes - done)}};
    wave.keeps_nvme = event.keeps_nvme;
    wave.cause = "upgrade";
    waves.push_back(std::move(wave));
    at = at + event.each;
  }
  return waves;
}

}  // namespace fleetcache::events
