#include "sim/world/training.hpp"

#include <algorithm>
#include <cmath>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "policies/base/math.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {
namespace {

// A read's tag: which member, and which of its objects (or its part of a checkpoint).
constexpr std::uint64_t kMemberShift = 40;
constexpr std::uint64_t kCheckpointRead = (std::uint64_t{1} << kMemberShift) - 1;
constexpr std::uint64_t kCheckpointWrite = kCheckpointRead - 1;

std::uint64_t tag_of(std::uint32_t member, std::uint64_t nth) {
  return (std::uint64_t{member} << kMemberShift) | nth;
}

}  // namespace

TrainingRun::TrainingRun(const scenario::Scenario& scenario, const scenario::TrainingJob& job,
                         NodeId first, const Platform& platform, engine::EventQueue& queue,
                         DataPath& path, probes::Collector& collector)
    : job_(&job),
      platform_(&platform),
      queue_(&queue),
      path_(&path),
      collector_(&collector),
      stall_series_(&collector.series("train." + job.name + ".stall_s")),
      step_series_(&collector.series("train." + job.name + ".step_s")),
      first_(first),
      order_seed_(mix64(scenario.seed ^ hash_name("train/order/" + job.name))),
      compute_rng_(scenario.seed, "train/compute/" + job.name),
      members_(job.nodes) {
  const scenario::Dataset& dataset = scenario.datasets.at(job.dataset);
  object_bytes_ = dataset.object.count;
  objects_ = std::max<std::uint64_t>(1, dataset.size.count / object_bytes_);
  namespace_ = hash_name("dataset/" + dataset.name);
  home_ = platform.region_id(dataset.region.empty() ? job.region : dataset.region);
  const std::uint64_t window = objects_for(job.prefetch + 2) + 2;
  for (Member& member : members_) member.there.assign(window, 0);
}

void TrainingRun::start() { queue_->push(TimePoint{}, this, kBegin); }

void TrainingRun::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  switch (code) {
    case kBegin:
      since_ = last_checkpoint_ = now;
      return job_->checkpoint.restore_at_start ? restore(now) : resume(now);
    case kStepDone:
      return step_done(now);
    case kResume:
      total_.checkpoint_s += to_seconds(now - since_);
      return resume(now);
    default:
      return issue(now, static_cast<std::uint32_t>(arg >> kMemberShift), arg & kCheckpointRead);
  }
}

std::uint64_t TrainingRun::objects_for(std::uint64_t steps) const {
  const auto bytes = static_cast<double>(job_->bytes_per_step.count) * static_cast<double>(steps);
  return static_cast<std::uint64_t>(std::ceil(bytes / static_cast<double>(object_bytes_)));
}

// Batches up to `prefetch` ahead of the running step; without prefetch only what is waited for.
std::uint64_t TrainingRun::allowed() const {
  const std::uint64_t ahead =
      state_ == State::kComputing ? job_->prefetch : std::max(1U, job_->prefetch);
  std::uint64_t steps = step_ + ahead;
  if (job_->steps > 0) steps = std::min<std::uint64_t>(steps, job_->steps);
  return objects_for(steps);
}

std::uint64_t TrainingRun::object_at(std::uint32_t member, std::uint64_t nth) const {
  const std::uint64_t position = nth * job_->nodes + member;
  const std::uint64_t epoch = job_->shuffle ? position / objects_ : 0;
  const models::EpochOrder order(order_seed_, objects_, epoch);
  return object_id(namespace_, order[position % objects_]);
}

ReadRequest TrainingRun::checkpoint_part(std::uint32_t member) const {
  ReadRequest part;
  part.object = object_id(hash_name("checkpoint/" + job_->name), member);
  part.bytes = std::max<std::uint64_t>(1, job_->checkpoint.size.count / job_->nodes);
  part.reader = first_ + member;
  part.home = platform_->region_id(job_->region);
  part.traffic = probes::TrafficClass::kCheckpoint;
  return part;
}

void TrainingRun::restore(TimePoint now) {
  state_ = State::kRestoring;
  since_ = now;
  io_left_ = job_->nodes;
  for (std::uint32_t m = 0; m < job_->nodes; ++m) {
    path_->read(now, checkpoint_part(m), this, tag_of(m, kCheckpointRead));
  }
}

void TrainingRun::resume(TimePoint now) {
  state_ = State::kWaiting;
  since_ = now;
  read_ahead_all(now);
  try_step(now);
}

void TrainingRun::read_ahead_all(TimePoint now) {
  const std::uint64_t limit = allowed();
  for (std::uint32_t m = 0; m < members_.size(); ++m) {
    while (members_[m].issued < limit) issue(now, m, members_[m].issued++);
  }
}

void TrainingRun::issue(TimePoint now, std::uint32_t member, std::uint64_t nth) {
  ReadRequest request;
  request.object = object_at(member, nth);
  request.bytes = object_bytes_;
  request.reader = first_ + member;
  request.home = home_;
  request.traffic = probes::TrafficClass::kDataset;
  path_->read(now, request, this, tag_of(member, nth));
}

