#include "sim/analytic/checkpoints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/gpu/order_statistics.hpp"
#include "models/origin/bifrost.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {

namespace {

double bytes(Bytes b) { return static_cast<double>(b.count); }

double seconds_at(double size, double rate) {
  return rate > 0 ? size / rate : std::numeric_limits<double>::infinity();
}

// Time of the slowest node to read its part back: one stream each, of the path that it takes. Where
// the paths differ, the slower one counts by the chance that some node is on it.
double slowest_part_seconds(const FleetView& view, const Design& design, const JobView& job,
                            double part) {
  const scenario::Region& region = *view.regions[job.region];
  const double nic = view.pools[job.pool].pool->sku.nic.count;
  const auto on = [&](BytesPerSecond stream) {
    return seconds_at(part, stream.count > 0 ? std::min(nic, stream.count) : nic);
  };
  const double direct = direct_share(view, design, job.region);
  const double classic_s = on(region.blob.stream), direct_s = on(region.bifrost.stream);
  if (direct <= 0) return classic_s;
  const double slower_share = direct_s > classic_s ? direct : 1 - direct;
  const double any_slower = models::probability_any(job.nodes, slower_share);
  const double fast = std::min(direct_s, classic_s);
  return fast + any_slower * (std::max(direct_s, classic_s) - fast);
}

}  // namespace

models::FrontEndLimits limits_of(const scenario::BlobFrontEnd& blob) {
  return {blob.requests, blob.egress, blob.ingress, blob.capacity, blob.fleet_egress};
}

double write_seconds(const FleetView& view, const Design& design, const JobView& job) {
  const double nics = job.nodes * view.pools[job.pool].pool->sku.nic.count;
  const double accounts = accounts_of(view, design, job.region);
  const double ingress = accounts * view.regions[job.region]->blob.ingress.count;
  double others = 0, writers = 1;
  for (const JobView& other : view.jobs) {
    const double rate = checkpoint_rate(other);
    if (&other == &job || other.region != job.region || rate <= 0) continue;
    others += rate;
    ++writers;
  }
  // Of what others take in the mean, an equal share is left to it at the least.
  const double left = std::max(ingress - others, ingress / writers);
  return seconds_at(bytes(job.job->checkpoint.size), std::min(nics, left));
}

BytesPerSecond path_capacity(const FleetView& view, const Design& design, std::uint32_t r,
                             double object) {
  const scenario::Region& region = *view.regions[r];
  const auto accounts = static_cast<std::uint32_t>(accounts_of(view, design, r));
  BytesPerSecond rate;
  if (accounts > 0)
    rate = models::front_end_capacity(limits_of(region.blob), accounts,
                                      Bytes(static_cast<std::uint64_t>(std::max(1.0, object))))
               .throughput;
  rate.count *= design.origin;
  if (design.path == scenario::OriginPath::kFrontEnd) return rate;
  const models::DirectPath way = direct_path_of(region, design.path);
  const scenario::Bifrost& b = region.bifrost;
  const BytesPerSecond stamp(way.stamp.count * design.origin * design.stamp);
  const PerSecond plans(way.plan_requests.count * design.origin);
  return models::bifrost_capacity({stamp, plans, b.eligible, b.fallback}, rate, object).throughput;
}

double restore_streams(const FleetView& view, const Design& design, const JobView& job) {
  const double size = bytes(job.job->checkpoint.size);
  const double slowest_s = slowest_part_seconds(view, design, job, size / job.nodes);
  return slowest_s > 0 ? size / slowest_s : 0;
}

double restore_seconds(const FleetView& view, const Design& design, const JobView& job) {
  const double part = std::max(1.0, bytes(job.job->checkpoint.size) / job.nodes);
  const BytesPerSecond rate = path_capacity(view, design, job.region, part);
  return std::max(slowest_part_seconds(view, design, job, part),
                  seconds_at(bytes(job.job->checkpoint.size), rate.count));
}

}  // namespace fleetcache::analytic
