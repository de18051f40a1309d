// V39: a job that fails at random and starts again from its last checkpoint, hour by hour.

#include <algorithm>

#include "models/checkpoint/young.hpp"
#include "policies/base/rng.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// Works for an interval, writes a checkpoint, and so on; a failure loses what came after the last
/// finished checkpoint and costs no restart.
class FailingJob final : public engine::EventHandler {
 public:
  FailingJob(Duration work, Duration write, double mtti_s)
      : cycle_(work + write),
        work_s_(to_seconds(work)),
        mtti_s_(mtti_s),
        rng_(39, "validation/fail") {
    schedule_failure({});
    schedule_checkpoint({});
  }

  void run_until(TimePoint end) {
    while (queue_.top().at <= end) {
      const engine::Event event = queue_.pop();
      on_event(event.at, event.code, event.arg);
    }
  }
  double useful_s() const { return useful_s_; }

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t attempt) override {
    if (code == kFailed) {
      ++attempt_;
      schedule_failure(now);
      schedule_checkpoint(now);
    } else if (attempt == attempt_) {  // not one that a failure has overtaken
      useful_s_ += work_s_;
      schedule_checkpoint(now);
    }
  }

 private:
  enum : std::uint32_t { kWritten, kFailed };

  void schedule_failure(TimePoint now) {
    queue_.push(now + from_seconds(mtti_s_ * rng_.exponential()), this, kFailed);
  }
  void schedule_checkpoint(TimePoint now) { queue_.push(now + cycle_, this, kWritten, attempt_); }

  engine::EventQueue queue_;
  Duration cycle_;
  double work_s_;
  double mtti_s_;
  Rng rng_;
  std::uint64_t attempt_ = 0;
  double useful_s_ = 0;
};

Result<std::vector<Case>> run_checkpoints(const Parameters& p, const Environment&) {
  constexpr std::uint64_t kLeast = 1000, kMost = 20'000;
  const Duration write = from_seconds(p["delta"]);
  const Duration mtti = from_seconds(p["mtti"]);
  const Duration young = models::young_interval(write, mtti);
  const Duration work = p["tau"] > 0 ? from_seconds(p["tau"]) : young;
  const double expected = models::checkpoint_waste(work, write, mtti);
  FailingJob job(work, write, p["mtti"]);
  // Stretches of a hundred failures: long against a cycle, so nearly independent.
  const double stretch_s = std::max(100 * p["mtti"], 100 * to_seconds(work + write));
  Estimate waste;
  TimePoint now;
  double useful_s = 0;
  while (!waste.settled(0.03 * expected, kLeast) && waste.count() < kMost &&
         to_seconds(now) + stretch_s < 9e9) {
    now = now + from_seconds(stretch_s);
    job.run_until(now);
    waste.add(1 - (job.useful_s() - useful_s) / stretch_s);
    useful_s = job.useful_s();
  }
  std::vector<Case> cases{{"", expected, waste.mean(), waste.standard_error()}};
  return cases;
}

}  // namespace

Experiment v39() {
  Experiment e;
  e.id = "V39";
  e.title =
      "share of wall time wasted by checkpoints of delta each tau (0: Young's interval) and "
      "failures";
  e.formula = "1 - tau / (M (e^((tau + delta)/M) - 1))";
  e.rung = "core";
  e.tolerance = 0.03;
  e.parameters = {
      {"mtti", "s", 11'124, 100, 1e6}, {"delta", "s", 30, 1, 1000}, {"tau", "s", 0, 0, 1e5}};
  e.run = run_checkpoints;
  return e;
}

}  // namespace fleetcache::validation
