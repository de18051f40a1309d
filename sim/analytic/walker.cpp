#include "sim/analytic/walker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/capacity/shared_epochs.hpp"

namespace fleetcache::analytic {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kNotMissed = -1;      // before any position
constexpr double kManyCopies = 0.005;  // of all, that change the pace of a job when they are lost

double seconds_of(TimePoint at) { return to_seconds(at - TimePoint{}); }

double dataset_bytes(const JobView& job) { return static_cast<double>(job.dataset->size.count); }

}  // namespace

Walker::Walker(const JobView& job, const JobAnswer& first, const JobAnswer& steady, JobWay way)
    : compute_s_(to_seconds(job.job->compute)),
      restores_at_start_(job.job->checkpoint.restore_at_start),
      way_(std::move(way)),
      missed_to_(way_.losses.size(), kNotMissed),
      start_s_(first.start_s),
      drain_s_(steady.checkpoint_drain_s),
      cached_s_(steady.wanted > 0
                    ? steady.hits.units * steady.hits.cached * dataset_bytes(job) / steady.wanted
                    : 0),
      epoch_s_(steady.wanted > 0 ? dataset_bytes(job) / steady.wanted : kNever) {
  restores_at_start_ ? restore(0) : set(State::kStarting, 0, start_s_);
}

JobMoment Walker::moment() const {
  JobMoment m;
  m.away = away();
  m.restoring = state_ == State::kRestoring;
  m.copies = copies_left(kManyCopies);
  if (phase() >= last()) return m;
  const int slices = way_.slices;
  if (phase() >= slices) {
    const auto part = static_cast<std::size_t>(phase() - slices);
    m.epochs = (way_.epochs[part] + way_.epochs[part + 1] - 1) / 2;
    return m;
  }
  m.epochs = 0;
  m.progress = slices == 1 ? 0
                           : models::epoch_part_progress(way_.readers, 1.0 * phase() / slices,
                                                         (phase() + 1.0) / slices);
  return m;
}

void Walker::set(State state, double now, double until) {
  state_ = state;
  since_ = now;
  until_ = until;
}

void Walker::restore(double now) {
  set(State::kRestoring, now, kNever);
  left_ = 1;
}

double Walker::next_stop() const {
  return next_away_ < way_.away.size() ? seconds_of(way_.away[next_away_].from) : kNever;
}

double Walker::next_loss(double now) const {
  double next = kNever;
  for (const CopyLoss& loss : way_.losses) {
    for (const double at : {loss.at_s, loss.again_s})
      if (is_after(at, now)) next = std::min(next, at);
  }
  return next;
}

// Where the pace or the hits may change next: the end of a slice or an epoch, or of what was read
// before it stopped.
double Walker::target() const {
  if (rereads_)
    return way_.pinned && is_after(cached_s_, position_) ? std::min(frontier_, cached_s_)
                                                         : frontier_;
  if (phase_ >= last()) return kNever;
  if (phase_ < way_.slices) return epoch_s_ * (phase_ + 1) / way_.slices;
  return epoch_s_ * way_.epochs[static_cast<std::size_t>(phase_ - way_.slices + 1)];
}

double Walker::next(double now, const JobAnswer& answer) const {
  const double at = std::min(next_stop(), next_loss(now));
  if (state_ == State::kRestoring) return std::min(at, now + left_ * answer.restore_s);
  if (state_ != State::kRunning) return std::min(at, until_);
  if (answer.goodput <= 0) return at;
  double change = target();
  for (const double missed_to : missed_to_)
    if (is_after(missed_to, position_)) change = std::min(change, missed_to);
  return std::min(at, now + std::max(0.0, change - position_) / answer.goodput);
}

void Walker::pass(double seconds, const JobAnswer& answer, bool measured, JobCourse& sum) {
  if (state_ != State::kRunning) {
    double& share = state_ == State::kStarting    ? sum.stall
                    : state_ == State::kRestoring ? sum.restore
                                                  : sum.down;
    if (measured) share += seconds;
    if (state_ == State::kRestoring) {
      left_ = answer.restore_s > 0 ? std::max(0.0, left_ - seconds / answer.restore_s) : 0;
      whole_s_ = answer.restore_s;
    }
    return;
  }
  const double steps = answer.goodput * seconds / compute_s_;
  (measured ? sum.played : sum.before) += steps;
  if (measured) {
    const double read = answer.wanted * answer.goodput * seconds;
    const double found_all = found(answer), hits = found_all * copies_left();
    sum.goodput += answer.goodput * seconds;
    sum.stall += answer.stall * seconds;
    sum.checkpoint += (1 - answer.goodput - answer.stall) * seconds;
    if (phase() < way_.slices) {
      sum.first_share += seconds;
      sum.filled += read * (1 - hits);
    }
    sum.read += read;
    sum.hit += read * hits;
    sum.missed_again += read * (found_all - hits);
    sum.missed_aside += read * (found_all * copies_left(kManyCopies) - hits);
    sum.remote += read * std::min(answer.hits.remote, 1 - hits);
  }
  position_ += answer.goodput * seconds;
  pace_ = answer.goodput;
  period_s_ = answer.checkpoint_period_s;
}

