/// Everything of one run, tied together: platform, caches, origin, jobs, services, events, probes.
#pragma once

#include <memory>
#include <vector>

#include "sim/events/plan.hpp"
#include "sim/world/fleet_events.hpp"
#include "sim/world/inference.hpp"
#include "sim/world/run.hpp"
#include "sim/world/station_probe.hpp"
#include "sim/world/stepper.hpp"
#include "sim/world/timeline_probe.hpp"
#include "sim/world/training.hpp"

namespace fleetcache::world {

class World : private engine::EventHandler {
 public:
  static Result<std::unique_ptr<World>> build(const scenario::Scenario& scenario,
                                              const RunOptions& options);
  void run();
  probes::Record record() const;

 private:
  enum Code : std::uint32_t { kSample, kEndWarmup, kEnd, kWindow };

  World(const scenario::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario), options_(options) {}
  Status build_services();
  Status build_jobs();
  Status build_shadow();
  Status claim_all();
  Result<NodeId> claim_nodes(const std::string& who, const std::string& region,
                             const std::string& pool, std::uint32_t nodes);
  Status plan_prompts();
  std::unique_ptr<engine::FlowEngine> make_engine() const;
  CachePlan cache_plan() const;
  std::vector<Catalogue> catalogues() const;
  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void sample(TimePoint now);
  bool interrupted() const {
    return options_.interrupted != nullptr && options_.interrupted->load();
  }

  // Parts of the record, in report.cpp.
  void report_training(probes::Record& record) const;
  void report_tail(probes::Record& record, const TrainingRun& job) const;
  void report_inference(probes::Record& record) const;
  void report_cache(probes::Record& record) const;
  void report_origin(probes::Record& record) const;
  void report_stations(probes::Record& record) const;
  void check_conservation(probes::Record& record) const;
  void check_samples(probes::Record& record) const;
  void little(probes::Record& record, const std::string& station, TimePoint now,
              probes::VisitorNs present_ns) const;
  Duration measured() const;  // since the warm-up, with what was stepped over
  Duration played() const;    // since the warm-up, without it
  TimePoint date() const { return calendar_.date(queue_.now()); }

  // Steady stretches are stepped over, in stepping.cpp.
  struct Watched {
    TimePoint at;
    probes::Collector::Snapshot counts;
    std::vector<TrainingReport> jobs;
    std::uint64_t origin_bytes = 0;
    RunningFigures figures;
  };
  Watched watch(TimePoint now) const;
  RunningFigures running_figures(TimePoint now) const;
  void start_watching();
  void end_window(TimePoint now);
  bool may_step() const;
  bool audited(TimePoint now);
  void step_over(TimePoint now, Duration most);
  Duration show_caches(TimePoint now, Duration step, const std::vector<double>& steps_per_s);
  void report_stepping(probes::Record& record) const;

  scenario::Scenario scenario_;
  RunOptions options_;
  engine::EventQueue queue_;
  std::unique_ptr<engine::FlowEngine> flows_;
  probes::Collector collector_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<CacheService> cache_;
  probes::Collector shadow_collector_;  // the shadow's evictions are nobody's business
  std::unique_ptr<CacheService> shadow_;
  std::unique_ptr<OriginService> origin_;
  std::unique_ptr<DataPath> path_;
  std::unique_ptr<StationProbe> stations_;
  std::unique_ptr<FleetEvents> events_;
  SamplePlan sample_;
  std::vector<events::PlannedEvent> plan_;
  std::vector<std::uint32_t> claimed_;        // by pool: nodes given to jobs and services
  std::vector<std::uint32_t> claim_of_node_;  // which job or service, numbered in their order
  std::vector<std::pair<const scenario::TrainingJob*, NodeId>> job_nodes_;
  struct ServicePlan {
    const scenario::InferenceService* service;
    NodeId first;
    std::unique_ptr<Prompts> prompts;  // moved into the service
    std::uint64_t blocks = 0;          // distinct ones of all prompts, at most
    std::uint64_t shared = 0;          // of these, blocks of shared prefixes
  };
  std::vector<ServicePlan> service_plans_;
  std::vector<std::unique_ptr<TrainingRun>> training_;
  std::vector<std::unique_ptr<InferenceRun>> inference_;
  std::unique_ptr<TimelineProbe> timeline_;
  /// Node-seconds of all jobs since the warm-up.
  struct FleetTime {
    double useful = 0, stalled = 0, elapsed = 0;
  };
  FleetTime fleet_time() const;
  std::vector<FleetTime> fleet_times_;  // at the ends of equal stretches of time
  std::uint64_t samples_done_ = 0;
  Calendar calendar_{queue_};
  bool ended_ = false;
  std::unique_ptr<Stepper> stepper_;  // null: nothing is stepped over
  std::vector<Watched> watched_;      // at the ends of windows since the last disturbance
  std::uint64_t disturbances_ = 0;    // beside fleet events
  std::uint64_t seen_disturbances_ = 0;
  std::size_t figures_watched_ = 0;
  /// A stretch that is played to compare: between `middle` and `until`.
  struct Audit {
    TimePoint middle, until;
    RunningFigures before, figures;  // at the start of what was watched, at the middle
  };
  Audit audit_;
  std::uint64_t next_audit_ = 0;              // as many stretches as must have been stepped over
  std::uint64_t stretches_ = 0;               // stepped over
  std::map<std::string, double> skip_error_;  // by figure: what an audited stretch was off
  TimePoint warmup_end_;                      // in played time
  Duration stepped_at_warmup_;                // stepped over before
  bool stopped_early_ = false;
};

}  // namespace fleetcache::world
