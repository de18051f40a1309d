/// Pre-staging: a data set, or what the caches miss of it, is copied into the caches of a pool in
/// one go, instead of by the first reader of each object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/data_path.hpp"
#include "sim/world/sample.hpp"

namespace fleetcache::world {

/// How a pre-staging is sampled at the fleet rung: like the job of its pool that reads the data
/// set, so that both speak of the same objects; without such a job, by its number of objects.
struct StageSample {
  std::uint32_t key_weight = 1;   ///< objects that a sampled one stands for
  std::uint32_t read_weight = 1;  ///< copies of an object that one read stands for (small domains)
  bool has_reader = false;        ///< a job of the pool reads the data set
  std::uint64_t salt = 0;         ///< of the sampled keys
};
StageSample stage_sample(const scenario::Scenario& scenario, const scenario::FleetEvent& event,
                         const SamplePlan& plan);

class StageRun : private engine::EventHandler, private ReadClient {
 public:
  /// `event` is a kPrestage of the scenario. Everything passed must outlive it.
  StageRun(const scenario::Scenario& scenario, const scenario::FleetEvent& event,
           const StageSample& sample, const Platform& platform, engine::EventQueue& queue,
           DataPath& path, CacheService& cache, probes::Collector& collector);

  /// Begins: for every domain of the pool the objects of the data set in order, each read by its
  /// owner; what a cache already holds is passed over. At most `in_flight` at a time, at most
  /// `rate` bytes a second. O(domains x objects) lookups in all.
  void start(TimePoint now);
  bool running() const { return begun_at_all_ && !ended_; }

 private:
  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;
  void pump(TimePoint now);
  void finish(TimePoint now);

  const scenario::FleetEvent* event_;
  StageSample sample_;
  engine::EventQueue* queue_;
  DataPath* path_;
  CacheService* cache_;
  probes::Collector* collector_;
  RegionId home_ = 0;
  std::uint64_t object_bytes_ = 0;
  std::uint64_t objects_ = 0;
  std::uint64_t namespace_ = 0;
  std::vector<NodeId> domains_;  // a node of each
  std::uint64_t next_ = 0;       // of domains x objects
  std::uint64_t in_flight_ = 0;  // objects, those that are stood for included
  bool waiting_ = false;         // for the rate
  bool ended_ = false;
  bool begun_at_all_ = false;
  TimePoint begun_;
  TimePoint may_send_;  // when the rate allows the next object
};

}  // namespace fleetcache::world
