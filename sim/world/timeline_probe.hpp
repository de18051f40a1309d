/// The run over time: what jobs, caches, origin and services did between one sample and the next.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/statistics/quantile_sketch.hpp"
#include "sim/probes/collector.hpp"
#include "sim/probes/timeline.hpp"
#include "sim/world/fleet_events.hpp"
#include "sim/world/inference.hpp"
#include "sim/world/link_groups.hpp"
#include "sim/world/platform.hpp"
#include "sim/world/training.hpp"

namespace fleetcache::world {

/// Series, each over the time since the sample before:
///  train.<job>.goodput, .stall      shares of the job's time; work that is lost later makes the
///                                   goodput of the bin of the failure 0, never negative
///  train.<job>.steps_per_second
///  cache.byte_hit_ratio.<class>     as the metric of that name
///  bytes_per_second.origin.<class>  and .peer.<class>: over tiers of that kind. Those of bulk
///                                   (prestage, checkpoint) over the time since they were asked
///                                   for, first asked first matched; others when they arrived
///  origin.throttled_per_second      attempts refused
///  infer.<service>.ttft_p99         of the requests that got their first token; a bin that merges
///                                   samples holds the largest of them
///  busy.blob_egress.<region>, .blob_ingress, .front_end_fleet, .direct_stamp
///                                   share of what these links can carry now, as it is at each
///                                   sample
///  fleet.nodes_down                 absent: mean over the time
///  events.random                    random failures that began in the bin, where any was drawn
///  time.stepped_over                share of the time that was not played
///  time.warmup                      share of the time that the figures of the run leave out
class TimelineProbe {
 public:
  /// All of these must outlive it.
  TimelineProbe(const scenario::Scenario& scenario, const Platform& platform,
                const engine::FlowEngine& flows, const FleetEvents& events,
                const probes::Collector& collector,
                const std::vector<std::unique_ptr<TrainingRun>>& jobs,
                const std::vector<std::unique_ptr<InferenceRun>>& services);

  /// `now` is played time, `date` what the run's time is.
  /// Closes the stretch that began with the sample before. Any spacing: after time was stepped over
  /// the stretch is one long one. O(jobs + services x sketch).
  void sample(TimePoint now, TimePoint date);
  /// To be called when the warm-up ends, before the figures of the others are set back to 0.
  void end_warmup(TimePoint now, TimePoint date);
  void report(probes::Record& record) const;

 private:
  struct JobBefore {
    double compute_s = 0, stall_s = 0, elapsed_s = 0, steps = 0;
  };
  void sample_jobs(TimePoint now, TimePoint date);
  void sample_traffic(TimePoint date, bool stepped);
  void sample_services(TimePoint date);
  void sample_links(TimePoint date, bool stepped);
  void add_bulk(probes::TrafficClass traffic, TimePoint date, double origin, double peer,
                double all, bool stepped);
  probes::TimeSeries random_failures(double bin_s, std::size_t bins) const;

  /// Bytes of one class that were asked for and have not arrived, in the order of asking.
  struct Asked {
    TimePoint at;
    double bytes = 0;
  };
  struct Bulk {
    std::deque<Asked> open;
    std::uint64_t asked = 0, failed = 0;  // at the sample before

    /// Takes `bytes` off the oldest, and tells when each part of them was asked for.
    void match(double bytes, const std::function<void(TimePoint asked, double bytes)>& found);
  };
  /// The links of an origin's limit, and what was seen of them since time was stepped over last.
  struct OriginLinks {
    LinkGroup group;
    double busy = 0, samples = 0;
  };
  const engine::FlowEngine* flows_;
  const FleetEvents* events_;
  const probes::Collector* collector_;
  const std::vector<std::unique_ptr<TrainingRun>>* jobs_;
  const std::vector<std::unique_ptr<InferenceRun>>* services_;
  TimePoint horizon_, warmup_;
  probes::Timeline timeline_;
  TimePoint last_, last_now_;
  std::map<std::string, OriginLinks> origin_links_;  // by name of the series
  std::vector<JobBefore> job_before_;
  std::array<std::array<std::uint64_t, probes::kTiers>, probes::kClasses> served_before_{};
  std::array<Bulk, probes::kClasses> bulk_;
  std::uint64_t throttled_before_ = 0;
  std::vector<models::QuantileSketch> ttft_before_;
  std::uint64_t absent_before_ns_ = 0;
};

}  // namespace fleetcache::world
