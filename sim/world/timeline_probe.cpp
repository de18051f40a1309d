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

std::string counted(std::uint64_t n, const char* thing) {
  return std::to_string(n) + " " + thing + (n == 1 ? "" : "s");
}

/// "rack: 16 nodes lost", "upgrade: 48 nodes away in turn", "origin: 4 links at 50 %".
std::string label_of(const events::PlannedEvent& event, std::uint64_t nodes) {
  std::string what;
  switch (event.kind) {
    case events::PlanKind::kNodesLost:
      what = counted(nodes, "node") + " lost";
      break;
    case events::PlanKind::kNodesAway:
      what = counted(nodes, "node") + " away" + (event.cause == "upgrade" ? " in turn" : "");
      what += event.keeps_nvme ? ", NVMe kept" : "";
      break;
    case events::PlanKind::kNvmeLost:
      what = "NVMe of " + counted(nodes, "node") + " lost";
      break;
    case events::PlanKind::kUnreachable:
      what = counted(nodes, "node") + " out of reach";
      break;
    case events::PlanKind::kCachesEmptied:
      what = "caches of " + counted(nodes, "node") + " emptied";
      break;
    case events::PlanKind::kStage:
      what = "copies into caches begin";
      break;
    case events::PlanKind::kLinks:
      break;
  }
  if (!event.links.empty()) {
    char share[60];
    std::snprintf(share, sizeof share, " at %.3g %%", 100 * event.share);
    what += (what.empty() ? "" : ", ") + counted(event.links.size(), "link") + share;
  }
  return event.cause + ": " + what;
}

/// Few large transfers that share links, for seconds to minutes each.
bool is_bulk(probes::TrafficClass traffic) {
  return traffic == probes::TrafficClass::kPrestage || traffic == probes::TrafficClass::kCheckpoint;
}

}  // namespace

TimelineProbe::TimelineProbe(const scenario::Scenario& scenario, const Platform& platform,
                             const engine::FlowEngine& flows, const FleetEvents& events,
                             const probes::Collector& collector,
                             const std::vector<std::unique_ptr<TrainingRun>>& jobs,
                             const std::vector<std::unique_ptr<InferenceRun>>& services)
    : flows_(&flows),
      events_(&events),
      collector_(&collector),
      jobs_(&jobs),
      services_(&services),
      horizon_{scenario.horizon.count},
      warmup_{scenario.warmup.count},
      timeline_(scenario.horizon),
      job_before_(jobs.size()),
      ttft_before_(services.size()) {
  // Those of nodes and of the fabric are too many for a time line.
  for (auto& [name, group] : link_groups(platform)) {
    if (limits_origin(group.cls)) origin_links_["busy." + name].group = std::move(group);
  }
}

void TimelineProbe::sample(TimePoint now, TimePoint date) {
  if (date.ns <= last_.ns) return;
  const Duration unplayed = (date - last_) - (now - last_now_);
  const double stepped = to_seconds(unplayed) / to_seconds(date - last_);
  sample_jobs(now, date);
  sample_traffic(date, stepped > 0.5);
  sample_services(date);
  timeline_.add("time.stepped_over", "ratio", last_, date, stepped, to_seconds(date - last_));
  if (warmup_.ns > 0) {  // a sample is taken when it ends
    timeline_.add("time.warmup", "ratio", last_, date, date <= warmup_ ? 1 : 0,
                  to_seconds(date - last_));
  }
  sample_links(date, stepped > 0.5);
  if (!events_->plan().empty()) {
    const std::uint64_t absent_ns = events_->absent_ns(now);
    const double seconds = to_seconds(date - last_);
    const double down = static_cast<double>(absent_ns - absent_before_ns_) * 1e-9 / seconds;
    timeline_.add("fleet.nodes_down", "1", last_, date, down, seconds);
    absent_before_ns_ = absent_ns;
  }
  last_ = date;
  last_now_ = now;
}

