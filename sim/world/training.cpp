#include "sim/world/training.hpp"

#include <algorithm>
#include <cmath>

#include "models/gpu/jitter.hpp"
#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {
namespace {

// A read's tag: which member, after how many failures it was asked for, and which of its objects.
// The upper half of the last field stands for parts of checkpoints: the restore, or a write's
// number.
constexpr std::uint64_t kMemberShift = 44;
constexpr std::uint64_t kGenerationShift = 34;
constexpr std::uint64_t kGenerationMask =
    (std::uint64_t{1} << (kMemberShift - kGenerationShift)) - 1;
constexpr std::uint64_t kNthMask = (std::uint64_t{1} << kGenerationShift) - 1;
constexpr std::uint64_t kWriteBase = std::uint64_t{1} << 33;
constexpr std::uint64_t kRestore = kNthMask;

}  // namespace

std::uint64_t TrainingRun::tag(std::uint32_t member, std::uint64_t nth) const {
  return (std::uint64_t{member} << kMemberShift) |
         ((generation_ & kGenerationMask) << kGenerationShift) | nth;
}

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
  if (code == kBegin) {
    since_ = last_checkpoint_ = now;
    return job_->checkpoint.restore_at_start ? restore(now) : resume(now);
  }
  if (code == kReissue) {
    if (((arg >> kGenerationShift) & kGenerationMask) != (generation_ & kGenerationMask)) return;
    const auto member = static_cast<std::uint32_t>(arg >> kMemberShift);
    const std::uint64_t nth = arg & kNthMask;
    if (nth != kRestore) return issue(now, member, nth);
    return path_->read(now, checkpoint_part(member, durable_.number), this, arg);
  }
  if (arg != generation_) return;  // of a step or a pause that a failure ended
  if (code == kStepDone) return step_done(now);
  charge(now);
  resume(now);
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

ReadRequest TrainingRun::checkpoint_part(std::uint32_t member, std::uint64_t number) const {
  ReadRequest part;
  part.object = object_id(hash_name("checkpoint/" + job_->name) + mix64(number), member);
  part.bytes = std::max<std::uint64_t>(1, job_->checkpoint.size.count / job_->nodes);
  part.reader = first_ + member;
  part.home = platform_->region_id(job_->region);
  part.traffic = probes::TrafficClass::kCheckpoint;
  return part;
}

