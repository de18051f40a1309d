#include "sim/world/training.hpp"

#include <algorithm>
#include <cmath>

#include "models/gpu/jitter.hpp"
#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {
namespace {

// The tag of a part of a checkpoint: which part, after how many failures it was asked for, and of
// which checkpoint: 0 for the restore, else the number of the write.
constexpr std::uint64_t kPartShift = 44;
constexpr std::uint64_t kGenerationShift = 34;
constexpr std::uint64_t kGenerationMask = (std::uint64_t{1} << (kPartShift - kGenerationShift)) - 1;
constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << kGenerationShift) - 1;
constexpr std::uint64_t kRestore = 0;

ReaderContext reader_context(const scenario::Scenario& scenario, const scenario::TrainingJob& job,
                             NodeId first, const SamplePlan& sample) {
  ReaderContext context;
  context.scenario = &scenario;
  context.job = &job;
  context.first = first;
  context.sample = sample.jobs.at(job.name);
  context.salt = sample.salt;
  return context;
}

}  // namespace

std::uint64_t TrainingRun::tag(std::uint32_t part, std::uint64_t number) const {
  return (std::uint64_t{part} << kPartShift) |
         ((generation_ & kGenerationMask) << kGenerationShift) | number;
}

TrainingRun::TrainingRun(const scenario::Scenario& scenario, const scenario::TrainingJob& job,
                         NodeId first, const SamplePlan& sample, const Platform& platform,
                         engine::EventQueue& queue, DataPath& path, probes::Collector& collector)
    : job_(&job),
      platform_(&platform),
      queue_(&queue),
      path_(&path),
      collector_(&collector),
      stall_series_(&collector.series("train." + job.name + ".stall_s")),
      step_series_(&collector.series("train." + job.name + ".step_s")),
      first_(first),
      parts_(sample.jobs.at(job.name).parts),
      whole_domains_(sample.whole_domains),
      compute_rng_(scenario.seed, "train/compute/" + job.name) {
  const scenario::Dataset& dataset = scenario.datasets.at(job.dataset);
  objects_ = std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count);
  ReaderContext context = reader_context(scenario, job, first, sample);
  context.platform = &platform;
  context.queue = &queue;
  context.path = &path;
  context.collector = &collector;
  context.arrived = [this](TimePoint now) { try_step(now); };
  readers_ = make_step_readers(std::move(context));
}

void TrainingRun::start() { queue_->push(TimePoint{}, this, kBegin); }

void TrainingRun::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  if (code == kBegin) {
    since_ = last_checkpoint_ = now;
    return job_->checkpoint.restore_at_start ? restore(now) : resume(now);
  }
  if (code == kReissue) {
    if (((arg >> kGenerationShift) & kGenerationMask) != (generation_ & kGenerationMask)) return;
    const auto part = static_cast<std::uint32_t>(arg >> kPartShift);
    return path_->read(now, checkpoint_part(part, durable_.number), this, arg);
  }
  if (arg != generation_) return;  // of a step or a pause that a failure ended
  if (code == kStepDone) return step_done(now);
  charge(now);
  resume(now);
}

// Batches up to `prefetch` ahead of the running step; without prefetch only what is waited for.
std::uint64_t TrainingRun::allowed() const {
  const std::uint64_t ahead =
      state_ == State::kComputing ? job_->prefetch : std::max(1U, job_->prefetch);
  const std::uint64_t steps = step_ + ahead;
  return job_->steps > 0 ? std::min<std::uint64_t>(steps, job_->steps) : steps;
}

ReadRequest TrainingRun::checkpoint_part(std::uint32_t index, std::uint64_t number) const {
  const std::uint32_t member = index * parts_.weight;
  ReadRequest part;
  part.object = object_id(hash_name("checkpoint/" + job_->name) + mix64(number), member);
  part.bytes = std::max<std::uint64_t>(1, job_->checkpoint.size.count / job_->nodes);
  part.reader = first_ + member;
  part.home = platform_->region_id(job_->region);
  part.traffic = probes::TrafficClass::kCheckpoint;
  part.weight = parts_.weight;
  part.keys = whole_domains_ ? 1 : parts_.weight;
  return part;
}

void TrainingRun::restore(TimePoint now) {
  state_ = State::kRestoring;
  since_ = now;
  restoring_ = parts_.count;
  for (std::uint32_t part = 0; part < parts_.count; ++part) {
    path_->read(now, checkpoint_part(part, durable_.number), this, tag(part, kRestore));
  }
}

void TrainingRun::resume(TimePoint now) {
  state_ = State::kWaiting;
  since_ = now;
  readers_->read_ahead(now, allowed());
  try_step(now);
}

