#include "topologies/fleet.hpp"

#include <algorithm>

namespace fleetcache::topologies {

std::string_view name_of(LinkClass cls) {
  switch (cls) {
    case LinkClass::kNicUp:
      return "nic_up";
    case LinkClass::kNicDown:
      return "nic_dn";
    case LinkClass::kNvmeRead:
      return "nvme_r";
    case LinkClass::kNvmeWrite:
      return "nvme_w";
    case LinkClass::kTorUp:
      return "tor_up";
    case LinkClass::kTorDown:
      return "tor_dn";
    case LinkClass::kPodUp:
      return "pod_up";
    case LinkClass::kPodDown:
      return "pod_dn";
    case LinkClass::kCoreUp:
      return "core_up";
    case LinkClass::kCoreDown:
      return "core_dn";
    case LinkClass::kAccountEgress:
      return "egress";
    case LinkClass::kAccountIngress:
      return "ingress";
    case LinkClass::kFrontEnd:
      return "front_end";
    case LinkClass::kStamp:
      return "stamp";
    case LinkClass::kWan:
      return "wan";
  }
  return "?";
}

std::uint32_t Fleet::find_region(std::string_view name) const {
  const auto it =
      std::lower_bound(regions_.begin(), regions_.end(), name,
                       [](const RegionSpec& r, std::string_view n) { return r.name < n; });
  return it == regions_.end() || it->name != name
             ? kNone
             : static_cast<std::uint32_t>(it - regions_.begin());
}

std::uint32_t Fleet::find_pool(std::uint32_t region, std::string_view name) const {
  for (std::uint32_t i = 0; i < pools_.size(); ++i)
    if (pools_[i].region == region && pools_[i].name == name) return i;
  return kNone;
}

Fleet::Range Fleet::nodes_of_rack(std::uint32_t rack) const {
  const Pool& p = pools_[pool_of_rack_[rack]];
  const std::uint32_t first = p.first_node + (rack - p.first_rack) * p.nodes_per_rack;
  return {first, std::min(first + p.nodes_per_rack, p.first_node + p.nodes)};
}

Fleet::Range Fleet::nodes_of_pod(std::uint32_t pod) const {
  const Pool& p = pools_[pool_of_pod_[pod]];
  const std::uint64_t size = std::uint64_t{p.nodes_per_rack} * p.racks_per_pod;
  const std::uint64_t first = p.first_node + (pod - p.first_pod) * size;
  const std::uint64_t last = std::min<std::uint64_t>(first + size, p.first_node + p.nodes);
  return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)};
}

Distance Fleet::distance(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return Distance::kNode;
  if (rack_of(a) == rack_of(b)) return Distance::kRack;
  if (pod_of(a) == pod_of(b)) return Distance::kPod;
  return region_of(a) == region_of(b) ? Distance::kRegion : Distance::kWan;
}

std::string Fleet::node_name(std::uint32_t node) const {
  const Pool& p = pools_[pool_of_[node]];
  return regions_[p.region].name + "/" + p.name + "/" + std::to_string(node - p.first_node);
}

LinkIndex Fleet::account_egress(std::uint32_t region, std::uint32_t account) const {
  return origins_[region].first_account_link + 2 * account;
}

LinkIndex Fleet::account_ingress(std::uint32_t region, std::uint32_t account) const {
  return account_egress(region, account) + 1;
}

namespace {

bool is_node(Endpoint e) { return e.kind <= Endpoint::Kind::kNvme; }

}  // namespace

// The lanes of the source itself, up to where the region's fabric starts.
bool Fleet::leave(Endpoint from, std::vector<LinkIndex>& links) const {
  switch (from.kind) {
    case Endpoint::Kind::kDram:
      return true;
    case Endpoint::Kind::kNvme:
      links.push_back(nvme_read(from.id));
      return links.back() != kNoLink;
    case Endpoint::Kind::kAccount:
      if (from.id >= regions_[from.region].accounts) return false;
      links.push_back(account_egress(from.region, from.id));
      if (front_end_[from.region] != kNoLink) links.push_back(front_end_[from.region]);
      return true;
    case Endpoint::Kind::kStamp:
      links.push_back(stamp_[from.region]);
      return links.back() != kNoLink;
  }
  return false;
}

bool Fleet::arrive(Endpoint to, std::vector<LinkIndex>& links) const {
  switch (to.kind) {
    case Endpoint::Kind::kDram:
      return true;
    case Endpoint::Kind::kNvme:
      links.push_back(nvme_write(to.id));
      return links.back() != kNoLink;
    case Endpoint::Kind::kAccount:
      if (to.id >= regions_[to.region].accounts) return false;
      links.push_back(account_ingress(to.region, to.id));
      return true;
    case Endpoint::Kind::kStamp:
      return false;
  }
  return false;
}

void Fleet::cross_fabric(std::uint32_t a, std::uint32_t b, std::vector<LinkIndex>& links) const {
  const Distance d = distance(a, b);
  if (d == Distance::kNode) return;
  links.push_back(nic_up(a));
  if (d >= Distance::kPod) {
    links.push_back(tor_up(rack_of(a)));
    if (d >= Distance::kRegion) {
      links.push_back(pod_up(pod_of(a)));
      links.push_back(pod_down(pod_of(b)));
    }
    links.push_back(tor_down(rack_of(b)));
  }
  links.push_back(nic_down(b));
}

bool Fleet::route(Endpoint from, Endpoint to, std::vector<LinkIndex>& links) const {
  links.clear();
  const std::uint32_t source = region_of_end(from), target = region_of_end(to);
  const bool nodes = is_node(from) && is_node(to);
  const LinkIndex between = source == target ? kNoLink : wan(source, target);
  bool ok = (is_node(from) || is_node(to)) && (source == target || between != kNoLink);
  ok = ok && leave(from, links);
  if (ok && nodes && source == target) {
    cross_fabric(from.id, to.id, links);
  } else if (ok) {
    // Origins and the WAN hang off the region's core, above the pods.
    if (is_node(from)) {
      links.push_back(nic_up(from.id));
      links.push_back(tor_up(rack_of(from.id)));
      links.push_back(pod_up(pod_of(from.id)));
    }
    if (between != kNoLink) {
      links.push_back(core_up(source));
      links.push_back(between);
      links.push_back(core_down(target));
    }
    if (is_node(to)) {
      links.push_back(pod_down(pod_of(to.id)));
      links.push_back(tor_down(rack_of(to.id)));
      links.push_back(nic_down(to.id));
    }
  }
  ok = ok && arrive(to, links);
  if (!ok) links.clear();
  return ok;
}

}  // namespace fleetcache::topologies
