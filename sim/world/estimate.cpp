// What a run would cost, before it is started. Constants are measured, docs/performance.md.

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "sim/traces/mooncake.hpp"
#include "sim/world/run.hpp"
#include "sim/world/sample.hpp"

namespace fleetcache::world {
namespace {

/// What one unit of work costs at a rung, fitted to the runs of tests/unit/cli/estimate_test.cpp;
/// bundled to 6,000 nodes besides, fleet to an hour and a day of 110,000 (docs/fidelity.md).
struct Costs {
  double start_s;      ///< once
  double node_s;       ///< platform, per node
  double request_s;    ///< policy core, world and probes, per cache request
  double flow_s;       ///< per transfer: its links, its start and its end
  double live_flow_s;  ///< each start and end looks at what is under way in its component
  double node_bytes;
  double live_flow_bytes;
  double kept_request_bytes;  ///< what the run keeps of a request to tell steadiness and tails,
  double kept_bytes_max;      ///< at most
};
constexpr Costs kCosts[] = {
    {0.03, 60e-6, 0.5e-6, 2e-6, 0.13e-6, 10'300, 2'200, 0, 0},
    {0.015, 60e-6, 0.7e-6, 1.4e-6, 0, 10'300, 200, 0, 0},
    {0.045, 3e-6, 0.9e-6, 1.2e-6, 0, 3'000, 200, 800, 250e6},
};
// Rings and caches of a large fleet are not in the processor's: each request of 110,000 nodes takes
// so much more (20 min 14.4 s, an hour 40 s, a day 20 min of CPU: docs/performance.md).
constexpr double kFarRequest_s = 0.9e-6, kFarNodes = 100'000;
constexpr double kBytesPerEntry = 44;
constexpr double kBytesAtStart = 45e6;
constexpr double kKvTransfer_s = 0.01;    // a KV block is a few MB over one NIC
constexpr double kFlowsPerRequest = 1.5;  // of training: most are one flow; a fill also writes

/// Transfers per KV block that is looked up. Blocks that miss are computed, not fetched. A hit in a
/// pooled cache is one transfer at most; among nodes most hits are a peer's, more as
/// conversations grow.
double flows_per_block(const scenario::Scenario& s) {
  return s.cache.index == scenario::Index::kPooled ? 0.9 : 1.5;
}

/// Blocks of a prompt that are looked up: without a cache the prompt is computed as one.
double looked_up(const scenario::Scenario& s, double blocks) {
  return s.cache.enabled ? std::max(1.0, blocks) : 1;
}

/// Blocks that are looked up for the prompts before the horizon. Reads the trace, if there is one
/// and it can be read (the run itself reports when not).
double block_lookups(const scenario::Scenario& s, const scenario::InferenceService& service) {
  if (service.arrivals.trace.empty()) {
    const double prompts = service.arrivals.rate.count * to_seconds(s.horizon);
    return prompts *
           looked_up(s, static_cast<double>(service.arrivals.prompt_tokens) / service.block_tokens);
  }
  const auto requests = traces::read_mooncake(service.arrivals.trace);
  if (!requests) return 0;
  double blocks = 0;
  for (const traces::KvRequest& r : *requests) {
    if (r.at_ns < s.horizon.count) blocks += looked_up(s, static_cast<double>(r.blocks.size()));
  }
  return blocks;
}

/// Bytes a second that the origin of a region gives at most.
double origin_rate(const scenario::Scenario& s, const scenario::Region& region) {
  double front_end = region.blob.egress.count * region.blob.accounts;
  if (region.blob.fleet_egress.count > 0) {
    front_end = std::min(front_end, region.blob.fleet_egress.count);
  }
  switch (s.origin.path) {
    case scenario::OriginPath::kFrontEnd:
      return front_end;
    case scenario::OriginPath::kBifrost:
      return region.bifrost.stamp.count;
    case scenario::OriginPath::kDeltaZero:
      break;
  }
  return region.bifrost.stamp.count * region.deltazero.capacity_factor;
}

/// Share of a data set that the caches of a job's region keep.
double kept_share(const scenario::Scenario& s, const scenario::TrainingJob& job, double dataset) {
  if (!s.cache.enabled || dataset <= 0) return 0;
  double capacity = 0;
  for (const scenario::CacheTier& tier : s.cache.tiers) {
    const bool pooled = s.cache.index == scenario::Index::kPooled;
    capacity += static_cast<double>(tier.capacity.count) * (pooled ? 1.0 : job.nodes);
  }
  return std::min(1.0, capacity / dataset);
}

/// What the training jobs of one region read.
struct Reading {
  double wanted = 0;     ///< bytes over the horizon if no job ever waited
  double once = 0;       ///< of those, the first reading of each data set
  double missed = 0;     ///< and what caches do not keep, of the rest
  double requests = 0;   ///< if no job ever waited
  double burst = 0;      ///< reads that start together, one step of all jobs
  double in_flight = 0;  ///< reads under way when jobs wait for data
};

void add_job(const scenario::Scenario& s, const scenario::TrainingJob& job, Reading& out) {
  const scenario::Dataset& dataset = s.datasets.at(job.dataset);
  const auto size = static_cast<double>(dataset.size.count);
  const double horizon = to_seconds(s.horizon);
  const double fed = horizon / std::max(1e-9, to_seconds(job.compute));
  const double steps = job.steps > 0 ? std::min<double>(job.steps, fed) : fed;
  const double reads =
      static_cast<double>(job.bytes_per_step.count) / static_cast<double>(dataset.object.count);
  const double bytes = steps * static_cast<double>(job.bytes_per_step.count) * job.nodes;
  out.wanted += bytes;
  out.once += std::min(bytes, size);
  out.missed += std::max(0.0, bytes - size) * (1 - kept_share(s, job, size));
  out.requests += steps * reads * job.nodes;
  out.burst = std::max(out.burst, std::max(1.0, reads) * job.nodes);
  out.in_flight += std::max(1.0, reads) * job.nodes * std::max(1U, job.prefetch);
}

/// Requests that are made at all: when the origin gives less than is missed, jobs wait and read
/// less. First the first reading of each data set, then the later ones. Also counts what is under
/// way around each of them. Returns the share that is made.
double add_training(const scenario::Scenario& s, const scenario::Region& region, Estimate& e,
                    double& live_flows) {
  Reading reading;
  for (const auto& [name, job] : s.training) {
    if (job.region == region.name) add_job(s, job, reading);
  }
  if (reading.wanted <= 0) return 1;
  const double before = e.requests;
  const double horizon = std::max(1e-9, to_seconds(s.horizon));
  const double wanted = reading.wanted / horizon;
  const double origin = std::max(1.0, origin_rate(s, region));
  const double once = s.cache.enabled ? reading.once : reading.wanted;
  const double later = reading.wanted - once;
  const double later_misses = later > 0 ? reading.missed / later : 0;
  const auto add_phase = [&](double bytes, double misses) {
    const bool waits = wanted * misses > origin;
    const double requests = reading.requests * bytes / reading.wanted;
    const double live = waits ? reading.in_flight : reading.burst / 2 * (1 + misses);
    e.requests += requests;
    live_flows += live * requests * kFlowsPerRequest;
  };
  const double first_rate = std::min(wanted, origin);
  const double first_s = std::min(horizon, once / first_rate);
  const double later_rate = later_misses > 0 ? std::min(wanted, origin / later_misses) : wanted;
  add_phase(first_rate * first_s, 1);
  if (later > 0) add_phase(std::min(later, later_rate * (horizon - first_s)), later_misses);
  return (e.requests - before) / reading.requests;
}

double training_entries(const scenario::Scenario& s) {
  double entries = 0;
  for (const auto& [name, job] : s.training) {
    const scenario::Dataset& d = s.datasets.at(job.dataset);
    entries += 2.0 * static_cast<double>(d.size.count) / static_cast<double>(d.object.count);
  }
  return entries * static_cast<double>(s.cache.tiers.size());
}

/// Cache requests that the fleet rung makes instead, and the keys that its caches know: by the
/// sample that the run would draw.
struct Sampled {
  double reads = 0, blocks = 0, entries = 0;
};

/// Entries of all tiers for `keys` objects of `bytes` each in the caches of `nodes` nodes.
double tier_entries(const scenario::Scenario& s, double keys, double bytes, double nodes) {
  double entries = 0;
  for (const scenario::CacheTier& tier : s.cache.tiers) {
    const bool pooled = s.cache.index == scenario::Index::kPooled;
    const double fits = static_cast<double>(tier.capacity.count) * (pooled ? 1 : nodes) / bytes;
    entries += std::min(keys, fits);
  }
  return entries;
}

/// Entries of KV blocks: `blocks` lookups, half of them of shared prefixes, as far as they fit.
double block_entries(const scenario::Scenario& s, const scenario::InferenceService& service,
                     double blocks, double share) {
  const auto block = static_cast<double>(service.kv_bytes_per_token.count * service.block_tokens);
  return tier_entries(s, blocks / 2, std::max(1.0, block / share), service.nodes);
}

/// `made`: by region, the share of reads that are made although jobs wait.
Sampled sampled(const scenario::Scenario& s, double sample_factor, double representative_factor,
                const std::map<std::string, double>& made) {
  RunOptions options;
  options.rung = Rung::kFleet;
  options.sample_factor = sample_factor;
  options.representative_factor = representative_factor;
  const SamplePlan plan = plan_sample(s, options);
  Sampled out;
  for (const auto& [name, job] : s.training) {
    const scenario::Dataset& dataset = s.datasets.at(job.dataset);
    const auto object = static_cast<double>(dataset.object.count);
    const double fed = to_seconds(s.horizon) / std::max(1e-9, to_seconds(job.compute));
    const double steps = job.steps > 0 ? std::min<double>(job.steps, fed) : fed;
    const double reads = steps * static_cast<double>(job.bytes_per_step.count) / object *
                         made.at(job.region);  // a node
    const JobSample& sample = plan.jobs.at(name);
    const auto members = static_cast<double>(sample.members.size());
    out.reads +=
        reads * (members > 0 ? members : job.nodes / static_cast<double>(sample.key_weight));
    const double weight = sample.key_weight;
    out.entries += tier_entries(s, static_cast<double>(dataset.size.count) / object / weight,
                                object * weight, job.nodes);
  }
  for (const auto& [name, service] : s.inference) {
    const double share = static_cast<double>(plan.servers.at(name).count) / service.nodes;
    const double blocks = block_lookups(s, service) * share;
    out.blocks += blocks;
    out.entries += block_entries(s, service, blocks, share);
  }
  // A key is in a tier once it was asked for.
  const double most = (out.reads + out.blocks) * static_cast<double>(s.cache.tiers.size());
  out.entries = std::min(out.entries, most);
  return out;
}

}  // namespace

Estimate estimate(const scenario::Scenario& scenario, Rung rung, double sample_factor,
                  double representative_factor) {
  const Costs& costs = kCosts[static_cast<std::size_t>(rung)];
  Estimate e;
  double live_flows = 0;  // sum over flows of what is under way around them
  std::map<std::string, double> made;
  for (const auto& [name, region] : scenario.regions) {
    for (const auto& [pool_name, pool] : region.pools) e.nodes += pool.nodes;
    made[name] = add_training(scenario, region, e, live_flows);
  }
  double reads = e.requests, blocks = 0;
  double entries = training_entries(scenario);
  for (const auto& [name, service] : scenario.inference) {
    const double lookups = block_lookups(scenario, service);
    blocks += lookups;
    entries += block_entries(scenario, service, 2 * lookups, 1);
  }
  const double horizon = std::max(1e-9, to_seconds(scenario.horizon));
  const double kv_live = std::max(1.0, blocks / horizon * kKvTransfer_s);
  live_flows += kv_live * blocks * flows_per_block(scenario);
  if (rung == Rung::kFleet) {
    const double all = std::max(1.0, reads + blocks);
    const Sampled sample = sampled(scenario, sample_factor, representative_factor, made);
    reads = std::min(reads, sample.reads);
    blocks = std::min(blocks, sample.blocks);
    entries = sample.entries;
    live_flows *= (reads + blocks) / all;
  }
  e.requests = reads + blocks;
  e.flows = reads * kFlowsPerRequest + blocks * flows_per_block(scenario);
  e.live = live_flows / std::max(1.0, e.flows);
  e.memory_bytes = kBytesAtStart + entries * kBytesPerEntry +
                   static_cast<double>(e.nodes) * costs.node_bytes +
                   e.live * costs.live_flow_bytes +
                   std::min(e.requests * costs.kept_request_bytes, costs.kept_bytes_max);
  const double far = std::min(1.0, static_cast<double>(e.nodes) / kFarNodes);
  e.cpu_seconds = costs.start_s + static_cast<double>(e.nodes) * costs.node_s +
                  e.requests * (costs.request_s + far * kFarRequest_s) +
                  e.flows * (costs.flow_s + costs.live_flow_s * e.live);
  return e;
}

}  // namespace fleetcache::world
