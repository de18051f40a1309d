#include "sim/analytic/origin_wait.hpp"

#include <algorithm>
#include <cmath>

#include "models/placement/share.hpp"

namespace fleetcache::analytic {

namespace {

const ResourceAnswer* find(const std::vector<ResourceAnswer>& resources, ResourceKind kind,
                           std::uint32_t region) {
  for (const ResourceAnswer& r : resources)
    if (r.kind == kind && r.region == region) return &r;
  return nullptr;
}

}  // namespace

models::ThrottleSpec account_bucket(const scenario::BlobFrontEnd& blob) {
  return {blob.requests.count,
          blob.requests.count * blob.burst_s,
          {blob.retry.retries, blob.retry.base, blob.retry.cap, blob.retry.jitter}};
}

OriginWait origin_wait(const FleetView& view, const Design& design,
                       const std::vector<ResourceAnswer>& resources, std::uint32_t region,
                       double object, double reads, double under_way) {
  OriginWait out;
  const scenario::Region& r = *view.regions[region];
  const bool direct = direct_share(view, design, region) > 0;
  const ResourceAnswer* link =
      find(resources, direct ? ResourceKind::kStamp : ResourceKind::kEgress, region);
  const double accounts = direct ? 1 : accounts_of(view, design, region);
  if (link == nullptr || link->capacity <= 0 || accounts <= 0) return out;
  const models::SharedLink shared{BytesPerSecond(link->capacity / accounts),
                                  direct ? r.bifrost.stream : r.blob.stream, accounts};
  const double stream = shared.stream.count > 0
                            ? std::min(shared.stream.count, shared.capacity.count)
                            : shared.capacity.count;
  const double alone_s = object / stream;
  const double sharing = models::sharing_delay_s(shared, BytesPerSecond(link->load), alone_s);
  // Never more than all reads under way in one heap.
  const double most = std::max(0.0, under_way * object / link->capacity - alone_s);
  out.sharing_s = std::isfinite(sharing) ? std::min(sharing, most) : 0;
  out.burst_s = models::burst_delay_s(shared, reads, object);
  if (!direct) out.tokens_s = models::burst_throttle_s(account_bucket(r.blob), reads / accounts);
  return out;
}

namespace {

/// The law of direct reads, with those that take the front end for want of a direct path beside.
std::vector<models::TimeShare> with_others(std::vector<models::TimeShare> law,
                                           const scenario::Region& region, double direct,
                                           double object) {
  if (direct <= 0 || direct >= 1) return law;
  for (models::TimeShare& t : law) t.share *= direct;
  constexpr int kPoints = 50;
  const OriginRead other = origin_read(region, scenario::OriginPath::kFrontEnd, object);
  for (int i = 0; i < kPoints; ++i) {
    law.push_back({to_seconds(other.law.quantile((i + 0.5) / kPoints)) + to_seconds(other.rest),
                   (1 - direct) / kPoints});
  }
  std::stable_sort(
      law.begin(), law.end(),
      [](const models::TimeShare& a, const models::TimeShare& b) { return a.seconds < b.seconds; });
  return law;
}

}  // namespace

std::vector<models::TimeShare> burst_law(const FleetView& view, const Design& design,
                                         const std::vector<ResourceAnswer>& resources,
                                         std::uint32_t region, const StepReads& own,
                                         const std::vector<StepReads>& others) {
  const scenario::Region& r = *view.regions[region];
  // What has no direct path, or falls back from it, is on neither the plan service nor the stamp.
  const double share = direct_share(view, design, region);
  const bool direct = share > 0;
  const ResourceAnswer* link =
      find(resources, direct ? ResourceKind::kStamp : ResourceKind::kEgress, region);
  const double on_way = direct ? share : 1;
  if (link == nullptr || link->capacity <= 0 || own.reads * on_way < 1) return {};
  const OriginRead read = origin_read(r, design.path, own.object);
  const double stream = direct ? r.bifrost.stream.count : r.blob.stream.count;
  models::BurstSpec burst;
  burst.reads = own.reads * on_way;
  burst.bytes = own.object;
  burst.capacity = BytesPerSecond(link->capacity);
  burst.stream = BytesPerSecond(stream);
  burst.plans = PerSecond(direct ? design.origin * r.bifrost.plan_requests.count : 0);
  burst.before_s = to_seconds(read.rest) - (stream > 0 ? own.object / stream : 0);
  const auto alone_s = [&](const StepReads& reads) {
    return reads.reads * on_way * reads.object / link->capacity;
  };
  std::vector<models::OtherBurst> met;
  for (const StepReads& other : others)
    if (other.period_s > 0) met.push_back({alone_s(other), other.period_s});
  const double accounts = direct ? 1 : accounts_of(view, design, region);
  return with_others(models::met_by_others(models::burst_over_accounts(read.law, burst, accounts),
                                           alone_s(own), met),
                     r, share, own.object);
}

std::vector<models::TimeShare> queued_law(const FleetView& view, const Design& design,
                                          const std::vector<ResourceAnswer>& resources,
                                          const JobView& job, double step_s) {
  const ResourceAnswer* plans = find(resources, ResourceKind::kPlans, job.home);
  const double ordered = plans == nullptr ? 0 : std::min(1.0, plans->utilization());
  return with_others(models::queued_read_law(std::max(1.0, static_cast<double>(job.job->prefetch)),
                                             step_s, ordered),
                     *view.regions[job.home], direct_share(view, design, job.home), job.object);
}

models::ThrottleAnswer throttle_of(const FleetView& view, const Design& design,
                                   const std::vector<ResourceAnswer>& resources,
                                   std::uint32_t region, double clients, double service_s) {
  const ResourceAnswer* requests = find(resources, ResourceKind::kRequests, region);
  const double accounts = accounts_of(view, design, region);
  if (requests == nullptr || accounts <= 0 || requests->offered <= requests->capacity) return {};
  return models::closed_throttle(account_bucket(view.regions[region]->blob), clients / accounts,
                                 std::max(1e-9, service_s));
}

}  // namespace fleetcache::analytic
