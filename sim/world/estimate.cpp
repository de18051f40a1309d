// What a run would cost, before it is started. Constants are measured, docs/performance.md.

#include <algorithm>
#include <cmath>

#include "sim/traces/mooncake.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::world {
namespace {

constexpr double kCpuPerRequest_s = 0.5e-6;
constexpr double kCpuPerFlow_s = 3e-6;
constexpr double kCpuPerLiveFlow_s = 0.15e-6;  // each start and end looks at its component
constexpr double kBytesPerLink = 2400;
constexpr double kBytesPerEntry = 44;
constexpr double kBytesPerLiveFlow = 2200;
constexpr double kMeanTransfer_s = 0.5;  // a guess: it sets how many flows live at once

/// Blocks that the prompts before the horizon hold. Reads the trace, if there is one and it can be
/// read (the run itself reports when not).
double block_lookups(const scenario::InferenceService& service, Duration horizon) {
  if (service.arrivals.trace.empty()) {
    const double blocks =
        std::max(1.0, static_cast<double>(service.arrivals.prompt_tokens) / service.block_tokens);
    return service.arrivals.rate.count * to_seconds(horizon) * blocks;
  }
  const auto requests = traces::read_mooncake(service.arrivals.trace);
  if (!requests) return 0;
  double blocks = 0;
  for (const traces::KvRequest& r : *requests) {
    if (r.at_ns < horizon.count) blocks += static_cast<double>(r.blocks.size());
  }
  return blocks;
}

}  // namespace

Estimate estimate(const scenario::Scenario& scenario) {
  Estimate e;
  double links = 0, entries = 0;
  const double horizon = to_seconds(scenario.horizon);
  for (const auto& [name, region] : scenario.regions) {
    for (const auto& [pool_name, pool] : region.pools) e.nodes += pool.nodes;
    links += 2.0 * region.blob.accounts;
  }
  links += 4.3 * static_cast<double>(e.nodes);
  for (const auto& [name, job] : scenario.training) {
    const scenario::Dataset& dataset = scenario.datasets.at(job.dataset);
    const double steps =
        job.steps > 0 ? job.steps : horizon / std::max(1e-9, to_seconds(job.compute));
    const double per_step =
        static_cast<double>(job.bytes_per_step.count) / static_cast<double>(dataset.object.count);
    e.requests += steps * per_step * job.nodes;
    entries +=
        2.0 * static_cast<double>(dataset.size.count) / static_cast<double>(dataset.object.count);
  }
  for (const auto& [name, service] : scenario.inference) {
    const double blocks = block_lookups(service, scenario.horizon);
    e.requests += blocks;
    entries += blocks;
  }
  e.memory_bytes += static_cast<double>(scenario.cache.tiers.size()) * entries * kBytesPerEntry;
  e.flows = e.requests * 1.5;  // most reads are one flow; a fill also writes to the disks
  const double live = std::min(e.flows / std::max(1.0, horizon) * kMeanTransfer_s, 1e6);
  e.memory_bytes += links * kBytesPerLink + live * kBytesPerLiveFlow + 50e6;
  e.cpu_seconds =
      e.requests * kCpuPerRequest_s + e.flows * (kCpuPerFlow_s + kCpuPerLiveFlow_s * live);
  return e;
}

}  // namespace fleetcache::world
