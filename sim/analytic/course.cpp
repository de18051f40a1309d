#include "sim/analytic/course.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sim/analytic/resources.hpp"
#include "sim/events/tally.hpp"

namespace fleetcache::analytic {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kSame_s = 1e-9;  // instants closer than this are one

double dataset_bytes(const JobView& job) { return static_cast<double>(job.dataset->size.count); }

// One job on its way. Positions are seconds of compute, of which a step takes compute_s.
class Walker {
 public:
  enum class State : std::uint8_t { kStarting, kRestoring, kRunning, kDown };

  Walker(const JobView& job, const JobAnswer& first, const JobAnswer& steady, int slices,
         std::vector<events::Stretch> away)
      : job_(&job),
        away_(std::move(away)),
        slices_(slices),
        start_s_(first.start_s),
        drain_s_(steady.checkpoint_drain_s),
        restore_s_(steady.restore_s),
        epoch_s_(steady.wanted > 0 ? dataset_bytes(job) / steady.wanted : kNever) {
    const bool restores = job.job->checkpoint.restore_at_start;
    set(restores ? State::kRestoring : State::kStarting, 0, restores ? restore_s_ : start_s_);
  }

  bool away() const { return state_ != State::kRunning && state_ != State::kStarting; }
  /// The slice of its first epoch that it reads; slices() when that is over or read again.
  int slice() const { return slice_; }
  int slices() const { return slices_; }
  double progress() const {
    return slice_ == slices_ ? 1 : slices_ == 1 ? 0 : (slice_ + 0.5) / slices_;
  }

  /// When it changes by itself or is stopped, while `answer` holds. Requires: now.
  double next(double now, const JobAnswer& answer) const {
    double at = next_stop();
    if (state_ == State::kDown || state_ == State::kRestoring || state_ == State::kStarting)
      return std::min(at, until_);
    if (answer.goodput <= 0) return at;
    return std::min(at, now + std::max(0.0, target() - position_) / answer.goodput);
  }

  /// Moves on by `seconds`, none of which passes next(). What is measured is added up.
  void pass(double seconds, const JobAnswer& answer, bool measured, JobCourse& sum) {
    const double read = state_ == State::kRunning ? answer.wanted * answer.goodput * seconds : 0;
    if (measured) add(seconds, answer, read, sum);
    if (state_ != State::kRunning) return;
    position_ += answer.goodput * seconds;
    (measured ? sum.played : sum.before) += answer.goodput * seconds / compute_s();
    pace_ = answer.goodput;
    period_s_ = answer.checkpoint_period_s;
  }

  /// What is due at `now`. `warmup_s`: work from before it is not lost a second time.
  void turn(double now, double warmup_s, JobCourse& sum) {
    if (next_stop() <= now + kSame_s) return stop(now, warmup_s, sum);
    if (state_ == State::kDown && until_ <= now + kSame_s) return back(now);
    if (state_ == State::kRestoring && until_ <= now + kSame_s)
      return set(State::kStarting, now, now + start_s_);
    if (state_ == State::kStarting && until_ <= now + kSame_s) {
      state_ = State::kRunning;
      since_ = now;
    }
    if (state_ == State::kRunning && position_ >= target() - kSame_s) reach();
  }

  void end_warmup() { at_warmup_ = position_; }
  /// Steps that count.
  double steps() const { return position_ / compute_s(); }
  /// Checkpoints begun in [from, to) of the stretch that it is running, at the pace it has.
  double checkpoints(double from, double to) const {
    if (state_ != State::kRunning || period_s_ <= 0 || !std::isfinite(period_s_)) return 0;
    const auto begun = [this](double at) {
      return at <= since_ ? 0.0 : std::floor((at - since_) / period_s_ + 1e-9);
    };
    return begun(to) - begun(from);
  }

 private:
  double compute_s() const { return to_seconds(job_->job->compute); }

  void set(State state, double now, double until) {
    state_ = state;
    since_ = now;
    until_ = until;
  }

  double next_stop() const {
    return next_away_ < away_.size() ? to_seconds(away_[next_away_].from - TimePoint{}) : kNever;
  }

  // Where the pace may change next: the end of a slice, or what was read before it stopped.
  double target() const {
    if (slice_ != frontier_slice_) return frontier_;
    return slice_ < slices_ ? epoch_s_ * (slice_ + 1) / slices_ : kNever;
  }

