#include "sim/world/origin_service.hpp"

#include <algorithm>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::world {
namespace {

/// A uniform number of (object, purpose) alone: the same object is always on the same side.
double coin(std::uint64_t object, std::uint64_t seed, std::string_view purpose) {
  return static_cast<double>(mix64(object ^ seed ^ hash_name(purpose)) >> 11) * 0x1.0p-53;
}

Duration scaled(Duration d, double factor) { return from_seconds(to_seconds(d) * factor); }

probes::Tier direct_tier(scenario::OriginPath path) {
  return path == scenario::OriginPath::kDeltaZero ? probes::Tier::kDeltaZero
                                                  : probes::Tier::kBifrost;
}

}  // namespace

OriginService::OriginService(const scenario::Scenario& scenario, const Platform& platform,
                             engine::EventQueue& queue, engine::FlowEngine& flows,
                             probes::Collector& collector)
    : scenario_(&scenario),
      platform_(&platform),
      queue_(&queue),
      flows_(&flows),
      collector_(&collector),
      population_(&collector.population("origin")),
      read_s_(&collector.series("origin.read_s")),
      write_s_(&collector.series("origin.write_s")) {
  for (const auto& [name, region] : scenario.regions) {
    const scenario::BlobFrontEnd& blob = region.blob;
    const std::uint32_t accounts = platform.accounts(static_cast<RegionId>(regions_.size()));
    const double merged = static_cast<double>(blob.accounts) / accounts;
    const PerSecond rate(blob.requests.count * merged);
    RegionState state{
        {},
        rate.count * blob.burst_s,
        {blob.retry.retries, blob.retry.base, blob.retry.cap, blob.retry.jitter},
        models::LogNormalLatency(blob.first_byte.p50, blob.first_byte.p99),
        models::LogNormalLatency(region.bifrost.first_byte.p50, region.bifrost.first_byte.p99),
        scenario.origin.path == scenario::OriginPath::kDeltaZero ? region.deltazero.latency_factor
                                                                 : 1.0,
        from_seconds(1.0 / region.bifrost.plan_requests.count),
        TimePoint{}};
    state.requests.assign(accounts, models::TokenBucket(rate, rate.count * blob.burst_s));
    regions_.push_back(std::move(state));
  }
  for (NodeId node = 0; node < platform.nodes(); ++node) {
    latency_rng_.emplace_back(scenario.seed, "origin/latency", node);
    retry_rng_.emplace_back(scenario.seed, "origin/retry", node);
  }
}

void OriginService::start(TimePoint now, const OriginRequest& request, OriginClient* client,
                          std::uint64_t tag) {
  const std::uint32_t id = operations_.take();
  Operation& op = operations_[id];
  op.request = request;
  op.client = client;
  op.tag = tag;
  op.started = now;
  op.direct = !request.write && eligible_for_direct(request);
  population_->enter(now);
  const Duration there = platform_->rtt_to_region(request.node, request.region);
  queue_->push(now + there, this, op.direct ? kPlan : kAttempt, id);
}

bool OriginService::eligible_for_direct(const OriginRequest& request) const {
  if (scenario_->origin.path == scenario::OriginPath::kFrontEnd) return false;
  return coin(request.object, scenario_->seed, "direct/eligible") <
         platform_->region(request.region).bifrost.eligible;
}

std::uint32_t OriginService::account_of(const OriginRequest& request) const {
  const std::uint64_t accounts = regions_[request.region].requests.size();
  return static_cast<std::uint32_t>(mix64(request.object ^ 0x5bd1e995u) % accounts);
}

void OriginService::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  const auto id = static_cast<std::uint32_t>(arg);
  switch (code) {
    case kAttempt:
      return attempt(now, id);
    case kPlan:
      return plan(now, id);
    case kPlanReady:
      return first_byte(now, id);
    default:
      return transfer(now, id);
  }
}

void OriginService::attempt(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  RegionState& region = regions_[op.request.region];
  const std::uint32_t weight = op.request.weight;
  collector_->count("origin.attempts", weight);
  // A request that stands for more than a full bucket takes all of it: asking for more would never
  // succeed.
  const double tokens = std::min<double>(weight, region.burst);
  if (region.requests[account_of(op.request)].try_take(now, tokens)) return first_byte(now, id);
  collector_->count("origin.throttled", weight);
  if (op.attempt >= region.retry.retries) return finish(now, id, false);
  const double u = region.retry.jitter ? retry_rng_[op.request.node].uniform() : 0;
  const Duration wait = models::backoff(region.retry, op.attempt++, u);
  queue_->push(now + wait, this, kAttempt, id);
}