void TrainingRun::on_read_done(TimePoint now, std::uint64_t done, bool ok, probes::Tier) {
  if (((done >> kGenerationShift) & kGenerationMask) != (generation_ & kGenerationMask)) return;
  const std::uint64_t number = done & kNumberMask;
  return number == kRestore ? part_restored(now, done, ok) : part_written(now, number, ok);
}

void TrainingRun::part_restored(TimePoint now, std::uint64_t part, bool ok) {
  if (!ok) {
    // The client gave up: it asks again after the longest back-off.
    collector_->count("train.reissued_reads", parts_.weight);
    const RegionId home = platform_->region_id(job_->region);
    queue_->push(now + platform_->region(home).blob.retry.cap, this, kReissue, part);
    return;
  }
  if (--restoring_ > 0) return;
  charge(now);
  resume(now);
}

void TrainingRun::part_written(TimePoint now, std::uint64_t number, bool ok) {
  Write& write = writes_.at(number);
  if (!ok) collector_->count("checkpoint.failed_parts", parts_.weight);
  write.whole = write.whole && ok;
  if (--write.left > 0) return;
  if (write.whole && number > durable_.number) durable_ = write.snapshot;
  writes_.erase(number);
  if (job_->checkpoint.asynchronous || state_ != State::kPaused) return;
  charge(now);
  resume(now);
}

void TrainingRun::try_step(TimePoint now) {
  if (state_ != State::kWaiting || down_ > 0 || !readers_->ready()) return;
  stall_series_->add(to_seconds(now - since_));
  charge(now);
  ++step_;
  state_ = State::kComputing;
  since_ = now;
  readers_->expect(step_);
  step_compute_ = models::jittered(job_->compute, job_->compute_cv, compute_rng_);
  queue_->push(now + step_compute_, this, kStepDone, generation_);
  readers_->read_ahead(now, allowed());
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
  writes_[number] = {{number, step_, total_.steps, total_.compute_s}, parts_.count, true};
  for (std::uint32_t part = 0; part < parts_.count; ++part) {
    path_->write_origin(now, checkpoint_part(part, number), this, tag(part, number));
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
  readers_->restart(step_);
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

TrainingReport TrainingRun::total(TimePoint now) const {
  const TimePoint end = state_ == State::kDone ? finished_at_ : now;
  TrainingReport r = total_;
  add_time(r, state_, to_seconds(end - std::min(since_, end)));
  r.elapsed_s += to_seconds(end);  // total_ holds what was stepped over
  r.bytes_read += readers_->bytes_read();
  r.epochs_begun = readers_->positions() / objects_ + 1;
  return r;
}

TrainingReport TrainingRun::report(TimePoint now) const {
  TrainingReport r = total(now);
  r.steps -= at_warmup_.steps;
  r.bytes_read -= at_warmup_.bytes_read;
  r.compute_s -= at_warmup_.compute_s;
  r.stall_s -= at_warmup_.stall_s;
  r.checkpoint_s -= at_warmup_.checkpoint_s;
  r.restore_s -= at_warmup_.restore_s;
  r.lost_s -= at_warmup_.lost_s;
  r.elapsed_s -= at_warmup_.elapsed_s;
  return r;
}

void TrainingRun::repeat(TimePoint now, const TrainingReport& before, double factor) {
  if (state_ == State::kDone) return;
  const TrainingReport r = total(now);
  const auto steps = static_cast<std::uint64_t>(
      std::llround(static_cast<double>(r.steps - before.steps) * factor));
  const double compute_s = (r.compute_s - before.compute_s) * factor;
  total_.steps += steps;
  total_.compute_s += compute_s;
  total_.stall_s += (r.stall_s - before.stall_s) * factor;
  total_.checkpoint_s += (r.checkpoint_s - before.checkpoint_s) * factor;
  total_.restore_s += (r.restore_s - before.restore_s) * factor;
  total_.lost_s += (r.lost_s - before.lost_s) * factor;
  total_.elapsed_s += (r.elapsed_s - before.elapsed_s) * factor;
  total_.bytes_read +=
      static_cast<std::uint64_t>(static_cast<double>(r.bytes_read - before.bytes_read) * factor);
  // Checkpoints went on too: the last one is as far back as it was.
  const auto move = [&](Snapshot& snapshot) {
    snapshot.steps_done += steps;
    snapshot.compute_s += compute_s;
  };
  if (durable_.number > 0) move(durable_);
  for (auto& [number, write] : writes_) move(write.snapshot);
}

}  // namespace fleetcache::world
