#include "sim/world/timeline_probe.hpp"

#include <algorithm>
#include <cstdio>

namespace fleetcache::world {
namespace {

using probes::Tier;

bool from_origin(Tier tier) {
  return tier == Tier::kFrontEnd || tier == Tier::kBifrost || tier == Tier::kDeltaZero;
}

bool from_peer(Tier tier) { return tier == Tier::kPeerDram || tier == Tier::kPeerNvme; }

std::string label_of(const PlannedEvent& event, std::uint64_t nodes) {
  std::string text = event.cause + ": " + std::string(name_of(event.kind));
  if (nodes > 0) text += ", " + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
  if (!event.links.empty()) {
    char share[60];
    std::snprintf(share, sizeof share, ", %zu link%s at %.3g %%", event.links.size(),
                  event.links.size() == 1 ? "" : "s", 100 * event.share);
    text += share;
  }
  return text;
}

}  // namespace

TimelineProbe::TimelineProbe(const scenario::Scenario& scenario, const FleetEvents& events,
                             const probes::Collector& collector,
                             const std::vector<std::unique_ptr<TrainingRun>>& jobs,
                             const std::vector<std::unique_ptr<InferenceRun>>& services)
    : events_(&events),
      collector_(&collector),
      jobs_(&jobs),
      services_(&services),
      horizon_{scenario.horizon.count},
      timeline_(scenario.horizon),
      job_before_(jobs.size()),
      ttft_before_(services.size()) {}

void TimelineProbe::sample(TimePoint now, TimePoint date) {
  if (date.ns <= last_.ns) return;
  sample_jobs(now, date);
  sample_traffic(date);
  sample_services(date);
  if (!events_->plan().empty()) {
    const std::uint64_t absent_ns = events_->absent_ns(now);
    const double seconds = to_seconds(date - last_);
    const double down = static_cast<double>(absent_ns - absent_before_ns_) * 1e-9 / seconds;
    timeline_.add("fleet.nodes_down", "1", last_, date, down, seconds);
    absent_before_ns_ = absent_ns;
  }
  last_ = date;
}

void TimelineProbe::end_warmup(TimePoint now, TimePoint date) {
  sample(now, date);
  std::fill(job_before_.begin(), job_before_.end(), JobBefore());
  std::fill(ttft_before_.begin(), ttft_before_.end(), models::QuantileSketch());
  throttled_before_ = 0;
}

void TimelineProbe::sample_jobs(TimePoint now, TimePoint date) {
  const double seconds = to_seconds(date - last_);
  for (std::size_t i = 0; i < jobs_->size(); ++i) {
    const TrainingRun& job = *(*jobs_)[i];
    const TrainingReport r = job.report(now);
    JobBefore& before = job_before_[i];
    const double elapsed = r.elapsed_s - before.elapsed_s;
    const std::string name = "train." + job.job().name + ".";
    if (elapsed > 0) {
      const auto share = [&](double part) { return std::clamp(part / elapsed, 0.0, 1.0); };
      timeline_.add(name + "goodput", "ratio", last_, date, share(r.compute_s - before.compute_s),
                    elapsed);
      timeline_.add(name + "stall", "ratio", last_, date, share(r.stall_s - before.stall_s),
                    elapsed);
    }
    const auto steps = static_cast<double>(r.steps);
    timeline_.add(name + "steps_per_second", "1/s", last_, date,
                  std::max(0.0, steps - before.steps) / seconds, seconds);
    before = {r.compute_s, r.stall_s, r.elapsed_s, steps};
  }
}

void TimelineProbe::sample_traffic(TimePoint date) {
  const double seconds = to_seconds(date - last_);
  for (std::size_t c = 0; c < probes::kClasses; ++c) {
    const auto traffic = static_cast<probes::TrafficClass>(c);
    if (collector_->asked_total(traffic) == 0) continue;
    double origin = 0, peer = 0, hit = 0, all = 0;
    for (std::size_t t = 0; t < probes::kTiers; ++t) {
      const auto tier = static_cast<Tier>(t);
      const std::uint64_t total = collector_->served_total(traffic, tier);
      const auto bytes = static_cast<double>(total - served_before_[c][t]);
      served_before_[c][t] = total;
      all += bytes;
      if (from_origin(tier)) origin += bytes;
      if (from_peer(tier)) peer += bytes;
      const bool cached =
          !from_origin(tier) && tier != Tier::kRecompute && tier != Tier::kRemoteRegion;
      if (cached) hit += bytes;
    }
    const std::string name(probes::name_of(traffic));
    if (all > 0) {
      timeline_.add("cache.byte_hit_ratio." + name, "ratio", last_, date, hit / all, all);
    }
    timeline_.add("bytes_per_second.origin." + name, "B/s", last_, date, origin / seconds, seconds);
    timeline_.add("bytes_per_second.peer." + name, "B/s", last_, date, peer / seconds, seconds);
  }
  const std::uint64_t throttled = collector_->counter("origin.throttled");
  timeline_.add("origin.throttled_per_second", "1/s", last_, date,
                static_cast<double>(throttled - throttled_before_) / seconds, seconds);
  throttled_before_ = throttled;
}

void TimelineProbe::sample_services(TimePoint date) {
  for (std::size_t i = 0; i < services_->size(); ++i) {
    const std::string name = "infer." + (*services_)[i]->service().name + ".ttft";
    const auto found = collector_->all_series().find(name);
    if (found == collector_->all_series().end()) continue;
    const models::QuantileSketch& sketch = found->second.sketch();
    const models::QuantileSketch fresh = sketch.since(ttft_before_[i]);
    if (fresh.weight() > 0) {
      timeline_.add(name + "_p99", "s", last_, date, fresh.quantile(0.99), fresh.weight(),
                    probes::Combine::kMax);
    }
    ttft_before_[i] = sketch;
  }
}

/// Random failures are too many to mark one by one: `fleet.nodes_down` shows them. The waves of an
/// upgrade are one mark, from the first to the end of the last.
void TimelineProbe::report(probes::Record& record) const {
  record.timeline = timeline_.record();
  struct Upgrade {
    std::size_t mark = 0;
    TimePoint end;
    std::uint64_t nodes = 0;
  };
  std::map<std::string, Upgrade> upgrades;  // by cause
  for (const PlannedEvent& event : events_->plan()) {
    if (event.random || event.at.ns > last_.ns) continue;
    const bool instant = event.kind == PlanKind::kCachesEmptied || event.kind == PlanKind::kStage;
    const TimePoint end = instant ? event.at : event.end(horizon_);
    const bool wave = event.cause == "upgrade";
    const auto before = upgrades.find(event.cause);
    if (wave && before != upgrades.end() && event.at.ns <= before->second.end.ns) {
      Upgrade& upgrade = before->second;
      upgrade.end =
          std::max(upgrade.end, end, [](TimePoint a, TimePoint b) { return a.ns < b.ns; });
      upgrade.nodes += event.node_count();
      record.marks[upgrade.mark].until_s = to_seconds(upgrade.end - TimePoint{});
      record.marks[upgrade.mark].label = label_of(event, upgrade.nodes);
      continue;
    }
    if (wave) upgrades[event.cause] = {record.marks.size(), end, event.node_count()};
    record.marks.push_back({to_seconds(event.at - TimePoint{}), to_seconds(end - TimePoint{}),
                            label_of(event, event.node_count())});
  }
}

}  // namespace fleetcache::world
