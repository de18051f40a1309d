/// Who reads a job's data ahead of its steps, and when everything that a step needs is there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "policies/base/rng.hpp"
#include "sim/world/data_path.hpp"
#include "sim/world/sample.hpp"

namespace fleetcache::world {

/// Objects that one node needs for its first steps.
struct ReadPlan {
  std::uint64_t bytes_per_step = 0;
  std::uint64_t object_bytes = 1;

  std::uint64_t objects_for(std::uint64_t steps) const;  ///< rounded up
  /// The step that first needs the nth object, both from 0.
  std::uint64_t step_of(std::uint64_t nth) const;
};

/// What readers work for and with; everything outlives them.
struct ReaderContext {
  const scenario::Scenario* scenario = nullptr;
  const scenario::TrainingJob* job = nullptr;
  const Platform* platform = nullptr;
  engine::EventQueue* queue = nullptr;
  DataPath* path = nullptr;
  probes::Collector* collector = nullptr;
  NodeId first = 0;
  JobSample sample;
  std::uint64_t salt = 0;
  std::function<void(TimePoint)> arrived;  ///< called when something is there
};

/// Reads of an epoch are positions of one shuffled order over all nodes: node m of n reads the
/// positions m, n + m, 2 n + m, ... Steps are counted from 0.
///
/// Where reads stand for others, the slowest of those that are not played is drawn from the law of
/// the origin's first byte by its order statistic and played as one read beside them: a synchronous
/// step waits for it.
class StepReaders : private engine::EventHandler, private ReadClient {
 public:
  ~StepReaders() override = default;

  /// Asks for what the first `steps` steps need, as far as that was not done yet.
  void read_ahead(TimePoint now, std::uint64_t steps);
  /// `step` is the one that comes next: what the ones before it needed is used up.
  void expect(std::uint64_t step);
  /// Whether everything that the expected step needs is there.
  bool ready() const;
  /// Starts over with `step`; what is under way is void.
  void restart(std::uint64_t step);
  /// The job went `steps` further without reading: its reads of these steps are only shown to the
  /// caches, in order. What is under way stays.
  void step_over(TimePoint now, std::uint64_t steps);
  /// Reads that were shown to the caches so far, and those that hit.
  std::uint64_t shown() const { return shown_; }
  std::uint64_t shown_hits() const { return shown_hits_; }

  /// Bytes read since the start, repeated reads included.
  std::uint64_t bytes_read() const { return bytes_read_; }
  /// Reads that were played to their end, and reads that a step of all nodes takes, on average.
  std::uint64_t played() const { return played_; }
  double reads_per_step() const {
    return static_cast<double>(plan_.bytes_per_step) / static_cast<double>(plan_.object_bytes) *
           context_.job->nodes;
  }
  /// The id of one object of the sample, or of one that it leaves out; 0 <= n < `sample_size()`.
  virtual std::uint64_t object(std::uint64_t n, bool in_sample) const = 0;
  /// Objects of the data set that are in the sample; 0: all are.
  virtual std::uint64_t sample_size() const = 0;
  /// Whether a read stands for others.
  bool sampled() const { return weight_ > 1; }
  /// Positions of the shuffled order that were asked for or stepped over, over all nodes.
  virtual std::uint64_t positions() const = 0;

 protected:
  explicit StepReaders(ReaderContext context);

  virtual void ask_until(TimePoint now, std::uint64_t steps) = 0;
  virtual void use_up(std::uint64_t step) = 0;
  virtual bool arrived() const = 0;
  virtual void rewind(std::uint64_t step) = 0;
  virtual void ask(TimePoint now, std::uint64_t n) = 0;
  virtual void delivered(std::uint64_t n) = 0;
  virtual void play(TimePoint now, std::uint64_t objects) = 0;

  /// A tag carries the restarts so far, so that what was asked for before one is known as void.
  std::uint64_t tagged(std::uint64_t n) const {
    return ((generation_ & kGenerationMask) << kTagBits) | n;
  }
  void read(TimePoint now, const ReadRequest& request, std::uint64_t n) {
    context_.path->read(now, request, this, tagged(n));
  }
  void show(TimePoint now, const ReadRequest& request) {
    ++shown_;
    shown_hits_ += context_.path->show_caches(now, request) ? 1 : 0;
  }
  /// The read of a position of an order by one node.
  ReadRequest request(std::uint64_t object, NodeId reader) const;

  static constexpr std::uint64_t kTagBits = 54;
  static constexpr std::uint64_t kSlow = std::uint64_t{1} << (kTagBits - 1);
  static constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << (64 - kTagBits)) - 1;

  ReaderContext context_;
  ReadPlan plan_;
  std::uint64_t objects_ = 0;  // of the data set
  std::uint64_t order_seed_ = 0;
  std::uint64_t expected_ = 0;
  std::uint32_t weight_ = 1;  // reads that one read stands for
  std::uint32_t keys_ = 1;    // objects that one object stands for
  std::uint32_t burst_ = 1;   // reads of one node in one step

 private:
  void on_event(TimePoint now, std::uint32_t code, std::uint64_t tag) override;
  void on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) override;
  void ask_slowest(TimePoint now, std::uint64_t step);
  void read_slowly(TimePoint now, std::uint64_t step, Duration first_byte);

  std::uint64_t namespace_ = 0;
  RegionId home_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t played_ = 0;
  std::uint64_t asked_steps_ = 0;
  std::uint64_t over_ = 0;  // steps stepped over
  std::uint64_t shown_ = 0, shown_hits_ = 0;
  std::map<std::uint64_t, Duration> slow_;  // by step: the slowest read of it, under way
  Rng slow_rng_;
  double recent_reads_ = 0, recent_origin_ = 0;  // fading counts
};

/// Sampled keys when the job's sample says so, else all reads of its members.
std::unique_ptr<StepReaders> make_step_readers(ReaderContext context);

}  // namespace fleetcache::world
