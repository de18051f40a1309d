/// One synchronous training job: every node reads its share of a shuffled epoch ahead of the step
/// that needs it; a step starts when the slowest node has its batch and the step before is done.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "sim/world/step_readers.hpp"

namespace fleetcache::world {

/// Where a job's time went since the warm-up. The five shares and `elapsed_s` add up.
struct TrainingReport {
  std::uint64_t steps = 0;         ///< completed and not lost
  std::uint64_t epochs_begun = 0;  ///< since the start of the run
  double compute_s = 0;            ///< useful: steps that count
  double stall_s = 0;              ///< waiting for input
  double checkpoint_s = 0;         ///< standing still for checkpoints
  double restore_s = 0;            ///< reading a checkpoint back
  double lost_s = 0;               ///< nodes down, and work since the last durable checkpoint
  double elapsed_s = 0;
  std::uint64_t bytes_read = 0;  ///< of the data set, repeated reads included
};

class TrainingRun : private engine::EventHandler, private ReadClient {
 public:
  /// Uses `job.nodes` nodes from `first` on.
  TrainingRun(const scenario::Scenario& scenario, const scenario::TrainingJob& job, NodeId first,
              const SamplePlan& sample, const Platform& platform, engine::EventQueue& queue,
              DataPath& path, probes::Collector& collector);

  /// Begins at time 0: restore, then steps until the horizon or the job's number of steps.
  void start();
  /// A node fails or comes back. The first failure stops the job at once: the running step, reads
  /// and checkpoint writes under way are void. When all nodes are back the job restores its last
  /// durable checkpoint (one whose parts were all written) and goes on from its step; the steps
  /// since then are lost. Losses are charged to the present window only, never to the warm-up.
  void node_down(TimePoint now, NodeId node);
  void node_up(TimePoint now, NodeId node);
  void end_warmup(TimePoint now);

  const scenario::TrainingJob& job() const { return *job_; }
  bool finished() const { return state_ == State::kDone; }
  TrainingReport report(TimePoint now) const;
  /// Since the start of the run, the warm-up included.
  TrainingReport total(TimePoint now) const;
  /// Time was stepped over in which the job went on as since `before`: `factor` times what it did.
  void repeat(TimePoint now, const TrainingReport& before, double factor);
  StepReaders& readers() { return *readers_; }
  const StepReaders& readers() const { return *readers_; }

 private:
  enum Code : std::uint32_t { kBegin, kStepDone, kResume, kReissue };
  enum class State : std::uint8_t { kRestoring, kWaiting, kComputing, kPaused, kDown, kDone };
  /// What a checkpoint holds: where the job goes back to.
  struct Snapshot {
    std::uint64_t number = 0;  // 0: the state before step 1
    std::uint64_t step = 0;
    std::uint64_t steps_done = 0;
    double compute_s = 0;
  };
  struct Write {
    Snapshot snapshot;
    std::uint32_t left = 0;
    bool whole = true;  // no part was given up
  };

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;
  void restore(TimePoint now);
  void try_step(TimePoint now);
  void step_done(TimePoint now);
  void write_checkpoint(TimePoint now);
  void part_written(TimePoint now, std::uint64_t number, bool ok);
  void part_restored(TimePoint now, std::uint64_t tag, bool ok);
  void resume(TimePoint now);
  void go_back();
  /// Books the time since the present state began.
  void charge(TimePoint now);
  static void add_time(TrainingReport& report, State state, double seconds);
  std::uint64_t tag(std::uint32_t part, std::uint64_t number) const;
  bool mine(NodeId node) const { return node >= first_ && node < first_ + job_->nodes; }
  std::uint64_t allowed() const;
  ReadRequest checkpoint_part(std::uint32_t part, std::uint64_t number) const;

  const scenario::TrainingJob* job_;
  const Platform* platform_;
  engine::EventQueue* queue_;
  DataPath* path_;
  probes::Collector* collector_;
  probes::Series* stall_series_;
  probes::Series* step_series_;
  NodeId first_ = 0;
  std::uint64_t objects_ = 0;  // of the data set
  Sample parts_;               // of a checkpoint: which nodes' parts are written and read
  bool whole_domains_ = false;
  Rng compute_rng_;
  std::unique_ptr<StepReaders> readers_;
  State state_ = State::kRestoring;
  std::uint64_t step_ = 0;        // steps begun
  std::uint64_t generation_ = 0;  // failures so far: what was asked for before one is void
  std::uint32_t restoring_ = 0;   // parts of the restore under way
  std::uint32_t down_ = 0;        // nodes of the job that are down
  TimePoint since_;               // when the present state began
  TimePoint last_checkpoint_;
  Duration step_compute_;
  std::uint64_t checkpoints_ = 0;          // begun
  std::map<std::uint64_t, Write> writes_;  // by number
  Snapshot durable_;
  TrainingReport total_;
  TrainingReport at_warmup_;
  TimePoint finished_at_;
};

}  // namespace fleetcache::world
