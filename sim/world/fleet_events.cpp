#include "sim/world/fleet_events.hpp"

#include <algorithm>

namespace fleetcache::world {

void FleetEvents::start() {
  for (std::size_t i = 0; i < scenario_->events.size(); ++i) {
    const scenario::FleetEvent& event = scenario_->events[i];
    const TimePoint at{event.at.count};
    queue_->push(at, this, kBegin, i);
    queue_->push(at + event.lasts, this, kEnd, i);
  }
}

std::vector<NodeId> FleetEvents::nodes_of(const scenario::FleetEvent& event) const {
  const RegionId region = platform_->region_id(event.region);
  std::vector<NodeId> nodes;
  std::uint32_t first_rack = 0;
  bool seen = false;
  std::uint32_t in_region = 0;
  for (NodeId node = 0; node < platform_->nodes(); ++node) {
    if (platform_->pool_of(node).region_id != region) continue;
    const std::uint32_t rack = platform_->fleet().rack_of(node);
    if (!seen) first_rack = rack;
    seen = true;
    const bool hit = event.kind == scenario::EventKind::kFailNode
                         ? in_region == event.index
                         : rack - first_rack == event.index;
    if (hit) nodes.push_back(node);
    ++in_region;
  }
  return nodes;
}

void FleetEvents::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  const scenario::FleetEvent& event = scenario_->events[arg];
  active_[arg] = code == kBegin;
  if (event.kind == scenario::EventKind::kThrottleOrigin) {
    return throttle(platform_->region_id(event.region));
  }
  for (const NodeId node : nodes_of(event)) code == kBegin ? fail(now, node) : recover(now, node);
}

// Of several throttles at once the deepest holds.
void FleetEvents::throttle(RegionId region) {
  double share = 1.0;
  for (std::size_t i = 0; i < scenario_->events.size(); ++i) {
    const scenario::FleetEvent& event = scenario_->events[i];
    const bool here = event.kind == scenario::EventKind::kThrottleOrigin && active_[i] &&
                      platform_->region_id(event.region) == region;
    if (here) share = std::min(share, event.factor);
  }
  origin_->throttle(region, share);
}

void FleetEvents::fail(TimePoint now, NodeId node) {
  if (down_[node]++ > 0) return;
  cache_->leave(node);
  for (const auto& job : *jobs_) job->node_down(now, node);
  for (const auto& service : *services_) service->node_down(node);
}

void FleetEvents::recover(TimePoint now, NodeId node) {
  if (--down_[node] > 0) return;
  cache_->join(node);
  for (const auto& job : *jobs_) job->node_up(now, node);
  for (const auto& service : *services_) service->node_up(node);
}

}  // namespace fleetcache::world