void Walker::turn(double now, bool measured, JobCourse& sum) {
  lose_copies(now);
  if (!is_after(next_stop(), now)) return stop(now, measured, sum);
  if (state_ == State::kRunning) {
    if (!is_after(target(), position_)) reach();
    return;
  }
  // What rounding of the date leaves of a checkpoint is none.
  const double until = state_ != State::kRestoring ? until_
                       : left_ > 0                 ? now + left_ * whole_s_
                                                   : now;
  if (is_after(until, now)) return;
  const bool back = state_ == State::kDown;
  if (state_ == State::kRestoring && measured) ++sum.restores;
  if (back && (written_ || restores_at_start_)) return restore(now);
  // What a job had read before it stopped is near: only the first start waits for it.
  if (state_ == State::kRestoring && position_ <= 0)
    return set(State::kStarting, now, now + start_s_);
  set(State::kRunning, now, kNever);
}

void Walker::reach() {
  if (!rereads_) {
    ++phase_;
  } else if (!is_after(frontier_, position_)) {
    position_ = std::max(position_, frontier_);
    rereads_ = false;
  } else {
    position_ = std::max(position_, cached_s_);
  }
}

void Walker::stop(double now, bool measured, JobCourse& sum) {
  if (state_ == State::kRunning) {
    find_durable(now);
    // The warm-up has booked its work already.
    const double lost = position_ - std::max(durable_, measured ? at_warmup_ : 0.0);
    if (measured && lost > 0) {
      sum.redone += lost;
      sum.goodput -= lost;
    }
    frontier_ = std::max(rereads_ ? frontier_ : 0.0, position_);
    // Of what was lost as much is left to be missed as before, and what is back stays.
    for (double& missed_to : missed_to_)
      if (missed_to >= 0) missed_to = std::max(0.0, missed_to - (position_ - durable_));
    position_ = durable_;
    rereads_ = is_after(frontier_, position_);
    if (rereads_ && way_.reread && !way_.pinned)
      reread_hit_ = way_.reread((frontier_ - position_) / epoch_s_, position_ / epoch_s_);
  }
  if (measured) ++sum.stops;
  set(State::kDown, now, seconds_of(way_.away[next_away_].to));
  ++next_away_;
}

// The last checkpoint that is in the accounts when it stops.
void Walker::find_durable(double now) {
  if (period_s_ <= 0 || !std::isfinite(period_s_)) return;
  const double begun = std::floor((now - since_) / period_s_);
  for (double k = begun; k >= 1; --k) {
    const double at = since_ + k * period_s_;
    if (at + drain_s_ > now) continue;
    durable_ = std::max(durable_, position_ - pace_ * (now - at));
    written_ = true;
    return;
  }
}

// Each object that is gone is missed once, within the epoch that follows.
void Walker::lose_copies(double now) {
  for (std::size_t i = 0; i < way_.losses.size(); ++i) {
    const CopyLoss& loss = way_.losses[i];
    const bool goes = is_same(loss.at_s, now);
    const bool again = is_same(loss.again_s, now);
    if (goes || again) missed_to_[i] = position_ + epoch_s_;
    if (again && loss.comes_back) missed_to_[i] = kNotMissed;
  }
}

double Walker::copies_left(double least_share) const {
  double left = 1;
  for (std::size_t i = 0; i < missed_to_.size(); ++i)
    if (way_.losses[i].share >= least_share && is_after(missed_to_[i], position_))
      left *= 1 - way_.losses[i].share;
  return left;
}

double Walker::found(const JobAnswer& answer) const {
  const double usual = answer.hits.whole;
  if (!rereads_ || !way_.rereads_hit || cached_s_ <= 0) return usual;
  if (way_.pinned) return position_ < cached_s_ ? 1 : usual;
  return std::max(usual, reread_hit_);
}

double Walker::steps() const { return position_ / compute_s_; }

double Walker::checkpoints(double from, double to) const {
  if (state_ != State::kRunning || period_s_ <= 0 || !std::isfinite(period_s_)) return 0;
  const auto begun = [this](double at) {
    return at <= since_ ? 0.0 : std::floor((at - since_) / period_s_ + 1e-9);
  };
  return begun(to) - begun(from);
}

}  // namespace fleetcache::analytic
