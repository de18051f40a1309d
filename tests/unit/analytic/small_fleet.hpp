/// A fleet small enough for hand arithmetic: one region "r", one pool "train" of 10 four-GPU nodes,
/// one job "job" on a data set "data" of 1 TB. Tests change what they plant.
#pragma once

#include <string>

#include "sim/scenario/scenario.hpp"

namespace fleetcache::analytic_test {

constexpr double kGb = 1e9 / 8;  // bytes of a gigabit

inline scenario::NodeSku sku() {
  scenario::NodeSku s;
  s.name = "four";
  s.gpus = 4;
  s.dram = Bytes(1'000'000'000'000);
  s.nic = BytesPerSecond(800 * kGb);
  s.nvme = Bytes(16'000'000'000'000);
  s.nvme_read = BytesPerSecond(100e9);
  s.nvme_write = BytesPerSecond(50e9);
  s.nvme_queue_depth = 128;
  s.nvme_latency = from_seconds(1e-4);
  s.nvme_dwpd = 1;
  return s;
}

inline scenario::Region region(const std::string& name) {
  scenario::Region r;
  r.name = name;
  scenario::NodePool pool;
  pool.name = "train";
  pool.nodes = 10;
  pool.sku = sku();
  r.pools["train"] = pool;
  r.fabric.nodes_per_rack = 10;
  r.fabric.racks_per_pod = 1;
  r.fabric.rtt_rack = r.fabric.rtt_pod = r.fabric.rtt_region = from_seconds(1e-4);
  r.blob.accounts = 4;
  r.blob.requests = PerSecond(40'000);
  r.blob.egress = BytesPerSecond(1e9);
  r.blob.ingress = BytesPerSecond(0.5e9);
  r.blob.capacity = Bytes(5'000'000'000'000'000);
  r.blob.stream = BytesPerSecond(1e9);
  r.blob.first_byte = {from_seconds(0.02), from_seconds(0.08)};
  r.bifrost.stamp = BytesPerSecond(20e9);
  r.bifrost.stream = BytesPerSecond(1e9);
  r.bifrost.first_byte = {from_seconds(0.008), from_seconds(0.04)};
  r.bifrost.plan_requests = PerSecond(1e9);
  return r;
}

/// Demand: 10 nodes x 100 MB a step of 1 s = 1 GB/s, 25 MB/s per GPU.
inline scenario::Scenario small_fleet() {
  scenario::Scenario s;
  s.name = "small";
  s.horizon = from_seconds(1e6);
  s.regions["r"] = region("r");
  scenario::CacheTier tier;
  tier.medium = scenario::Medium::kNvme;
  tier.capacity = Bytes(50'000'000'000);  // of 10 nodes: half of the data set
  tier.eviction = "lru";
  tier.admission = "always";
  s.cache.tiers = {tier};
  s.cache.placement = "jump";  // owners alike: hand arithmetic holds
  scenario::Dataset data;
  data.name = "data";
  data.size = Bytes(1'000'000'000'000);
  data.object = Bytes(10'000'000);
  s.datasets["data"] = data;
  scenario::TrainingJob job;
  job.name = "job";
  job.region = "r";
  job.pool = "train";
  job.nodes = 10;
  job.dataset = "data";
  job.bytes_per_step = Bytes(100'000'000);
  job.compute = from_seconds(1);
  job.prefetch = 4;
  s.training["job"] = job;
  return s;
}

inline scenario::InferenceService chat(const std::string& region, const std::string& pool) {
  scenario::InferenceService c;
  c.name = "chat";
  c.region = region;
  c.pool = pool;
  c.nodes = 10;
  c.arrivals.rate = PerSecond(10);
  c.arrivals.prompt_tokens = 4000;
  c.arrivals.output_tokens = 200;
  c.arrivals.prefixes = 100;
  c.arrivals.shared_fraction = 0.5;
  c.arrivals.turns = 3;
  c.arrivals.think = from_seconds(60);
  c.kv_bytes_per_token = Bytes(70'272);
  c.prefill_tokens = PerSecond(16'000);
  return c;
}

}  // namespace fleetcache::analytic_test