// A stretch that was stepped over is long, and one look at a link says little about it: it gets
// the mean of the looks since the stretch before.
void TimelineProbe::sample_links(TimePoint date, bool stepped) {
  const double seconds = to_seconds(date - last_);
  for (auto& [name, group] : origin_links_) {
    double used = 0, capacity = 0;
    for (const engine::LinkId link : group.group.links) {
      used += flows_->link_usage(link).count;
      capacity += flows_->link_capacity(link).count;
    }
    const double busy = capacity > 0 ? std::min(1.0, used / capacity) : 0;
    group.busy += busy;
    group.samples += 1;
    timeline_.add(name, "ratio", last_, date, stepped ? group.busy / group.samples : busy, seconds);
    if (stepped) group.busy = group.samples = 0;
  }
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

void TimelineProbe::Bulk::match(double bytes,
                                const std::function<void(TimePoint asked, double bytes)>& found) {
  while (bytes > 0 && !open.empty()) {
    Asked& oldest = open.front();
    const double part = std::min(bytes, oldest.bytes);
    found(oldest.at, part);
    bytes -= part;
    oldest.bytes -= part;
    if (oldest.bytes <= 0) open.pop_front();
  }
}

// What arrived is matched with what was asked for first: transfers of a class are alike and end in
// about the order in which they began. Those from the origin are the slow ones and come first; the
// rest of what ended (from caches, after another's fetch, given up) is the quick ones. Time that
// was stepped over had none of its own.
void TimelineProbe::add_bulk(probes::TrafficClass traffic, TimePoint date, double origin,
                             double peer, double all, bool stepped) {
  const std::string name(probes::name_of(traffic));
  const auto add = [&](const char* from_where, TimePoint from, double bytes) {
    timeline_.add_amount(from_where + name, "B/s", from, date, bytes);
  };
  constexpr const char* kOrigin = "bytes_per_second.origin.";
  constexpr const char* kPeer = "bytes_per_second.peer.";
  add(kOrigin, last_, stepped ? origin : 0);  // zero is seen too
  add(kPeer, last_, stepped ? peer : 0);
  if (stepped) return;
  Bulk& bulk = bulk_[static_cast<std::size_t>(traffic)];
  const std::uint64_t asked = collector_->asked_total(traffic);
  const std::uint64_t failed = collector_->failed_total(traffic);
  // A transfer that begins when another ends does both at the end of this stretch: no overlap.
  if (asked > bulk.asked) bulk.open.push_back({date, static_cast<double>(asked - bulk.asked)});
  const auto since = [&](TimePoint asked_at) { return asked_at < date ? asked_at : last_; };
  bulk.match(origin, [&](TimePoint at, double bytes) { add(kOrigin, since(at), bytes); });
  bulk.match(peer, [&](TimePoint at, double bytes) { add(kPeer, since(at), bytes); });
  bulk.match(all - origin - peer + static_cast<double>(failed - bulk.failed),
             [](TimePoint, double) {});
  bulk.asked = asked;
  bulk.failed = failed;
}

void TimelineProbe::sample_traffic(TimePoint date, bool stepped) {
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
    if (is_bulk(traffic)) {
      add_bulk(traffic, date, origin, peer, all, stepped);
      continue;
    }
    timeline_.add_amount("bytes_per_second.origin." + name, "B/s", last_, date, origin);
    timeline_.add_amount("bytes_per_second.peer." + name, "B/s", last_, date, peer);
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

probes::TimeSeries TimelineProbe::random_failures(double bin_s, std::size_t bins) const {
  probes::TimeSeries series{"1", std::vector<double>(bins, 0)};
  for (const events::PlannedEvent& event : events_->plan()) {
    if (!event.random || event.at > last_) continue;
    const auto bin = static_cast<std::size_t>(to_seconds(event.at - TimePoint{}) / bin_s);
    series.values[std::min(bin, bins - 1)] += 1;
  }
  return series;
}

/// Random failures are too many to mark one by one: they are counted. The waves of an upgrade are
/// one mark, from the first to the end of the last.
void TimelineProbe::report(probes::Record& record) const {
  record.timeline = timeline_.record();
  const auto& plan = events_->plan();
  const bool drawn = std::any_of(plan.begin(), plan.end(), [&](const events::PlannedEvent& event) {
    return event.random && event.at <= last_;
  });
  const auto stretch = record.timeline.series.find("time.stepped_over");  // there throughout
  if (drawn && stretch != record.timeline.series.end()) {
    record.timeline.series["events.random"] =
        random_failures(record.timeline.bin_s, stretch->second.values.size());
  }
  struct Upgrade {
    std::size_t mark = 0;
    TimePoint end;
    std::uint64_t nodes = 0;
  };
  std::map<std::string, Upgrade> upgrades;  // by cause
  for (const events::PlannedEvent& event : events_->plan()) {
    if (event.random || event.at.ns > last_.ns) continue;
    const bool instant =
        event.kind == events::PlanKind::kCachesEmptied || event.kind == events::PlanKind::kStage;
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
