/// A fleet small enough to reason about by hand: one region, wide links, no latency. Tests narrow
/// what they want to bind.
#pragma once

#include "sim/scenario/scenario.hpp"

namespace fleetcache::world {

inline constexpr std::uint64_t kMB = 1'000'000;
inline constexpr std::uint64_t kGB = 1'000'000'000;

inline scenario::Region tiny_region(std::uint32_t train_nodes, std::uint32_t infer_nodes) {
  scenario::Region region;
  region.name = "r";
  scenario::NodeSku sku;
  sku.name = "tiny";
  sku.gpus = 4;
  sku.dram = Bytes(100 * kGB);
  sku.nic = BytesPerSecond(20e9);
  sku.nvme = Bytes(1000 * kGB);
  sku.nvme_read = BytesPerSecond(20e9);
  sku.nvme_write = BytesPerSecond(10e9);
  sku.nvme_latency = Duration(0);
  sku.nvme_queue_depth = 64;
  if (train_nodes > 0) {
    region.pools["train"] = {"train", scenario::Role::kTrain, train_nodes, sku};
  }
  if (infer_nodes > 0) {
    region.pools["infer"] = {"infer", scenario::Role::kInfer, infer_nodes, sku};
  }
  region.fabric.nodes_per_rack = 4;
  region.fabric.racks_per_pod = 4;
  region.blob.accounts = 1;
  region.blob.requests = PerSecond(1e6);
  region.blob.burst_s = 1;
  region.blob.egress = BytesPerSecond(1e9);
  region.blob.ingress = BytesPerSecond(1e9);
  region.blob.capacity = Bytes(5'000'000 * kGB);
  region.blob.blob_requests = PerSecond(3000);
  region.blob.stream = BytesPerSecond(100e9);
  region.blob.first_byte = {Duration(1), Duration(1)};
  region.blob.retry = {5, from_seconds(0.1), from_seconds(1), false};
  region.bifrost.stamp = BytesPerSecond(10e9);
  region.bifrost.stream = BytesPerSecond(100e9);
  region.bifrost.first_byte = {Duration(1), Duration(1)};
  region.bifrost.plan_time = Duration(1);
  region.bifrost.plan_lease = from_seconds(60);
  region.bifrost.plan_requests = PerSecond(1e6);
  return region;
}

/// One training job of all nodes over a data set of `objects` objects of 100 MB; a step reads one
/// object a node and computes 0.1 s.
inline scenario::Scenario tiny_training(std::uint32_t nodes, std::uint64_t objects,
                                        std::uint32_t steps) {
  scenario::Scenario s;
  s.name = "tiny";
  s.horizon = from_seconds(1000);
  s.regions["r"] = tiny_region(nodes, 0);
  s.cache.enabled = false;
  s.cache.placement = "rendezvous";
  s.datasets["d"] = {"d", Bytes(objects * 100 * kMB), Bytes(100 * kMB), ""};
  scenario::TrainingJob job;
  job.name = "j";
  job.region = "r";
  job.pool = "train";
  job.nodes = nodes;
  job.dataset = "d";
  job.bytes_per_step = Bytes(100 * kMB);
  job.compute = from_seconds(0.1);
  job.prefetch = 2;
  job.steps = steps;
  s.training["j"] = job;
  return s;
}

inline scenario::CacheTier tiny_tier(scenario::Medium medium, std::uint64_t bytes,
                                     const char* eviction) {
  scenario::CacheTier tier;
  tier.medium = medium;
  tier.capacity = Bytes(bytes);
  tier.eviction = eviction;
  tier.admission = "always";
  return tier;
}

}  // namespace fleetcache::world
