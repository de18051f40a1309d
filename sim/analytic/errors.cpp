#include "sim/analytic/errors.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/capacity/kv_growth.hpp"
#include "sim/analytic/checkpoints.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {
namespace {

using probes::Record;
using Metrics = std::map<std::string, probes::Metric>;

constexpr double kNormal_95 = 1.96;

struct Change {
  const char* component;
  double hits_off = 0, origin = 1;
  CourseOptions course = {};
};

const std::array<Change, 7>& changes() {
  static const std::array<Change, 7> all = {{
      {"hits", -1, 1, {}},
      {"hits", 1, 1, {}},
      {"rates", 0, 1 - kOriginError, {}},
      {"rates", 0, 1 + kOriginError, {}},
      {"timing", 0, 1, {.warmup = 1 - kTimingError}},
      {"timing", 0, 1, {.warmup = 1 + kTimingError}},
      {"losses", 0, 1, {.copies_are_lost = false}},
  }};
  return all;
}

// Services and pools of their own do not change with what jobs do: taken from the base.
void keep_services(const Solved& base, Solved& other) {
  Answer& steady = other.course.phases.steady;
  steady.service = base.course.phases.steady.service;
  for (std::size_t p = 0; p < base.view.pools.size(); ++p)
    if (base.view.pools[p].jobs.empty()) steady.pool[p] = base.course.phases.steady.pool[p];
}

// With a coarse law everything is worked out again, else what services get is taken over.
Metrics figures(const Solved& base, const Change& change, EpochLaw& law) {
  Solved other = base;
  other.design.hits_off = change.hits_off;
  other.design.origin = change.origin;
  CourseOptions options = change.course;
  const bool same_services = law.fine();
  if (same_services) options.parts = Parts::kTraining;
  other.course = course_of(other.view, other.design, law, options);
  if (same_services) keep_services(base, other);
  Record record;
  add_metrics(other, record);
  add_counts(other, record);
  add_origin_figures(other, law, record);
  return std::move(record.metrics);
}

class Errors {
 public:
  Errors(const Solved& solved, Record& record) : s_(solved), record_(record) {}

  // The largest of several tries of one component.
  void move(const char* component, const Metrics& from, const Metrics& to) {
    for (const auto& [name, metric] : to) {
      const auto base = from.find(name);
      if (base == from.end() || record_.metrics.count(name) == 0) continue;
      widen(component, name, std::abs(metric.value - base->second.value));
    }
  }

  // What meets a loss or a start waits in one heap with all that its job has under way; so do the
  // reads of others on the same way, and a stop may cost a step more or less.
  void add_bursts() {
    const std::size_t jobs = s_.view.jobs.size();
    const double timeout_s = to_seconds(s_.view.scenario->cache.membership.timeout);
    double all = 0, met = 0, heap_s = 0, fleet_s = 0, nodes = 0;
    std::vector<double> of_region(s_.view.regions.size(), 0);  // seconds of such heaps
    for (std::size_t j = 0; j < jobs; ++j) {
      const JobCourse& c = s_.course.job[j];
      const double burst = burst_bytes(j), rate = capacity(s_.view.jobs[j]);
      all += c.read - c.hit - c.remote;
      if (rate <= 0 || (c.stops == 0 && c.missed_aside <= 0)) continue;
      const double waits_s = burst > 0 ? timeout_s + burst / rate : 0;
      met += c.stops * burst + c.missed_aside;
      heap_s = std::max(heap_s, waits_s);
      of_region[s_.view.jobs[j].home] += c.stops * waits_s + c.missed_aside / rate;
    }
    for (std::size_t j = 0; j < jobs; ++j) {
      const JobView& job = s_.view.jobs[j];
      const double own_s = s_.course.job[j].stops * to_seconds(job.job->compute);
      const bool reads = burst_bytes(j) > 0 || s_.course.job[j].missed_aside > 0;
      const double others_s = reads ? of_region[job.home] : 0;
      const double share = std::min(1.0, (own_s + others_s) / s_.course.seconds);
      nodes += job.nodes;
      fleet_s += job.nodes * share;
      for (const char* figure : {"stall", "goodput"})
        add("losses", "train." + job.job->name + "." + figure, share);
    }
    if (nodes <= 0) return;
    for (const char* figure : {"train.stall", "train.goodput"})
      add("losses", figure, fleet_s / nodes);
    add_slow_reads(all > 0 ? std::min(1.0, met / all) : 0, heap_s);
  }