  // What was read before it stopped is read again; or a slice is.
  void reach() {
    if (slice_ == frontier_slice_) ++frontier_slice_;
    frontier_ = std::max(frontier_, position_);
    slice_ = frontier_slice_;
  }

  void stop(double now, double warmup_s, JobCourse& sum) {
    if (state_ == State::kRunning) {
      frontier_ = std::max(frontier_, position_);
      find_durable(now);
      const double kept = std::max(durable_, now > warmup_s ? at_warmup_ : 0);
      const double lost = std::max(0.0, position_ - kept);
      if (now > warmup_s) {
        sum.redone += lost;
        sum.goodput -= lost;
      }
      frontier_ = std::max(frontier_, position_);
      position_ = durable_;
      if (frontier_slice_ < slices_ && position_ < frontier_ - kSame_s) slice_ = slices_;
    }
    if (now > warmup_s) ++sum.stops;
    set(State::kDown, now, to_seconds(away_[next_away_].to - TimePoint{}));
    ++next_away_;
  }

  // The last checkpoint that is in the accounts when it stops.
  void find_durable(double now) {
    if (period_s_ <= 0 || !std::isfinite(period_s_)) return;
    const double begun = std::floor((now - since_) / period_s_);
    for (double k = begun; k >= std::max(1.0, begun - 1); --k) {
      const double at = since_ + k * period_s_;
      if (at + drain_s_ > now) continue;
      durable_ = std::max(durable_, position_ - pace_ * (now - at));
      written_ = true;
      return;
    }
  }

  void back(double now) {
    const bool restores = written_ || job_->job->checkpoint.restore_at_start;
    if (restores) return set(State::kRestoring, now, now + restore_s_);
    state_ = State::kRunning;
    since_ = now;
  }

  void add(double seconds, const JobAnswer& answer, double read, JobCourse& sum) const {
    switch (state_) {
      case State::kStarting:
        sum.stall += seconds;
        return;
      case State::kRestoring:
        sum.restore += seconds;
        return;
      case State::kDown:
        sum.down += seconds;
        return;
      case State::kRunning:
        break;
    }
    sum.goodput += answer.goodput * seconds;
    sum.stall += answer.stall * seconds;
    sum.checkpoint += (1 - answer.goodput - answer.stall) * seconds;
    if (slice_ < slices_) sum.first_share += seconds;
    sum.read += read;
    sum.hit += read * answer.hits.hit;
    sum.remote += read * answer.hits.remote;
  }

  const JobView* job_;
  std::vector<events::Stretch> away_;
  std::size_t next_away_ = 0;
  int slices_ = 1, slice_ = 0, frontier_slice_ = 0;  // slice_ is slices_ while it reads again
  double start_s_ = 0, drain_s_ = 0, restore_s_ = 0, epoch_s_ = 0;
  State state_ = State::kStarting;
  double since_ = 0, until_ = 0;
  double position_ = 0, frontier_ = 0, durable_ = 0, at_warmup_ = 0;
  double pace_ = 0, period_s_ = 0;
  bool written_ = false;
};

class Walk {
 public:
  Walk(const FleetView& view, const Design& design, EpochLaw& law)
      : view_(view), design_(design), law_(law) {
    course_.phases = evaluate_phases(view, design, law);
    course_.job.resize(view.jobs.size());
    warmup_s_ = to_seconds(view.scenario->warmup);
    horizon_s_ = to_seconds(view.scenario->horizon);
    add_walkers();
  }

  Course go() {
    double now = 0;
    bool warm = warmup_s_ <= 0;
    while (now < horizon_s_ - kSame_s) {
      Stage& stage = stage_now();
      double next = warm ? horizon_s_ : warmup_s_;
      for (std::size_t j = 0; j < walkers_.size(); ++j)
        next = std::min(next, walkers_[j].next(now, stage.answer.job[j]));
      pass(std::max(0.0, next - now), warm, stage);
      count_checkpoints(now, next, warm);
      now = next;
      if (!warm && now >= warmup_s_ - kSame_s) {
        warm = true;
        for (Walker& walker : walkers_) walker.end_warmup();
      }
      for (std::size_t j = 0; j < walkers_.size(); ++j)
        walkers_[j].turn(now, warmup_s_, course_.job[j]);
    }
    finish();
    return std::move(course_);
  }

