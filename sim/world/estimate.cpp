// What a run would cost, before it is started. Constants are measured, docs/performance.md.

#include <algorithm>
#include <cmath>

#include "sim/world/run.hpp"

namespace fleetcache::world {
namespace {

constexpr double kCpuPerRequest_s = 5e-6;
constexpr double kCpuPerFlow_s = 8e-6;
constexpr double kCpuPerLiveFlow_s = 0.25e-6;  // each start and end looks at its component
constexpr double kBytesPerLink = 2400;
constexpr double kBytesPerEntry = 44;
constexpr double kBytesPerLiveFlow = 2200;
constexpr double kMeanTransfer_s = 0.2;

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
    const double rate = service.arrivals.trace.empty() ? service.arrivals.rate.count : 4.0;
    const double blocks =
        std::max(1.0, static_cast<double>(service.arrivals.prompt_tokens) / service.block_tokens);
    e.requests += rate * horizon * blocks;
    entries += rate * horizon * blocks;
  }
  for (const scenario::CacheTier& tier : scenario.cache.tiers) {
    (void)tier;
    e.memory_bytes += entries * kBytesPerEntry;
  }
  e.flows = e.requests * 1.5;  // most reads are one flow; a fill also writes to the disks
  const double live = std::min(e.flows / std::max(1.0, horizon) * kMeanTransfer_s, 1e6);
  e.memory_bytes += links * kBytesPerLink + live * kBytesPerLiveFlow + 50e6;
  e.cpu_seconds =
      e.requests * kCpuPerRequest_s + e.flows * (kCpuPerFlow_s + kCpuPerLiveFlow_s * live);
  return e;
}

}  // namespace fleetcache::world
