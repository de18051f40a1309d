#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "policies/eviction/eviction.hpp"
#include "sim/scenario/events.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/typed.hpp"

namespace fleetcache::scenario {
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : map) names.push_back(name);
  return names;
}

/// "value "x": is no WHAT; did you mean ...".
template <class Map>
std::string unknown(const std::string& value, const std::string& what, const Map& known) {
  const std::vector<std::string> names = names_of(known);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const std::string hint = did_you_mean(value, names);
  return "value \"" + value + "\": is no " + what + "; allowed " + (list.empty() ? "none" : list) +
         (hint.empty() ? "" : "; " + hint);
}

void check_regions(const Scenario& s, const PlacedErrors& errors) {
  for (const auto& [name, region] : s.regions) {
    const std::string path = "regions." + name;
    const auto ordered = [&](const LatencyLaw& law, const std::string& at) {
      if (law.p99 < law.p50) errors.add(path + at, "the 99th percentile is below the median");
    };
    ordered(region.blob.first_byte, ".blob.first_byte");
    ordered(region.bifrost.first_byte, ".bifrost.first_byte");
    for (const auto& [pool_name, pool] : region.pools) {
      const std::string at = path + ".pools." + pool_name;
      if (pool.role != Role::kCpu && pool.sku.gpus == 0) {
        errors.add(at + ".role",
                   "the role needs accelerators, but \"" + pool.sku.name + "\" has none");
      }
      const bool no_rate = pool.sku.nvme_read.count <= 0 || pool.sku.nvme_write.count <= 0;
      if (pool.sku.nvme.count > 0 && no_rate) {
        errors.add(at + ".sku", "NVMe capacity with a throughput of 0");
      }
    }
  }
  for (std::size_t i = 0; i < s.links.size(); ++i) {
    for (const std::string& end : {s.links[i].from, s.links[i].to}) {
      if (s.regions.count(end) == 0) errors.add("links", unknown(end, "region", s.regions));
    }
  }
}

/// Region and pool of a workload; counts the nodes that it takes.
template <class Workload>
void check_seat(const Scenario& s, const Workload& w, Role role, const PlacedErrors& errors,
                std::map<std::pair<std::string, std::string>, std::uint64_t>& taken) {
  const std::string path = "workloads." + w.name;
  const auto region = s.regions.find(w.region);
  if (region == s.regions.end()) {
    errors.add(path + ".region", unknown(w.region, "region", s.regions));
    return;
  }
  const auto pool = region->second.pools.find(w.pool);
  if (pool == region->second.pools.end()) {
    errors.add(path + ".pool", unknown(w.pool, "pool of region " + w.region, region->second.pools));
    return;
  }
  if (pool->second.role != role) {
    errors.add(path + ".pool", "value \"" + w.pool + "\": the pool's role is another");
  }
  std::uint64_t& nodes = taken[{w.region, w.pool}];
  nodes += w.nodes;
  if (nodes > pool->second.nodes) {
    errors.add(path + ".nodes", "value " + std::to_string(w.nodes) +
                                    ": with the workloads before it " + std::to_string(nodes) +
                                    " nodes, but the pool has " +
                                    std::to_string(pool->second.nodes));
  }
}

/// Why a file cannot be read; empty when it can. Its bytes are the business of whoever runs it.
std::string unreadable(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return "is a folder, not a file";
  if (std::ifstream(file, std::ios::binary)) return "";
  const bool exists = std::filesystem::exists(file, ignored);
  return std::string("the file cannot be read") + (exists ? "" : ": it does not exist");
}

void check_workloads(const Scenario& s, const PlacedErrors& errors) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> taken;
  for (const auto& [name, job] : s.training) {
    const std::string path = "workloads." + name;
    check_seat(s, job, Role::kTrain, errors, taken);
    if (s.datasets.count(job.dataset) == 0) {
      errors.add(path + ".dataset", unknown(job.dataset, "dataset", s.datasets));
    }
  }
  for (const auto& [name, service] : s.inference) {
    check_seat(s, service, Role::kInfer, errors, taken);
    const std::string& trace = service.arrivals.trace;
    const std::string fault = trace.empty() ? "" : unreadable(trace);
    if (!fault.empty()) {
      errors.add("workloads." + name + ".requests", "value \"trace:" + trace + "\": " + fault);
    }
  }
  for (const auto& [name, data] : s.datasets) {
    if (!data.region.empty() && s.regions.count(data.region) == 0) {
      errors.add("datasets." + name + ".region", unknown(data.region, "region", s.regions));
    }
    if (data.object > data.size) {
      errors.add("datasets." + name + ".object",
                 "value \"" + print_bytes(data.object.count) + "\": larger than the dataset");
    }
  }
}