 private:
  void add_walkers() {
    const std::vector<events::PlannedEvent> plan =
        events::plan_events(*view_.scenario, view_.fleet);
    const TimePoint end{from_seconds(horizon_s_).count};
    count_stops(plan);
    for (std::size_t j = 0; j < view_.jobs.size(); ++j) {
      const JobView& job = view_.jobs[j];
      const JobAnswer& first = course_.phases.first.job[j];
      const bool shared = design_.cache && first.hits.readers > 1;
      walkers_.emplace_back(
          job, first, course_.phases.steady.job[j], shared ? kFirstEpochSlices : 1,
          events::stretches_away(plan, {job.first_node, job.first_node + job.job->nodes},
                                 TimePoint{}, end));
    }
  }

  void count_stops(const std::vector<events::PlannedEvent>& plan) {
    const auto jobs = static_cast<std::uint32_t>(view_.jobs.size());
    std::vector<std::uint32_t> of_node(view_.fleet.node_count(), jobs);
    for (std::uint32_t j = 0; j < jobs; ++j)
      std::fill_n(of_node.begin() + view_.jobs[j].first_node, view_.jobs[j].job->nodes, j);
    const TimePoint from{from_seconds(warmup_s_).count}, to{from_seconds(horizon_s_).count};
    const auto stops = events::random_stops(plan, {&of_node, jobs, jobs}, from, to);
    for (std::uint32_t j = 0; j < jobs; ++j)
      course_.job[j].random_stops = static_cast<std::uint32_t>(stops[j]);
  }

  // Jobs in the same slices and states: answered once.
  Stage& stage_now() {
    std::vector<int> key;
    Moment moment;
    for (const Walker& walker : walkers_) {
      key.push_back(walker.away() ? -1 - walker.slice() : walker.slice());
      moment.push_back({walker.progress(), walker.away()});
    }
    const auto [entry, fresh] = known_.try_emplace(key, course_.stage.size());
    if (fresh) {
      course_.stage.push_back({evaluate(view_, design_, moment, law_), 0,
                               std::vector<double>(view_.jobs.size(), 0)});
    }
    return course_.stage[entry->second];
  }

  void pass(double seconds, bool warm, Stage& stage) {
    if (warm) stage.seconds += seconds;
    for (std::size_t j = 0; j < walkers_.size(); ++j) {
      JobCourse& sum = course_.job[j];
      const double before = sum.read;
      walkers_[j].pass(seconds, stage.answer.job[j], warm, sum);
      stage.read[j] += sum.read - before;
    }
  }

  void count_checkpoints(double from, double to, bool warm) {
    if (!warm) return;
    for (std::size_t j = 0; j < walkers_.size(); ++j)
      course_.job[j].checkpoints += walkers_[j].checkpoints(from, to);
  }

  void finish() {
    const double measured = std::max(kSame_s, horizon_s_ - warmup_s_);
    double nodes = 0;
    for (std::size_t j = 0; j < walkers_.size(); ++j) {
      JobCourse& c = course_.job[j];
      for (double* share : {&c.goodput, &c.stall, &c.checkpoint, &c.restore, &c.down, &c.redone,
                            &c.first_share})
        *share = std::clamp(*share / measured, 0.0, 1.0);
      c.position = walkers_[j].steps();
      nodes += view_.jobs[j].nodes;
      course_.goodput += view_.jobs[j].nodes * c.goodput;
      course_.stall += view_.jobs[j].nodes * c.stall;
    }
    if (nodes > 0) {
      course_.goodput /= nodes;
      course_.stall /= nodes;
    }
    std::erase_if(course_.stage, [](const Stage& stage) { return stage.seconds <= 0; });
  }

  const FleetView& view_;
  const Design& design_;
  EpochLaw& law_;
  double warmup_s_ = 0, horizon_s_ = 0;
  std::vector<Walker> walkers_;
  std::map<std::vector<int>, std::size_t> known_;
  Course course_;
};

}  // namespace

Course course_of(const FleetView& view, const Design& design, EpochLaw& law) {
  return Walk(view, design, law).go();
}

}  // namespace fleetcache::analytic
