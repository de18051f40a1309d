// Fleet::place and Fleet::link: what a link is, from its index.
#include <algorithm>

#include "topologies/fleet.hpp"

namespace fleetcache::topologies {

namespace {

using Kind = LinkPlace::Kind;

// Lanes of a node in the order of its links.
constexpr LinkClass kNodeLanes[] = {LinkClass::kNicUp, LinkClass::kNicDown, LinkClass::kNvmeRead,
                                    LinkClass::kNvmeWrite};

std::string joined(const std::string& a, std::string_view b) { return a + "/" + std::string(b); }

/// The key below a region, pool or link that sets the capacity of a class.
const char* parameter_of(LinkClass cls) {
  switch (cls) {
    case LinkClass::kNicUp:
    case LinkClass::kNicDown:
      return "nic";
    case LinkClass::kNvmeRead:
      return "nvme_read";
    case LinkClass::kNvmeWrite:
      return "nvme_write";
    case LinkClass::kTorUp:
    case LinkClass::kTorDown:
      return ".fabric.rack_oversubscription";
    case LinkClass::kPodUp:
    case LinkClass::kPodDown:
    case LinkClass::kCoreUp:
    case LinkClass::kCoreDown:
      return ".fabric.pod_oversubscription";
    case LinkClass::kAccountEgress:
      return ".blob.egress";
    case LinkClass::kAccountIngress:
      return ".blob.ingress";
    case LinkClass::kFrontEnd:
      return ".blob.fleet_egress";
    case LinkClass::kStamp:
      return ".bifrost.stamp";
    case LinkClass::kWan:
      return "";
  }
  return "";
}

}  // namespace

LinkPlace Fleet::node_place(LinkIndex index) const {
  const auto after =
      std::upper_bound(pools_.begin(), pools_.end(), index,
                       [](LinkIndex i, const Pool& p) { return i < p.first_node_link; });
  // Empty pools share their first link with the next one; upper_bound lands behind all of them.
  const Pool& p = *(after - 1);
  const LinkIndex offset = index - p.first_node_link;
  const LinkClass cls = kNodeLanes[offset % p.links_per_node];
  LinkPlace place{Kind::kNode, cls, p.first_node + offset / p.links_per_node, p.region, p.nic};
  if (cls == LinkClass::kNvmeRead) place.capacity = p.nvme_read;
  if (cls == LinkClass::kNvmeWrite) place.capacity = p.nvme_write;
  return place;
}

LinkPlace Fleet::origin_place(LinkIndex index) const {
  std::uint32_t r = 0;
  if (index < first_path_link_) {
    while (r + 1 < region_count() && index >= origins_[r + 1].first_account_link) ++r;
    const LinkIndex offset = index - origins_[r].first_account_link;
    const RegionSpec& region = regions_[r];
    if (offset % 2 == 0) {
      return {Kind::kAccount, LinkClass::kAccountEgress, offset / 2, r, region.account_egress};
    }
    return {Kind::kAccount, LinkClass::kAccountIngress, offset / 2, r, region.account_ingress};
  }
  while (front_end_[r] != index && stamp_[r] != index) ++r;
  if (front_end_[r] == index) {
    return {Kind::kRegion, LinkClass::kFrontEnd, r, r, regions_[r].fleet_egress};
  }
  return {Kind::kRegion, LinkClass::kStamp, r, r, regions_[r].stamp};
}

LinkPlace Fleet::place(LinkIndex index) const {
  FLEETCACHE_CHECK(index < link_count_, "link index out of range");
  if (index < first_rack_link_) return node_place(index);
  if (index >= first_wan_link_) {
    const WanLink& w = wan_links_[index - first_wan_link_];
    return {Kind::kWan, LinkClass::kWan, index - first_wan_link_, w.from, w.bandwidth};
  }
  if (index >= first_account_link_) return origin_place(index);
  if (index >= first_core_link_) {
    const LinkIndex offset = index - first_core_link_;
    const LinkClass cls = offset % 2 == 0 ? LinkClass::kCoreUp : LinkClass::kCoreDown;
    return {Kind::kRegion, cls, offset / 2, offset / 2, regions_[offset / 2].core};
  }
  const bool pod = index >= first_pod_link_;
  const LinkIndex offset = index - (pod ? first_pod_link_ : first_rack_link_);
  const bool up = offset % 2 == 0;
  const std::uint32_t id = offset / 2;
  const Pool& p = pools_[pod ? pool_of_pod_[id] : pool_of_rack_[id]];
  if (pod) return {Kind::kPod, up ? LinkClass::kPodUp : LinkClass::kPodDown, id, p.region, p.pod};
  return {Kind::kRack, up ? LinkClass::kTorUp : LinkClass::kTorDown, id, p.region, p.tor};
}

LinkInfo Fleet::link(LinkIndex index) const {
  const LinkPlace at = place(index);
  const std::string& region = regions_[at.region].name;
  LinkInfo info;
  info.cls = at.cls;
  info.capacity = at.capacity;
  info.parameter = "regions." + region + parameter_of(at.cls);
  switch (at.kind) {
    case Kind::kNode:
      info.name = node_name(at.id);
      info.parameter = "regions." + region + ".pools." + pools_[pool_of_[at.id]].name + ".sku." +
                       parameter_of(at.cls);
      break;
    case Kind::kRack: {
      const Pool& p = pools_[pool_of_rack_[at.id]];
      info.name = region + "/" + p.name + "/rack" + std::to_string(at.id - p.first_rack);
      break;
    }
    case Kind::kPod: {
      const Pool& p = pools_[pool_of_pod_[at.id]];
      info.name = region + "/" + p.name + "/pod" + std::to_string(at.id - p.first_pod);
      break;
    }
    case Kind::kRegion:
      info.name = region;
      break;
    case Kind::kAccount:
      info.name = region + "/account" + std::to_string(at.id);
      break;
    case Kind::kWan: {
      const WanLink& w = wan_links_[at.id];
      info.name = "wan/" + region + "/" + regions_[w.to].name;
      info.parameter = w.parameter;
      return info;
    }
  }
  info.name = joined(info.name, name_of(info.cls));
  return info;
}

}  // namespace fleetcache::topologies
