#include "sim/world/station_probe.hpp"

#include <algorithm>

namespace fleetcache::world {
namespace {

const char* station_name(topologies::LinkClass cls) {
  using topologies::LinkClass;
  switch (cls) {
    case LinkClass::kAccountEgress:
      return "blob_egress";
    case LinkClass::kAccountIngress:
      return "blob_ingress";
    case LinkClass::kFrontEnd:
      return "front_end_fleet";
    case LinkClass::kStamp:
      return "direct_stamp";
    case LinkClass::kNicUp:
    case LinkClass::kNicDown:
      return cls == LinkClass::kNicUp ? "nic_up" : "nic_down";
    case LinkClass::kNvmeRead:
      return "nvme_read";
    case LinkClass::kNvmeWrite:
      return "nvme_write";
    case LinkClass::kTorUp:
    case LinkClass::kTorDown:
      return cls == LinkClass::kTorUp ? "tor_up" : "tor_down";
    case LinkClass::kPodUp:
    case LinkClass::kPodDown:
      return cls == LinkClass::kPodUp ? "pod_up" : "pod_down";
    case LinkClass::kCoreUp:
    case LinkClass::kCoreDown:
      return cls == LinkClass::kCoreUp ? "core_up" : "core_down";
    case LinkClass::kWan:
      return "wan";
  }
  return "link";
}

}  // namespace

StationProbe::StationProbe(const Platform& platform, const engine::FlowEngine& flows)
    : flows_(&flows) {
  const topologies::Fleet& fleet = platform.fleet();
  std::map<std::pair<topologies::LinkClass, std::uint32_t>, Group*> known;
  for (topologies::LinkIndex i = 0; i < fleet.link_count(); ++i) {
    const topologies::LinkPlace place = fleet.place(i);
    Group*& group = known[{place.cls, place.region}];
    if (group == nullptr) {
      const bool wan = place.kind == topologies::LinkPlace::Kind::kWan;
      const std::string where = wan ? "wan" : fleet.regions()[place.region].name;
      group = &groups_[std::string(station_name(place.cls)) + "." + where];
      if (group->parameter.empty()) group->parameter = fleet.link(i).parameter;
    }
    group->links.push_back(platform.link(i));
    group->capacity += place.capacity.count;
  }
  // Links that are one to the engine are asked once.
  for (auto& [name, group] : groups_) {
    std::sort(group.links.begin(), group.links.end());
    group.links.erase(std::unique(group.links.begin(), group.links.end()), group.links.end());
  }
}

void StationProbe::sample() {
  for (auto& [name, group] : groups_) {
    for (const engine::LinkId link : group.links) {
      const double capacity = flows_->link_capacity(link).count;
      group.utilization.add(std::min(1.0, flows_->link_usage(link).count / capacity));
    }
  }
}

void StationProbe::clear() {
  for (auto& [name, group] : groups_) group.utilization = models::QuantileSketch();
}

void StationProbe::report(std::map<std::string, probes::Station>& stations) const {
  for (const auto& [name, group] : groups_) {
    probes::Station station;
    station.utilization_mean = group.utilization.mean();
    station.utilization_p99 = std::min(1.0, group.utilization.quantile(0.99));
    station.capacity = group.capacity;
    station.unit = "B/s";
    station.parameter = group.parameter;
    stations[name] = station;
  }
}

}  // namespace fleetcache::world
