#include "sim/world/link_groups.hpp"

#include <algorithm>
#include <utility>

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

// "wan/east/west" -> "east-west".
std::string wan_of(const std::string& link) {
  const std::size_t from = link.find('/') + 1, to = link.find('/', from) + 1;
  return link.substr(from, to - 1 - from) + "-" + link.substr(to);
}

}  // namespace

std::map<std::string, LinkGroup> link_groups(const Platform& platform) {
  const topologies::Fleet& fleet = platform.fleet();
  std::map<std::string, LinkGroup> groups;
  std::map<std::pair<topologies::LinkClass, std::uint32_t>, LinkGroup*> known;
  for (topologies::LinkIndex i = 0; i < fleet.link_count(); ++i) {
    const topologies::LinkPlace place = fleet.place(i);
    const bool wan = place.kind == topologies::LinkPlace::Kind::kWan;
    LinkGroup*& group = known[{place.cls, wan ? i : place.region}];
    if (group == nullptr) {
      const std::string where =
          wan ? wan_of(fleet.link(i).name) : fleet.regions()[place.region].name;
      group = &groups[std::string(station_name(place.cls)) + "." + where];
      group->cls = place.cls;
      if (group->parameter.empty()) group->parameter = fleet.link(i).parameter;
    }
    group->links.push_back(platform.link(i));
    group->capacity += place.capacity.count;
  }
  for (auto& [name, group] : groups) {
    std::sort(group.links.begin(), group.links.end());
    group.links.erase(std::unique(group.links.begin(), group.links.end()), group.links.end());
  }
  return groups;
}

bool limits_origin(topologies::LinkClass cls) {
  using topologies::LinkClass;
  return cls == LinkClass::kAccountEgress || cls == LinkClass::kAccountIngress ||
         cls == LinkClass::kFrontEnd || cls == LinkClass::kStamp;
}

}  // namespace fleetcache::world