void TrainingRun::on_read_done(TimePoint now, std::uint64_t tag, bool ok) {
  const auto member = static_cast<std::uint32_t>(tag >> kMemberShift);
  const std::uint64_t nth = tag & kCheckpointRead;
  if (nth == kCheckpointWrite || nth == kCheckpointRead) {
    if (!ok) collector_->count("checkpoint.failed_parts");
    if (io_left_ == 0 || --io_left_ > 0) return;  // asynchronous writes are waited for by nobody
    (state_ == State::kRestoring ? total_.restore_s : total_.checkpoint_s) +=
        to_seconds(now - since_);
    return resume(now);
  }
  if (ok) return object_arrived(now, member, nth);
  // The client gave up: the loader asks again after the longest back-off.
  collector_->count("train.reissued_reads");
  queue_->push(now + platform_->region(home_).blob.retry.cap, this, kReissue, tag);
}

void TrainingRun::object_arrived(TimePoint now, std::uint32_t index, std::uint64_t nth) {
  Member& member = members_[index];
  const std::uint64_t needed = objects_for(step_ + 1);
  const bool was_ready = member.arrived >= needed;
  member.there[nth % member.there.size()] = 1;
  while (member.arrived < member.issued && member.there[member.arrived % member.there.size()]) {
    member.there[member.arrived++ % member.there.size()] = 0;
  }
  if (!was_ready && member.arrived >= needed) ++ready_;
  try_step(now);
}

void TrainingRun::try_step(TimePoint now) {
  if (state_ != State::kWaiting || down_ > 0 || ready_ < members_.size()) return;
  const double stall = to_seconds(now - since_);
  total_.stall_s += stall;
  stall_series_->add(stall);
  ++step_;
  state_ = State::kComputing;
  since_ = now;
  const std::uint64_t needed = objects_for(step_ + 1);
  ready_ = static_cast<std::uint32_t>(
      std::count_if(members_.begin(), members_.end(),
                    [needed](const Member& member) { return member.arrived >= needed; }));
  step_compute_ = job_->compute;
  if (job_->compute_cv > 0) {
    // Mean `compute`: a log-normal of coefficient of variation c has sigma^2 = ln(1 + c^2).
    const double sigma2 = portable_log(1 + job_->compute_cv * job_->compute_cv);
    step_compute_ =
        from_seconds(to_seconds(job_->compute) *
                     portable_exp(std::sqrt(sigma2) * compute_rng_.normal() - sigma2 / 2));
  }
  queue_->push(now + step_compute_, this, kStepDone);
  read_ahead_all(now);
}

void TrainingRun::step_done(TimePoint now) {
  ++total_.steps;
  total_.compute_s += to_seconds(step_compute_);
  compute_since_checkpoint_s_ += to_seconds(step_compute_);
  step_series_->add(to_seconds(step_compute_));
  since_ = now;
  if (job_->steps > 0 && step_ >= job_->steps) {
    state_ = State::kDone;
    finished_at_ = now;
    return;
  }
  const scenario::Checkpoint& checkpoint = job_->checkpoint;
  const bool due = checkpoint.size.count > 0 && now - last_checkpoint_ >= checkpoint.every;
  return due ? write_checkpoint(now) : resume(now);
}

void TrainingRun::write_checkpoint(TimePoint now) {
  last_checkpoint_ = now;
  compute_since_checkpoint_s_ = 0;
  state_ = State::kPaused;
  collector_->count("checkpoint.written");
  if (!job_->checkpoint.asynchronous) io_left_ = job_->nodes;
  for (std::uint32_t m = 0; m < job_->nodes; ++m) {
    path_->write_origin(now, checkpoint_part(m), this, tag_of(m, kCheckpointWrite));
  }
  if (job_->checkpoint.asynchronous) queue_->push(now + job_->checkpoint.stall, this, kResume);
}

void TrainingRun::node_down(TimePoint now, NodeId node) {
  if (!mine(node) || state_ == State::kDone) return;
  if (down_++ == 0 && state_ == State::kWaiting) {
    total_.stall_s += to_seconds(now - since_);
    since_ = now;
  }
}

void TrainingRun::node_up(TimePoint now, NodeId node) {
  if (!mine(node) || state_ == State::kDone || --down_ > 0) return;
  collector_->count("train.restarts");
  total_.lost_s += compute_since_checkpoint_s_;
  total_.compute_s -= compute_since_checkpoint_s_;
  compute_since_checkpoint_s_ = 0;
  if (state_ != State::kWaiting) return;
  total_.lost_s += to_seconds(now - since_);
  since_ = now;
  if (job_->checkpoint.size.count > 0) return restore(now);
  try_step(now);
}

void TrainingRun::end_warmup(TimePoint now) { at_warmup_ = report(now); }

TrainingReport TrainingRun::report(TimePoint now) const {
  TrainingReport r = total_;
  const TimePoint end = state_ == State::kDone ? finished_at_ : now;
  const double open = to_seconds(end - std::min(since_, end));
  if (state_ == State::kComputing) r.compute_s += open;
  if (state_ == State::kWaiting) (down_ > 0 ? r.lost_s : r.stall_s) += open;
  if (state_ == State::kPaused) r.checkpoint_s += open;
  if (state_ == State::kRestoring) r.restore_s += open;
  r.elapsed_s = to_seconds(end);
  r.epochs_begun = members_.empty() ? 0 : members_[0].issued * job_->nodes / objects_ + 1;
  r.steps -= at_warmup_.steps;
  r.compute_s -= at_warmup_.compute_s;
  r.stall_s -= at_warmup_.stall_s;
  r.checkpoint_s -= at_warmup_.checkpoint_s;
  r.restore_s -= at_warmup_.restore_s;
  r.lost_s -= at_warmup_.lost_s;
  r.elapsed_s -= at_warmup_.elapsed_s;
  return r;
}

}  // namespace fleetcache::world
