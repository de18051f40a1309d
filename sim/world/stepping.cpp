// Steady stretches of time are stepped over: what happened in the watched windows is taken to go
// on. Only the caches are played on, read by read, so that what they hold afterwards is what they
// would hold; when their hits change, the step ends there.

#include <algorithm>
#include <cmath>

#include "sim/world/world.hpp"

namespace fleetcache::world {
namespace {

constexpr double kWindowSteps = 4;  // a window holds this many of the longest steps at least
constexpr std::int64_t kWindowMin_ns = 10'000'000'000;
constexpr std::int64_t kSlices = 32;  // of a step: jobs and services take turns in the caches
constexpr double kHitsMove = 0.02;    // hits that move more than this end a step
constexpr double kShiftShare = 0.01;  // a share of time may move by a point
constexpr double kShiftRate = 0.03;
constexpr double kShiftLatency = 0.05;

std::int64_t longest_step_ns(const scenario::Scenario& scenario) {
  std::int64_t longest = 0;
  for (const auto& [name, job] : scenario.training) longest = std::max(longest, job.compute.count);
  return longest;
}

std::int64_t longest_cycle_ns(const scenario::Scenario& scenario) {
  std::int64_t longest = 0;
  for (const auto& [name, job] : scenario.training) {
    if (job.checkpoint.size.count > 0) longest = std::max(longest, job.checkpoint.every.count);
  }
  return longest;
}

}  // namespace

void World::start_watching() {
  if (!sample_.sampled || !options_.step_over || !scenario_.fleet.step_over) return;
  const std::int64_t cycle = longest_cycle_ns(scenario_);
  const auto steps =
      static_cast<std::int64_t>(kWindowSteps * static_cast<double>(longest_step_ns(scenario_)));
  const Duration window{std::max({kWindowMin_ns, steps, cycle / 4})};
  stepper_ = std::make_unique<Stepper>(window, Duration{cycle});
  stepper_->disturbed(queue_.now(), running_figures(queue_.now()));
  watched_ = {watch(queue_.now())};
  queue_.push(queue_.now() + window, this, kWindow);
}

World::Watched World::watch(TimePoint now) const {
  Watched w{now, collector_.snapshot(), {}, origin_->bytes_read(), running_figures(now)};
  for (const auto& job : training_) w.jobs.push_back(job->total(now));
  return w;
}

RunningFigures World::running_figures(TimePoint now) const {
  RunningFigures figures;
  const double played = to_seconds(now);
  for (const auto& job : training_) {
    const TrainingReport r = job->total(now);
    const std::string name = "train." + job->job().name + ".";
    figures[name + "stall"] = {r.stall_s, r.elapsed_s, 0, kShiftShare};
    figures[name + "goodput"] = {r.compute_s, r.elapsed_s, 0, kShiftShare};
  }
  figures["origin.bytes_per_second"] = {static_cast<double>(origin_->bytes_read()), played,
                                        kShiftRate, 0};
  for (std::size_t c = 0; c < probes::kClasses; ++c) {
    const auto traffic = static_cast<probes::TrafficClass>(c);
    double hits = 0, all = 0;
    for (std::size_t t = 0; t < probes::kTiers; ++t) {
      const auto tier = static_cast<probes::Tier>(t);
      const auto bytes = static_cast<double>(collector_.served_total(traffic, tier));
      const bool hit = tier <= probes::Tier::kCoalesced;
      all += bytes;
      hits += hit ? bytes : 0;
    }
    if (all > 0 && traffic != probes::TrafficClass::kCheckpoint) {
      figures["cache.byte_hit_ratio." + std::string(name_of(traffic))] = {hits, all, 0, kHitsMove};
    }
  }
  for (const auto& service : inference_) {
    const std::string name = "infer." + service->service().name + ".ttft";
    const models::QuantileSketch& sketch = collector_.all_series().at(name).sketch();
    figures[name + "_mean"] = {sketch.sum(), sketch.weight(), kShiftLatency, 0.002};
  }
  return figures;
}

void World::end_window(TimePoint now) {
  const std::uint64_t happened = disturbances_ + events_->steps_played();
  const RunningFigures figures = running_figures(now);
  const bool disturbed = happened != seen_disturbances_ || figures.size() != figures_watched_;
  seen_disturbances_ = happened;
  figures_watched_ = figures.size();
  if (disturbed) {
    stepper_->disturbed(now, figures);
    watched_ = {watch(now)};
    audit_ = {};
  } else {
    stepper_->observe(now, figures);
    watched_.push_back(watch(now));
    watched_.erase(std::remove_if(watched_.begin(), watched_.end(),
                                  [this](const Watched& w) { return !stepper_->is_end(w.at); }),
                   watched_.end());
    // Up to a window before what comes next, so that it meets a run that is played.
    const Duration room = calendar_.next() - date() - stepper_->window();
    const bool may = may_step() && room.count > 2 * stepper_->window().count;
    const double ratio = may ? stepper_->step_ratio() : 0;
    if (ratio > 0 && !watched_.empty() && audited(now)) {
      step_over(now, std::min(room, from_seconds(ratio * to_seconds(now - watched_[0].at))));
    }
  }
  queue_.push(queue_.now() + stepper_->window(), this, kWindow);
}

// Not while something is under way whose end no calendar knows: a loss that is to be detected, a
// copy into caches, a job that ends after so many steps.
bool World::may_step() const {
  if (!events_->settled()) return false;
  return std::all_of(training_.begin(), training_.end(),
                     [](const auto& job) { return job->job().steps == 0 || job->finished(); });
}

// A stretch that could be stepped over is played all the same, as long again as what was watched,
// and compared: that is what stepping over costs. The first one, the 8th, the 64th, ...
bool World::audited(TimePoint now) {
  if (stretches_ < next_audit_) return true;
  if (audit_.figures.empty()) {
    audit_ = {now, now + (now - watched_.front().at), watched_.front().figures,
              running_figures(now)};
    return false;
  }
  if (now < audit_.until) return false;
  for (const auto& [name, end] : running_figures(now)) {
    if (audit_.before.count(name) == 0 || audit_.figures.count(name) == 0) continue;
    const RunningFigure &a = audit_.before.at(name), &b = audit_.figures.at(name);
    if (b.weight <= a.weight || end.weight <= b.weight) continue;
    const double off = std::abs((end.total - b.total) / (end.weight - b.weight) -
                                (b.total - a.total) / (b.weight - a.weight));
    double& error = skip_error_[name];
    error = std::max(error, off);
  }
  next_audit_ = std::max<std::uint64_t>(8, next_audit_ * 8);
  audit_ = {};
  return true;
}

void World::step_over(TimePoint now, Duration most) {
  const Watched& from = watched_.front();
  const double watched_s = to_seconds(now - from.at);
  std::vector<double> steps_per_s;
  for (std::size_t i = 0; i < training_.size(); ++i) {
    const std::uint64_t steps = training_[i]->total(now).steps - from.jobs[i].steps;
    steps_per_s.push_back(static_cast<double>(steps) / watched_s);
  }
  timeline_->sample(now, date());
  const probes::Collector::Snapshot counts = collector_.snapshot();
  const Duration done = show_caches(now, most, steps_per_s);
  collector_.set_back(counts);
  const double factor = to_seconds(done) / watched_s;
  collector_.repeat(from.counts, factor);
  origin_->repeat(from.origin_bytes, factor);
  for (std::size_t i = 0; i < training_.size(); ++i) {
    training_[i]->repeat(now, from.jobs[i], factor);
  }
  events_->step_over(done);
  calendar_.step_over(now, done);
  timeline_->sample(now, date());
  ++stretches_;
  stepper_->disturbed(now, running_figures(now));
  watched_ = {watch(now)};
}

namespace {

double share(std::uint64_t hits, std::uint64_t all) {
  return all > 0 ? static_cast<double>(hits) / static_cast<double>(all) : 0;
}

}  // namespace

// Every job and service takes its turn in each slice. Returns how far it went.
Duration World::show_caches(TimePoint now, Duration step, const std::vector<double>& steps_per_s) {
  const Duration slice{std::max<std::int64_t>(1, step.count / kSlices)};
  std::vector<double> owed(training_.size(), 0);
  struct Shown {
    std::uint64_t all = 0, hits = 0;
  };
  std::vector<Shown> before(training_.size() + inference_.size());
  const auto take = [&](std::size_t i) {
    Shown s;
    if (i < training_.size()) {
      s = {training_[i]->readers().shown(), training_[i]->readers().shown_hits()};
    } else {
      const InferenceRun& service = *inference_[i - training_.size()];
      s = {service.shown(), service.shown_hits()};
    }
    return s;
  };
  for (std::size_t i = 0; i < before.size(); ++i) before[i] = take(i);
  std::vector<double> reference(before.size(), -1);
  Duration done{0};
  while (done.count + slice.count <= step.count) {
    done = done + slice;
    cache_->step_over(slice);
    for (std::size_t i = 0; i < training_.size(); ++i) {
      owed[i] += steps_per_s[i] * to_seconds(slice);
      const auto steps = static_cast<std::uint64_t>(owed[i]);
      owed[i] -= static_cast<double>(steps);
      training_[i]->readers().step_over(now, steps);
    }
    for (const auto& service : inference_) service->step_over(now, slice);
    bool moved = false;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const Shown after = take(i);
      const std::uint64_t all = after.all - before[i].all;
      if (all < 200) continue;  // too few to tell
      const double hits = share(after.hits - before[i].hits, all);
      if (reference[i] < 0) reference[i] = hits;
      const double noise = 3 * std::sqrt(0.25 / static_cast<double>(all));
      moved = moved || std::abs(hits - reference[i]) > kHitsMove + noise;
      before[i] = after;
    }
    if (moved) break;
  }
  return done;
}

