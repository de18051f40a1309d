/// What happens to the fleet at given times: nodes and racks fail and come back empty, the origin
/// is throttled for a while. A failed node's copies are gone and its keys move at once; transfers
/// that were under way from it still end (the fluid model has no half-broken connections).
#pragma once

#include <memory>
#include <vector>

#include "sim/world/inference.hpp"
#include "sim/world/training.hpp"

namespace fleetcache::world {

class FleetEvents : private engine::EventHandler {
 public:
  FleetEvents(const scenario::Scenario& scenario, const Platform& platform,
              engine::EventQueue& queue, CacheService& cache, OriginService& origin,
              const std::vector<std::unique_ptr<TrainingRun>>& jobs,
              const std::vector<std::unique_ptr<InferenceRun>>& services)
      : scenario_(&scenario),
        platform_(&platform),
        queue_(&queue),
        cache_(&cache),
        origin_(&origin),
        jobs_(&jobs),
        services_(&services),
        down_(platform.nodes(), 0),
        active_(scenario.events.size(), 0) {}

  void start();

 private:
  enum Code : std::uint32_t { kBegin, kEnd };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  std::vector<NodeId> nodes_of(const scenario::FleetEvent& event) const;
  void fail(TimePoint now, NodeId node);
  void recover(TimePoint now, NodeId node);
  void throttle(RegionId region);

  const scenario::Scenario* scenario_;
  const Platform* platform_;
  engine::EventQueue* queue_;
  CacheService* cache_;
  OriginService* origin_;
  const std::vector<std::unique_ptr<TrainingRun>>* jobs_;
  const std::vector<std::unique_ptr<InferenceRun>>* services_;
  std::vector<std::uint32_t> down_;   // by node: events that keep it down
  std::vector<std::uint8_t> active_;  // by event
};

}  // namespace fleetcache::world
