#include "sim/world/station_probe.hpp"

#include <algorithm>

namespace fleetcache::world {
StationProbe::StationProbe(const Platform& platform, const engine::FlowEngine& flows)
    : flows_(&flows), groups_(link_groups(platform)) {
  clear();
}

void StationProbe::sample() {
  for (const auto& [name, group] : groups_) {
    models::QuantileSketch& utilization = utilization_.at(name);
    for (const engine::LinkId link : group.links) {
      const double capacity = flows_->link_capacity(link).count;
      utilization.add(std::min(1.0, flows_->link_usage(link).count / capacity));
    }
  }
}

void StationProbe::clear() {
  for (const auto& [name, group] : groups_) utilization_[name] = models::QuantileSketch();
}

void StationProbe::report(std::map<std::string, probes::Station>& stations) const {
  for (const auto& [name, group] : groups_) {
    probes::Station station;
    const models::QuantileSketch& utilization = utilization_.at(name);
    station.utilization_mean = utilization.mean();
    station.utilization_p99 = std::min(1.0, utilization.quantile(0.99));
    station.capacity = group.capacity;
    station.unit = "B/s";
    station.parameter = group.parameter;
    stations[name] = station;
  }
}

}  // namespace fleetcache::world