  // Sessions are drawn one by one: so many have so much spread.
  void add_draws() {
    double sessions = 0, error = 0, volume = 0, squares = 0;
    for (std::size_t i = 0; i < s_.view.services.size(); ++i) {
      const ServiceView& view = s_.view.services[i];
      if (!view.synthetic) continue;
      const ServiceAnswer& a = s_.course.phases.steady.service[i];
      const double prompts = view.demand.rate * s_.course.seconds;
      const double own = std::max(1.0, prompts / std::max(1.0, view.spec.turns));
      sessions += own;
      const double asked = kv_blocks(s_, view);
      volume += asked;
      error += asked * a.hits.error;
      const double deviation = asked * models::kv_volume_spread(view.demand, own);
      squares += deviation * deviation;
      add_waits("infer." + view.service->name + ".", a, own);
      const double hit = a.hits.kv.block_hit_ratio;
      add("draws", "infer." + view.service->name + ".block_hit_ratio", spread(hit, own));
    }
    if (volume <= 0) return;
    for (const char* name : {"kv.block_lookups", "kv.block_hits", "kv.block_misses"}) {
      const auto base = record_.metrics.find(name);
      if (base == record_.metrics.end()) continue;
      add("draws", name, kNormal_95 * std::sqrt(squares) * base->second.value / volume);
    }
    for (const char* name : {"kv.block_hit_ratio", "cache.hit_ratio.kv", "cache.byte_hit_ratio.kv",
                             "kv.usable_block_ratio"}) {
      const auto base = record_.metrics.find(name);
      if (base == record_.metrics.end()) continue;
      add("draws", name, spread(std::clamp(base->second.value, 0.0, 1.0), sessions));
      widen("hits", name, error / volume);
    }
  }

  void write() {
    for (const auto& [component, figures] : widths_) {
      for (const auto& [name, width] : figures) {
        const auto base = record_.metrics.find(name);
        if (base == record_.metrics.end() || width <= 0 || !std::isfinite(width)) continue;
        record_.metrics["error." + component + "." + name] = {width, base->second.unit, 0};
      }
    }
  }

 private:
  void widen(const std::string& component, const std::string& name, double width) {
    double& known = widths_[component][name];
    known = std::max(known, width);
  }
  void add(const std::string& component, const std::string& name, double width) {
    if (record_.metrics.count(name) != 0) widths_[component][name] += width;
  }

  // A `part` of the reads may take `heap_s`.
  void add_slow_reads(double part, double heap_s) {
    add("losses", "origin.read_mean", part * heap_s);
    for (const auto& [name, rarer] : {std::pair{"origin.read_p99", 0.01},
                                      {"origin.read_p95", 0.05},
                                      {"origin.read_p50", 0.5}}) {
      const auto base = record_.metrics.find(name);
      if (part >= rarer && base != record_.metrics.end())
        add("losses", name, std::max(0.0, heap_s - base->second.value));
    }
  }

  // Bytes that a job asks of an origin at once when it starts again.
  double burst_bytes(std::size_t j) const {
    const JobView& job = s_.view.jobs[j];
    const JobHits& hits = s_.course.phases.steady.job[j].hits;
    return job.nodes * readahead_reads(job, s_.design.demand) * job.object * hits.from_origin();
  }

  // Of a job's way to its origin.
  double capacity(const JobView& job) const {
    return path_capacity(s_.view, s_.design, job.home, job.object).count;
  }

  static double spread(double ratio, double n) {
    return kNormal_95 * std::sqrt(ratio * (1 - ratio) / n);
  }

  // Means by the law's own spread; quantiles as if the tail beyond the 95th were exponential. Those
  // who wait do so together, so that they tell as much as half as many.
  void add_waits(const std::string& name, const ServiceAnswer& a, double sessions) {
    const double p95 = models::response_quantile(a.queue, a.station, 0.95);
    const double scale = std::max(0.0, a.ttft_p99_s - p95) / kNats99Over95;
    add("draws", name + "ttft_mean",
        kNormal_95 * std::max(a.ttft_mean_s, scale) / std::sqrt(sessions));
    add("draws", name + "ttft_p95",
        kNormal_95 * scale / std::sqrt(std::max(1.0, 0.05 * sessions / 2)));
    add("draws", name + "ttft_p99",
        kNormal_95 * scale / std::sqrt(std::max(1.0, 0.01 * sessions / 2)));
  }

  static constexpr double kNats99Over95 = 1.6094379124341003;  // ln 5

  const Solved& s_;
  Record& record_;
  std::map<std::string, std::map<std::string, double>> widths_;
};

}  // namespace

void add_errors(const Solved& solved, EpochLaw& law, Record& record) {
  Errors errors(solved, record);
  // What a moved hit ratio changes is told as in a sweep: waits by formula, policies on fewer
  // objects.
  EpochLaw coarse(kSweepObjects);
  const Metrics as_in_sweep = figures(solved, {"hits"}, coarse);
  for (const Change& change : changes()) {
    if (change.hits_off != 0) {
      errors.move(change.component, as_in_sweep, figures(solved, change, coarse));
    } else {
      errors.move(change.component, record.metrics, figures(solved, change, law));
    }
  }
  errors.add_bursts();
  errors.add_draws();
  errors.write();
}

}  // namespace fleetcache::analytic
