#include "sim/validation/small_fleet.hpp"

namespace fleetcache::validation {

scenario::Region open_region(std::uint32_t train_nodes, std::uint32_t infer_nodes,
                             BytesPerSecond wide) {
  scenario::NodeSku sku;
  sku.name = "open";
  sku.gpus = 4;
  sku.dram = Bytes(std::uint64_t{1} << 60);
  sku.nic = wide;
  sku.nvme = Bytes(std::uint64_t{1} << 60);
  sku.nvme_read = wide;
  sku.nvme_write = wide;
  sku.nvme_queue_depth = 1U << 20;
  scenario::Region region;
  region.name = "r";
  if (train_nodes > 0) {
    region.pools["train"] = {"train", scenario::Role::kTrain, train_nodes, sku};
  }
  if (infer_nodes > 0) {
    region.pools["infer"] = {"infer", scenario::Role::kInfer, infer_nodes, sku};
  }
  region.fabric.nodes_per_rack = 8;
  region.fabric.racks_per_pod = 8;
  region.blob.accounts = 1;
  region.blob.requests = PerSecond(1e9);
  region.blob.egress = wide;
  region.blob.ingress = wide;
  region.blob.capacity = Bytes(std::uint64_t{1} << 60);
  region.blob.blob_requests = PerSecond(1e9);
  region.blob.stream = wide;
  region.blob.first_byte = {Duration(1), Duration(1)};
  region.blob.retry = {5, from_seconds(0.1), from_seconds(1), true};
  region.bifrost.stamp = wide;
  region.bifrost.stream = wide;
  region.bifrost.first_byte = {Duration(1), Duration(1)};
  region.bifrost.plan_time = Duration(1);
  region.bifrost.plan_lease = from_seconds(60);
  region.bifrost.plan_requests = PerSecond(1e9);
  return region;
}

scenario::Scenario open_scenario(const scenario::Region& region, Bytes cache,
                                 const std::string& eviction) {
  scenario::Scenario s;
  s.name = "validation";
  s.rung = "exact";
  s.regions[region.name] = region;
  s.cache.index = scenario::Index::kPooled;
  s.cache.placement = "rendezvous";
  scenario::CacheTier tier;
  tier.medium = scenario::Medium::kDram;
  tier.capacity = cache;
  tier.eviction = eviction;
  tier.admission = "always";
  s.cache.tiers.push_back(tier);
  return s;
}

scenario::TrainingJob plain_job(const std::string& name, const std::string& dataset,
                                std::uint32_t nodes, Bytes bytes_per_step, Duration compute) {
  scenario::TrainingJob job;
  job.name = name;
  job.region = "r";
  job.pool = "train";
  job.nodes = nodes;
  job.dataset = dataset;
  job.bytes_per_step = bytes_per_step;
  job.compute = compute;
  return job;
}

}  // namespace fleetcache::validation