void OriginService::plan(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  RegionState& region = regions_[op.request.region];
  const scenario::Bifrost& bifrost = platform_->region(op.request.region).bifrost;
  const auto key = std::make_pair(op.request.node, op.request.object);
  const auto lease = leases_.find(key);
  if (lease != leases_.end() && lease->second > now) {
    // The plan may still be on its way to this node: its other readers wait for the same one.
    const TimePoint ready{lease->second.ns - bifrost.plan_lease.count};
    if (ready <= now) return first_byte(now, id);
    return queue_->push(ready, this, kPlanReady, id);
  }
  // One plan each gap: the plan service is a queue of its own.
  collector_->count("origin.plans", op.request.weight);
  const TimePoint served = std::max(now, region.plan_free_at);
  region.plan_free_at = served + Duration(region.plan_gap.count * op.request.weight);
  const TimePoint ready = served + scaled(bifrost.plan_time, region.direct_latency_factor);
  leases_[key] = ready + bifrost.plan_lease;
  queue_->push(ready, this, kPlanReady, id);
}

void OriginService::first_byte(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  RegionState& region = regions_[op.request.region];
  if (op.request.first_byte.count >= 0) {
    return queue_->push(now + op.request.first_byte, this, kFirstByte, id);
  }
  Rng& rng = latency_rng_[op.request.node];
  const Duration wait =
      op.direct ? scaled(region.direct_first_byte.sample(rng), region.direct_latency_factor)
                : region.first_byte.sample(rng);
  queue_->push(now + wait, this, kFirstByte, id);
}

void OriginService::transfer(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  const OriginRequest& request = op.request;
  if (op.direct) {
    const double p = platform_->region(request.region).bifrost.fallback;
    if (p > 0 && latency_rng_[request.node].uniform() < p) {
      collector_->count("origin.fallbacks", request.weight);
      op.direct = false;
      op.attempt = 0;
      return attempt(now, id);
    }
  }
  op.transferring = true;
  const Route route =
      request.write ? platform_->write_route(request.node, request.region, account_of(request))
      : op.direct   ? platform_->stamp_route(request.region, request.node)
                    : platform_->front_end_route(request.region, account_of(request), request.node);
  flows_->start(Bytes(request.bytes), route, this, id, request.weight);
}

void OriginService::on_flow_done(TimePoint now, std::uint64_t tag) {
  const auto id = static_cast<std::uint32_t>(tag);
  Operation& op = operations_[id];
  op.transferring = false;
  if (!op.request.write) bytes_read_ += op.request.bytes * op.request.weight;
  finish(now, id, true);
}

void OriginService::finish(TimePoint now, std::uint32_t id, bool ok) {
  const Operation op = operations_[id];
  operations_.give_back(id);
  population_->leave(now, op.started);
  if (ok) {
    (op.request.write ? write_s_ : read_s_)->add(to_seconds(now - op.started), op.request.weight);
  }
  op.client->on_origin_done(
      now, op.tag, ok, op.direct ? direct_tier(scenario_->origin.path) : probes::Tier::kFrontEnd);
}

Duration OriginService::slowest_first_byte(RegionId id, double reads, double u) const {
  const RegionState& region = regions_[id];
  if (scenario_->origin.path == scenario::OriginPath::kFrontEnd) {
    return region.first_byte.quantile_of_max(reads, u);
  }
  // Some objects have no direct path, and some direct reads fall back on the front end: a step
  // waits for the slowest of either group.
  const scenario::Bifrost& bifrost = platform_->region(id).bifrost;
  const double direct = reads * bifrost.eligible * (1 - bifrost.fallback);
  const double others = reads - direct;
  const auto of_direct = [&](double p) {
    return scaled(region.direct_first_byte.quantile_of_max(direct, p),
                  region.direct_latency_factor);
  };
  const auto of_others = [&](double p) { return region.first_byte.quantile_of_max(others, p); };
  if (others <= 0) return of_direct(u);
  if (direct <= 0) return of_others(u);
  return models::quantile_of_slower(of_direct, of_others, u);
}

std::uint64_t OriginService::in_transfer() const {
  std::uint64_t n = 0;
  operations_.each([&n](const Operation& op) { n += op.transferring ? 1 : 0; });
  return n;
}

probes::VisitorNs OriginService::present_ns(TimePoint now) const {
  probes::VisitorNs sum = 0;
  operations_.each([&](const Operation& op) { sum += (now - op.started).count; });
  return sum;
}

std::uint64_t OriginService::link_bytes_read() const {
  std::uint64_t sum = 0;
  for (RegionId region = 0; region < regions_.size(); ++region) {
    for (std::uint32_t a = 0; a < regions_[region].requests.size(); ++a) {
      sum += flows_->link_bytes(platform_->account_egress(region, a));
    }
    if (platform_->stamp(region) != engine::kNoLink)
      sum += flows_->link_bytes(platform_->stamp(region));
  }
  return sum;
}

}  // namespace fleetcache::world
