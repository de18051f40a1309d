// Fleet::link: names, capacities and parameters of links from their index.
#include <algorithm>

#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

namespace {

// Lanes of a node in the order of its links.
constexpr LinkClass kNodeLanes[] = {LinkClass::kNicUp, LinkClass::kNicDown, LinkClass::kNvmeRead,
                                    LinkClass::kNvmeWrite};

std::string joined(const std::string& a, std::string_view b) { return a + "/" + std::string(b); }

}  // namespace

LinkInfo Fleet::node_link_info(LinkIndex index) const {
  const auto after =
      std::upper_bound(pools_.begin(), pools_.end(), index,
                       [](LinkIndex i, const Pool& p) { return i < p.first_node_link; });
  // Empty pools share their first link with the next one; upper_bound lands behind all of them.
  const Pool& p = *(after - 1);
  const LinkIndex offset = index - p.first_node_link;
  const LinkClass cls = kNodeLanes[offset % p.links_per_node];
  const std::string sku = "regions." + regions_[p.region].name + ".pools." + p.name + ".sku.";
  LinkInfo info;
  info.cls = cls;
  info.name = joined(node_name(p.first_node + offset / p.links_per_node), name_of(cls));
  switch (cls) {
    case LinkClass::kNvmeRead:
      info.capacity = p.nvme_read;
      info.parameter = sku + "nvme_read";
      break;
    case LinkClass::kNvmeWrite:
      info.capacity = p.nvme_write;
      info.parameter = sku + "nvme_write";
      break;
    default:
      info.capacity = p.nic;
      info.parameter = sku + "nic";
  }
  return info;
}

LinkInfo Fleet::origin_link_info(LinkIndex index) const {
  LinkInfo info;
  std::uint32_t r = 0;
  if (index < first_path_link_) {
    while (r + 1 < region_count() && index >= origins_[r + 1].first_account_link) ++r;
    const LinkIndex offset = index - origins_[r].first_account_link;
    const bool egress = offset % 2 == 0;
    info.cls = egress ? LinkClass::kAccountEgress : LinkClass::kAccountIngress;
    info.capacity = egress ? regions_[r].account_egress : regions_[r].account_ingress;
    info.name =
        joined(regions_[r].name + "/account" + std::to_string(offset / 2), name_of(info.cls));
    info.parameter = "regions." + regions_[r].name + ".blob." + std::string(name_of(info.cls));
    return info;
  }
  while (front_end_[r] != index && stamp_[r] != index) ++r;
  const bool classic = front_end_[r] == index;
  info.cls = classic ? LinkClass::kFrontEnd : LinkClass::kStamp;
  info.capacity = classic ? regions_[r].fleet_egress : regions_[r].stamp;
  info.name = joined(regions_[r].name, name_of(info.cls));
  info.parameter =
      "regions." + regions_[r].name + (classic ? ".blob.fleet_egress" : ".bifrost.stamp");
  return info;
}

LinkInfo Fleet::link(LinkIndex index) const {
  FLEETCACHE_CHECK(index < link_count_, "link index out of range");
  if (index < first_rack_link_) return node_link_info(index);
  if (index >= first_account_link_ && index < first_wan_link_) return origin_link_info(index);
  LinkInfo info;
  if (index >= first_wan_link_) {
    const WanLink& w = wan_links_[index - first_wan_link_];
    info.cls = LinkClass::kWan;
    info.capacity = w.bandwidth;
    info.name = "wan/" + regions_[w.from].name + "/" + regions_[w.to].name;
    info.parameter = w.parameter;
    return info;
  }
  const bool core = index >= first_core_link_, pod = !core && index >= first_pod_link_;
  const LinkIndex offset = index - (core  ? first_core_link_
                                    : pod ? first_pod_link_
                                          : first_rack_link_);
  const std::uint32_t id = offset / 2;
  const bool up = offset % 2 == 0;
  if (core) {
    info.cls = up ? LinkClass::kCoreUp : LinkClass::kCoreDown;
    info.capacity = regions_[id].core;
    info.name = joined(regions_[id].name, name_of(info.cls));
    info.parameter = "regions." + regions_[id].name + ".fabric.pod_oversubscription";
    return info;
  }
  const Pool& p = pools_[pod ? pool_of_pod_[id] : pool_of_rack_[id]];
  const std::string region = regions_[p.region].name;
  info.cls = pod ? (up ? LinkClass::kPodUp : LinkClass::kPodDown)
                 : (up ? LinkClass::kTorUp : LinkClass::kTorDown);
  info.capacity = pod ? p.pod : p.tor;
  info.name = region + "/" + p.name + (pod ? "/pod" : "/rack") +
              std::to_string(id - (pod ? p.first_pod : p.first_rack)) + "/" +
              std::string(name_of(info.cls));
  info.parameter = "regions." + region + ".fabric." + (pod ? "pod" : "rack") + "_oversubscription";
  return info;
}

BytesPerSecond Fleet::capacity(LinkIndex index) const { return link(index).capacity; }

LinkClass Fleet::link_class(LinkIndex index) const {
  if (index >= first_wan_link_) return LinkClass::kWan;
  if (index >= first_account_link_ || index < first_rack_link_) return link(index).cls;
  const bool up = (index - first_rack_link_) % 2 == 0;
  if (index >= first_core_link_) return up ? LinkClass::kCoreUp : LinkClass::kCoreDown;
  if (index >= first_pod_link_) return up ? LinkClass::kPodUp : LinkClass::kPodDown;
  return up ? LinkClass::kTorUp : LinkClass::kTorDown;
}

}  // namespace fleetcache::topologies
