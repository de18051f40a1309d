/// Plays the plan of events (failures.hpp): nodes go and come back, links lose capacity, caches are
/// emptied, data are staged. Transfers that were under way from a lost node still end (the fluid
/// model has no half-broken connections); transfers over a link without capacity wait.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "sim/events/plan.hpp"
#include "sim/world/calendar.hpp"
#include "sim/world/inference.hpp"
#include "sim/world/membership.hpp"
#include "sim/world/stage.hpp"
#include "sim/world/training.hpp"

namespace fleetcache::world {

/// What events act on. All of it must outlive FleetEvents.
struct EventTargets {
  const scenario::Scenario* scenario = nullptr;
  const SamplePlan* sample = nullptr;
  Platform* platform = nullptr;
  engine::EventQueue* queue = nullptr;
  Calendar* calendar = nullptr;
  engine::FlowEngine* flows = nullptr;
  CacheService* cache = nullptr;
  DataPath* path = nullptr;
  probes::Collector* collector = nullptr;
  const std::vector<std::unique_ptr<TrainingRun>>* jobs = nullptr;
  const std::vector<std::unique_ptr<InferenceRun>>* services = nullptr;
};

class FleetEvents : private engine::EventHandler {
 public:
  /// `plan` is events::plan_events() of the scenario and the platform's fleet. Fails when the
  /// caches cannot play the plan: a pooled index does not know which node holds which bytes.
  static Result<std::unique_ptr<FleetEvents>> build(const EventTargets& targets,
                                                    std::vector<events::PlannedEvent> plan);

  void start();
  const std::vector<events::PlannedEvent>& plan() const { return plan_; }
  /// Beginnings and ends: all that must have happened by the end of the run, and those that did.
  std::uint64_t steps_planned() const { return steps_planned_; }
  std::uint64_t steps_played() const { return steps_played_; }
  void step_over(Duration step) { membership_.step_over(step); }
  /// No loss waits for its detection, no node to rejoin, and nothing is being staged.
  bool settled() const;
  /// Absence of nodes up to `now`, as it was; and as the plan alone says, up to a date.
  std::uint64_t absent_ns(TimePoint now) const { return membership_.absent_ns(now); }
  std::uint64_t planned_absent_ns(TimePoint date) const;
  /// Figures of the events; none when nothing was planned.
  void report(probes::Record& record, TimePoint now) const;

 private:
  enum Code : std::uint32_t { kBegin, kEnd };

  FleetEvents(const EventTargets& targets, std::vector<events::PlannedEvent> plan);
  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void begin(TimePoint now, const events::PlannedEvent& event);
  void end(TimePoint now, const events::PlannedEvent& event);
  void begin_node(TimePoint now, const events::PlannedEvent& event, NodeId node);
  void end_node(TimePoint now, const events::PlannedEvent& event, NodeId node);
  void stop_work(TimePoint now, NodeId node);
  void resume_work(TimePoint now, NodeId node);
  void set_links(const events::PlannedEvent& event, bool begins);

  EventTargets world_;
  std::vector<events::PlannedEvent> plan_;
  Membership membership_;
  std::vector<std::unique_ptr<StageRun>> stages_;  // by planned event; null for the others
  std::vector<std::uint32_t> stopped_;             // by node: events that keep it from work
  std::vector<std::uint32_t> without_nvme_;        // by node: events that keep its disks away
  std::map<topologies::LinkIndex, std::vector<double>> shares_;  // in force on a link, sorted
  std::vector<std::uint8_t> begun_;                              // by planned event
  std::uint64_t nodes_lost_ = 0;
  std::uint64_t steps_planned_ = 0;
  std::uint64_t steps_played_ = 0;
};

}  // namespace fleetcache::world
