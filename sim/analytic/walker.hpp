/// One job of a course: where it is in its data, what stops it and what it goes back to. The state
/// machine of a training run without its reads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/analytic/course.hpp"
#include "sim/events/tally.hpp"

namespace fleetcache::analytic {

/// Instants and positions (seconds) that are closer than rounding over a run of years are one.
inline bool is_same(double a, double b) {
  return std::abs(a - b) <= std::max(1e-9, 1e-12 * std::min(std::abs(a), std::abs(b)));
}
inline bool is_after(double a, double b) { return a > b && !is_same(a, b); }

/// A part of the copies that a job reads is gone from `at_s` on, and (what was read meanwhile went
/// to other owners) again from `again_s` (infinite: never), unless they come back with their nodes.
struct CopyLoss {
  double at_s = 0, again_s = 0;
  double share = 0;  ///< of the copies, 0..1
  bool comes_back = false;
};

/// What a job meets on its way.
struct JobWay {
  int slices = 1;      ///< that its first epoch is cut into
  double readers = 1;  ///< jobs that read its data set in the same cache
  /// Epochs that are over when each part of its learning begins, from 1 on; with the last its
  /// caches have seen what they will hold.
  std::vector<std::uint32_t> epochs = {1};
  bool rereads_hit = true;  ///< what it read before it stopped may still be there
  bool pinned = false;      ///< its caches keep what came first
  /// Hit ratio of `back` epochs of its reads when they are read again, `before` after its start.
  std::function<double(double back, double before)> reread;
  std::vector<events::Stretch> away;  ///< in which its nodes are not all there
  std::vector<CopyLoss> losses;
};

/// Positions are seconds of compute, of which a step takes that of the job.
class Walker {
 public:
  Walker(const JobView& job, const JobAnswer& first, const JobAnswer& steady, JobWay way);

  /// Its nodes are not all there, or read a checkpoint.
  bool away() const { return state_ == State::kDown || state_ == State::kRestoring; }
  /// Counts the slices of its first epoch, then the parts of its learning; the last one when that
  /// is over, or what it reads was read before it stopped.
  int phase() const { return rereads_ ? last() : phase_; }
  /// Losses of few copies are in what it hits (pass), but make no moment of their own.
  JobMoment moment() const;

  /// When it changes by itself or is stopped, while `answer` holds.
  double next(double now, const JobAnswer& answer) const;
  /// Moves on by `seconds`, none of which passes next(). What is measured is added to `sum`.
  void pass(double seconds, const JobAnswer& answer, bool measured, JobCourse& sum);
  /// Does what is due at `now`; what a stop undoes of the measured time is taken from `sum`.
  void turn(double now, bool measured, JobCourse& sum);
  void end_warmup() { at_warmup_ = position_; }

  /// Steps that count.
  double steps() const;
  /// Checkpoints begun in [from, to) of the stretch that it is running, at the pace it has.
  double checkpoints(double from, double to) const;

 private:
  enum class State : std::uint8_t { kRestoring, kStarting, kRunning, kDown };

  int last() const { return way_.slices + static_cast<int>(way_.epochs.size()) - 1; }
  void set(State state, double now, double until);
  void restore(double now);
  double next_stop() const;
  double next_loss(double now) const;
  double target() const;
  void reach();
  void stop(double now, bool measured, JobCourse& sum);
  void find_durable(double now);
  void lose_copies(double now);
  double copies_left(double least_share = 0) const;
  double found(const JobAnswer& answer) const;

  double compute_s_ = 1;
  bool restores_at_start_ = false;
  JobWay way_;
  std::vector<double> missed_to_;  // by loss: position up to which its copies are missed
  std::size_t next_away_ = 0;
  double start_s_ = 0, drain_s_ = 0;
  double left_ = 0;                    // of the checkpoint that it reads back,
  double whole_s_ = 0;                 // and what all of it would take at the last pace
  double cached_s_ = 0, epoch_s_ = 0;  // compute that reads as much as fits, and all
  double reread_hit_ = 0;              // of what was read before it stopped
  State state_ = State::kStarting;
  double since_ = 0, until_ = 0;
  int phase_ = 0;
  double position_ = 0, durable_ = 0, at_warmup_ = 0;
  bool rereads_ = false;
  double frontier_ = 0;             // where it was when it was stopped
  double pace_ = 0, period_s_ = 0;  // of the stage before
  bool written_ = false;
};

}  // namespace fleetcache::analytic