void World::report_stepping(probes::Record& record) const {
  if (!sample_.sampled) return;
  const double stepped = to_seconds(calendar_.stepped());
  record.metrics["sim.stepped_s"] = {stepped, "s", 0};
  record.metrics["sim.detailed_s"] = {to_seconds(date()) - stepped, "s", 0};
  record.metrics["sim.stretches_stepped"] = {static_cast<double>(stretches_), "1", 0};
  if (stepped == 0) return;
  // Of the whole run, only the part that was stepped over is off by what the audit found.
  const double part = stepped / std::max(1e-9, to_seconds(date()));
  const auto put = [&](const std::string& name, double error, const std::string& unit) {
    record.metrics["error.skip." + name] = {error, unit, 0};
  };
  const auto error_of = [&](const std::string& name) {
    const auto found = skip_error_.find(name);
    return found == skip_error_.end() ? 0.0 : found->second;
  };
  double nodes = 0, stall = 0, goodput = 0;
  for (const auto& [name, error] : skip_error_) put(name, error * part, "1");
  for (const auto& job : training_) {
    const double n = job->job().nodes;
    const std::string name = "train." + job->job().name + ".";
    nodes += n;
    stall += n * error_of(name + "stall");
    goodput += n * error_of(name + "goodput");
  }
  if (nodes > 0) put("train.stall", stall / nodes * part, "ratio");
  if (nodes > 0) put("train.goodput", goodput / nodes * part, "ratio");
  // A percentile is taken to be off by as much of itself as the mean.
  for (const auto& service : inference_) {
    const std::string name = "infer." + service->service().name + ".ttft";
    const auto mean = record.metrics.find(name + "_mean");
    if (mean == record.metrics.end() || mean->second.value <= 0) continue;
    const double relative = error_of(name + "_mean") * part / mean->second.value;
    for (const char* which : {"_p50", "_p95", "_p99"}) {
      put(name + which, relative * record.metrics.at(name + which).value, "s");
    }
  }
}

}  // namespace fleetcache::world
