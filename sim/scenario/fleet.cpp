#include "sim/scenario/fleet.hpp"

#include <utility>
#include <vector>

namespace fleetcache::scenario {
namespace {

topologies::RegionSpec spec_of(const std::string& name, const Region& region, OriginPath path) {
  topologies::RegionSpec spec;
  spec.name = name;
  for (const auto& [pool_name, pool] : region.pools) {
    spec.pools.push_back(
        {pool_name, pool.nodes, pool.sku.nic, pool.sku.nvme_read, pool.sku.nvme_write});
  }
  spec.nodes_per_rack = region.fabric.nodes_per_rack;
  spec.racks_per_pod = region.fabric.racks_per_pod;
  spec.rack_oversubscription = region.fabric.rack_oversubscription;
  spec.pod_oversubscription = region.fabric.pod_oversubscription;
  spec.accounts = region.blob.accounts;
  spec.account_egress = region.blob.egress;
  spec.account_ingress = region.blob.ingress;
  spec.fleet_egress = region.blob.fleet_egress;
  spec.stamp = stamp_capacity(region, path);
  return spec;
}

}  // namespace

BytesPerSecond stamp_capacity(const Region& region, OriginPath path) {
  const double factor = path == OriginPath::kDeltaZero ? region.deltazero.capacity_factor : 1.0;
  return region.bifrost.stamp * factor;
}

Result<topologies::Fleet> build_fleet(const Scenario& scenario, OriginPath path) {
  std::vector<topologies::RegionSpec> regions;
  for (const auto& [name, region] : scenario.regions) {
    regions.push_back(spec_of(name, region, path));
  }
  std::vector<topologies::WanSpec> wan;
  for (const WanLink& link : scenario.links) {
    wan.push_back({link.from, link.to, link.bandwidth, {}});
  }
  return topologies::Fleet::build(std::move(regions), wan);
}

}  // namespace fleetcache::scenario