/// Largest object that the workloads cache, and where it is written.
std::pair<std::uint64_t, std::string> largest_object(const Scenario& s) {
  std::pair<std::uint64_t, std::string> largest{0, ""};
  for (const auto& [name, job] : s.training) {
    const auto data = s.datasets.find(job.dataset);
    if (data == s.datasets.end() || data->second.object.count <= largest.first) continue;
    largest = {data->second.object.count, "datasets." + data->first + ".object"};
  }
  for (const auto& [name, service] : s.inference) {
    const std::uint64_t block = service.block_tokens * service.kv_bytes_per_token.count;
    if (block > largest.first) largest = {block, "workloads." + name + ".block_tokens"};
  }
  return largest;
}

void check_capacity(const Scenario& s, const CacheTier& tier, const PlacedErrors& errors) {
  if (s.cache.index != Index::kPerNode) return;
  for (const auto& [region_name, region] : s.regions) {
    for (const auto& [pool_name, pool] : region.pools) {
      const Bytes has = tier.medium == Medium::kDram ? pool.sku.dram : pool.sku.nvme;
      if (tier.capacity <= has || has.count == 0) continue;
      errors.add("cache.tiers." + tier.name + ".capacity",
                 "value \"" + print_bytes(tier.capacity.count) + "\": more than a node of pool " +
                     region_name + "/" + pool_name + " has (" + print_bytes(has.count) + ")");
      return;
    }
  }
}

/// A tier on NVMe needs disks in every pool that a workload uses: copies live on its nodes.
void check_disks(const Scenario& s, const CacheTier& tier, const PlacedErrors& errors) {
  if (tier.medium != Medium::kNvme) return;
  std::set<std::pair<std::string, std::string>> used;
  for (const auto& [name, job] : s.training) used.insert({job.region, job.pool});
  for (const auto& [name, service] : s.inference) used.insert({service.region, service.pool});
  for (const auto& [region_name, pool_name] : used) {
    const auto region = s.regions.find(region_name);
    if (region == s.regions.end()) continue;  // said by check_seat
    const auto pool = region->second.pools.find(pool_name);
    if (pool == region->second.pools.end()) continue;
    const NodeSku& sku = pool->second.sku;
    if (sku.nvme.count > 0 && sku.nvme_read.count > 0 && sku.nvme_write.count > 0) continue;
    errors.add("cache.tiers." + tier.name + ".medium",
               "value \"nvme\": the nodes of pool " + region_name + "/" + pool_name + " (\"" +
                   sku.name + "\") have no NVMe, and a workload uses them");
  }
}

/// Parameters of an eviction policy are checked by the policy itself.
void check_policy(const CacheTier& tier, const PlacedErrors& errors) {
  const std::string path = "cache.tiers." + tier.name;
  const eviction::PolicyInfo* policy = eviction::find_policy(tier.eviction);
  if (policy != nullptr && policy->needs_next_access) {
    errors.add(path + ".eviction",
               "value \"" + tier.eviction +
                   "\": needs to know the future; only `trace replay` can run it");
    return;
  }
  eviction::Config config;
  config.capacity = 1 << 20;
  config.max_entries = 16;
  for (const auto& [key, value] : tier.parameters) config.params.emplace_back(key, value);
  auto cache = eviction::Cache::create(tier.eviction, config);
  if (!cache) errors.add(path + ".parameters", cache.error().text());
}

void check_cache(const Scenario& s, const PlacedErrors& errors) {
  if (!s.cache.enabled) return;
  if (s.cache.tiers.empty()) {
    errors.add("cache.tiers", "an enabled cache needs at least one tier");
    return;
  }
  Bytes largest_tier;
  for (const CacheTier& tier : s.cache.tiers) {
    check_policy(tier, errors);
    check_capacity(s, tier, errors);
    check_disks(s, tier, errors);
    largest_tier = std::max(largest_tier, tier.capacity);
  }
  const auto [object, path] = largest_object(s);
  if (object > largest_tier.count) {
    errors.add(path, "an object of " + print_bytes(object) + " is larger than every cache tier (" +
                         print_bytes(largest_tier.count) + ")");
  }
}

}  // namespace

void cross_check(const Scenario& scenario, const PlacedErrors& errors) {
  if (scenario.warmup >= scenario.horizon) {
    errors.add("time.warmup", "value \"" + print_duration(scenario.warmup.count) +
                                  "\": must be shorter than the horizon");
  }
  check_regions(scenario, errors);
  check_workloads(scenario, errors);
  check_cache(scenario, errors);
  check_events(scenario, errors);
}

}  // namespace fleetcache::scenario