void TrainingRun::restore(TimePoint now) {
  state_ = State::kRestoring;
  since_ = now;
  restoring_ = job_->nodes;
  for (std::uint32_t m = 0; m < job_->nodes; ++m) {
    path_->read(now, checkpoint_part(m, durable_.number), this, tag(m, kRestore));
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
  path_->read(now, request, this, tag(member, nth));
}

void TrainingRun::on_read_done(TimePoint now, std::uint64_t done, bool ok) {
  if (ok && (done & kNthMask) < kWriteBase) total_.bytes_read += object_bytes_;
  if (((done >> kGenerationShift) & kGenerationMask) != (generation_ & kGenerationMask)) return;
  const auto member = static_cast<std::uint32_t>(done >> kMemberShift);
  const std::uint64_t nth = done & kNthMask;
  if (nth == kRestore) return part_restored(now, member, ok);
  if (nth >= kWriteBase) return part_written(now, nth - kWriteBase, ok);
  if (ok) return object_arrived(now, member, nth);
  // The client gave up: the loader asks again after the longest back-off.
  collector_->count("train.reissued_reads");
  queue_->push(now + platform_->region(home_).blob.retry.cap, this, kReissue, done);
}

void TrainingRun::part_restored(TimePoint now, std::uint32_t member, bool ok) {
  if (!ok) {
    collector_->count("train.reissued_reads");
    queue_->push(now + platform_->region(home_).blob.retry.cap, this, kReissue,
                 tag(member, kRestore));
    return;
  }
  if (--restoring_ > 0) return;
  charge(now);
  resume(now);
}

void TrainingRun::part_written(TimePoint now, std::uint64_t number, bool ok) {
  Write& write = writes_.at(number);
  if (!ok) collector_->count("checkpoint.failed_parts");
  write.whole = write.whole && ok;
  if (--write.left > 0) return;
  if (write.whole && number > durable_.number) durable_ = write.snapshot;
  writes_.erase(number);
  if (job_->checkpoint.asynchronous || state_ != State::kPaused) return;
  charge(now);
  resume(now);
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
  stall_series_->add(to_seconds(now - since_));
  charge(now);
  ++step_;
  state_ = State::kComputing;
  since_ = now;
  const std::uint64_t needed = objects_for(step_ + 1);
  ready_ = static_cast<std::uint32_t>(
      std::count_if(members_.begin(), members_.end(),
                    [needed](const Member& member) { return member.arrived >= needed; }));
  step_compute_ = models::jittered(job_->compute, job_->compute_cv, compute_rng_);
  queue_->push(now + step_compute_, this, kStepDone, generation_);
  read_ahead_all(now);
}

void TrainingRun::step_done(TimePoint now) {
  ++total_.steps;
  charge(now);
  step_series_->add(to_seconds(step_compute_));
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
  state_ = State::kPaused;
  const std::uint64_t number = ++checkpoints_;
  collector_->count("checkpoint.begun");
  writes_[number] = {{number, step_, total_.steps, total_.compute_s}, job_->nodes, true};
  for (std::uint32_t m = 0; m < job_->nodes; ++m) {
    path_->write_origin(now, checkpoint_part(m, number), this, tag(m, kWriteBase + number));
  }
  if (job_->checkpoint.asynchronous) {
    queue_->push(now + job_->checkpoint.stall, this, kResume, generation_);
  }
}

// Adds time spent in a state to its share.
void TrainingRun::add_time(TrainingReport& report, State state, double seconds) {
  switch (state) {
    case State::kRestoring:
      report.restore_s += seconds;
      break;
    case State::kWaiting:
      report.stall_s += seconds;
      break;
    case State::kComputing:
      report.compute_s += seconds;
      break;
    case State::kPaused:
      report.checkpoint_s += seconds;
      break;
    case State::kDown:
      report.lost_s += seconds;
      break;
    case State::kDone:
      break;
  }
}

void TrainingRun::charge(TimePoint now) {
  add_time(total_, state_, to_seconds(now - since_));
  since_ = now;
}

void TrainingRun::node_down(TimePoint now, NodeId node) {
  if (!mine(node) || state_ == State::kDone || down_++ > 0) return;
  charge(now);
  state_ = State::kDown;
  ++generation_;
  writes_.clear();
  go_back();
}

// Undoes the work since the last durable checkpoint, but for what the warm-up has already booked.
void TrainingRun::go_back() {
  const double kept = std::max(durable_.compute_s, at_warmup_.compute_s);
  total_.lost_s += std::max(0.0, total_.compute_s - kept);
  total_.compute_s = std::min(total_.compute_s, kept);
  total_.steps = std::min(total_.steps, std::max(durable_.steps_done, at_warmup_.steps));
  step_ = durable_.step;
  for (Member& member : members_) {
    member.issued = member.arrived = objects_for(step_);
    std::fill(member.there.begin(), member.there.end(), 0);
  }
  const std::uint64_t needed = objects_for(step_ + 1);
  ready_ = objects_for(step_) >= needed ? job_->nodes : 0;
}

void TrainingRun::node_up(TimePoint now, NodeId node) {
  if (!mine(node) || state_ == State::kDone || --down_ > 0) return;
  collector_->count("train.restarts");
  charge(now);
  last_checkpoint_ = now;
  const bool restores = durable_.number > 0 || job_->checkpoint.restore_at_start;
  return restores ? restore(now) : resume(now);
}

void TrainingRun::end_warmup(TimePoint now) { at_warmup_ = report(now); }

TrainingReport TrainingRun::report(TimePoint now) const {
  const TimePoint end = state_ == State::kDone ? finished_at_ : now;
  TrainingReport r = total_;
  add_time(r, state_, to_seconds(end - std::min(since_, end)));
  r.elapsed_s = to_seconds(end);
  r.epochs_begun = members_[0].issued * job_->nodes / objects_ + 1;
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
