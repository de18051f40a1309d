#include "sim/world/fleet_events.hpp"

#include <algorithm>
#include <string>

namespace fleetcache::world {
namespace {

/// What an engine gets for no capacity at all: its flows stand still, but a solver that divides by
/// it stays sound. Of 1 Tbps it is 125 B/s.
constexpr double kStandstill = 1e-9;

bool takes_away(events::PlanKind kind) {
  return kind == events::PlanKind::kNodesLost || kind == events::PlanKind::kNodesAway ||
         kind == events::PlanKind::kUnreachable;
}

bool has_end(events::PlanKind kind) {
  return kind != events::PlanKind::kCachesEmptied && kind != events::PlanKind::kStage;
}

template <class F>
void each_node(const events::PlannedEvent& event, F f) {
  for (const events::NodeSpan& span : event.nodes) {
    for (NodeId node = span.first; node < span.last; ++node) f(node);
  }
}

}  // namespace

Result<std::unique_ptr<FleetEvents>> FleetEvents::build(const EventTargets& targets,
                                                        std::vector<events::PlannedEvent> plan) {
  std::unique_ptr<FleetEvents> events(new FleetEvents(targets, std::move(plan)));
  const bool pooled = targets.scenario->cache.index == scenario::Index::kPooled;
  const bool touches = std::any_of(events->plan_.begin(), events->plan_.end(),
                                   [](const events::PlannedEvent& e) { return e.touches_nodes(); });
  if (touches && pooled && targets.cache->enabled()) {
    return Error{
        "events",
        "a failing node needs cache.index \"per_node\": a pooled index does not know which "
        "node holds which bytes"};
  }
  return events;
}

FleetEvents::FleetEvents(const EventTargets& targets, std::vector<events::PlannedEvent> plan)
    : world_(targets),
      plan_(std::move(plan)),
      membership_(targets.scenario->cache, targets.platform->nodes(), *targets.queue,
                  *targets.cache),
      stages_(plan_.size()),
      stopped_(targets.platform->nodes(), 0),
      without_nvme_(targets.platform->nodes(), 0),
      begun_(plan_.size(), 0) {
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (plan_[i].kind != events::PlanKind::kStage) continue;
    const scenario::FleetEvent& event = world_.scenario->events[plan_[i].event];
    stages_[i] = std::make_unique<StageRun>(
        *world_.scenario, event, stage_sample(*world_.scenario, event, *world_.sample),
        *world_.platform, *world_.queue, *world_.path, *world_.cache, *world_.collector);
  }
}

void FleetEvents::start() {
  const TimePoint horizon{world_.scenario->horizon.count};
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    world_.calendar->push(plan_[i].at, this, kBegin, i);
    ++steps_planned_;
    if (!has_end(plan_[i].kind) || plan_[i].end(horizon) >= horizon) continue;
    world_.calendar->push(plan_[i].end(horizon), this, kEnd, i);
    ++steps_planned_;
  }
}

bool FleetEvents::settled() const {
  return membership_.settled() &&
         std::none_of(stages_.begin(), stages_.end(),
                      [](const auto& stage) { return stage && stage->running(); });
}

void FleetEvents::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  ++steps_played_;
  if (code == kBegin) {
    begun_[arg] = 1;
    if (stages_[arg]) return stages_[arg]->start(now);
    return begin(now, plan_[arg]);
  }
  if (begun_[arg]) end(now, plan_[arg]);
}

void FleetEvents::begin(TimePoint now, const events::PlannedEvent& event) {
  each_node(event, [&](NodeId node) { begin_node(now, event, node); });
  set_links(event, true);
}

void FleetEvents::end(TimePoint now, const events::PlannedEvent& event) {
  set_links(event, false);
  each_node(event, [&](NodeId node) { end_node(now, event, node); });
}

void FleetEvents::begin_node(TimePoint now, const events::PlannedEvent& event, NodeId node) {
  CacheService& cache = *world_.cache;
  switch (event.kind) {
    case events::PlanKind::kNodesLost:
      ++nodes_lost_;
      cache.lose(now, node);
      membership_.absent(now, node, false);
      return stop_work(now, node);
    case events::PlanKind::kNodesAway:
      membership_.absent(now, node, true);
      event.keeps_nvme ? cache.lose(now, node, scenario::Medium::kDram) : cache.lose(now, node);
      return stop_work(now, node);
    case events::PlanKind::kUnreachable:
      membership_.absent(now, node, false);
      return;
    case events::PlanKind::kNvmeLost:
      cache.lose(now, node, scenario::Medium::kNvme);
      if (without_nvme_[node]++ == 0) cache.set_offline(node, scenario::Medium::kNvme, true);
      return;
    case events::PlanKind::kCachesEmptied:
      return cache.lose(now, node);
    case events::PlanKind::kLinks:
    case events::PlanKind::kStage:
      return;
  }
}

void FleetEvents::end_node(TimePoint now, const events::PlannedEvent& event, NodeId node) {
  if (event.kind == events::PlanKind::kNvmeLost) {
    if (--without_nvme_[node] == 0) {
      world_.cache->set_offline(node, scenario::Medium::kNvme, false);
    }
    return;
  }
  if (!takes_away(event.kind)) return;
  membership_.present(now, node, event.kind == events::PlanKind::kNodesAway);
  if (event.kind != events::PlanKind::kUnreachable) resume_work(now, node);
}

void FleetEvents::stop_work(TimePoint now, NodeId node) {
  if (stopped_[node]++ > 0) return;
  for (const auto& job : *world_.jobs) job->node_down(now, node);
  for (const auto& service : *world_.services) service->node_down(now, node);
}

void FleetEvents::resume_work(TimePoint now, NodeId node) {
  if (--stopped_[node] > 0) return;
  for (const auto& job : *world_.jobs) job->node_up(now, node);
  for (const auto& service : *world_.services) service->node_up(node);
}

// Of several shares at once the smallest holds.
void FleetEvents::set_links(const events::PlannedEvent& event, bool begins) {
  for (const topologies::LinkIndex link : event.links) {
    std::vector<double>& shares = shares_[link];
    const auto at = std::lower_bound(shares.begin(), shares.end(), event.share);
    if (begins) {
      shares.insert(at, event.share);
    } else {
      shares.erase(at);
    }
    const double left = shares.empty() ? 1.0 : std::max(kStandstill, shares.front());
    world_.platform->set_share(*world_.flows, link, left);
  }
}

std::uint64_t FleetEvents::planned_absent_ns(TimePoint now) const {
  std::map<NodeId, std::vector<std::pair<std::int64_t, std::int64_t>>> absences;
  for (const events::PlannedEvent& event : plan_) {
    if (!takes_away(event.kind) || event.at >= now) continue;
    const std::int64_t end = std::min(now.ns, event.end(now).ns);
    each_node(event, [&](NodeId node) { absences[node].push_back({event.at.ns, end}); });
  }
  std::int64_t sum = 0;
  for (auto& [node, spans] : absences) {  // in order of their begins, as the plan is
    std::int64_t covered = 0;
    for (const auto& [from, to] : spans) {
      sum += std::max<std::int64_t>(0, to - std::max(from, covered));
      covered = std::max(covered, to);
    }
  }
  return static_cast<std::uint64_t>(sum);
}

void FleetEvents::report(probes::Record& record, TimePoint now) const {
  if (plan_.empty()) return;
  const auto put = [&](const char* name, double value, const char* unit) {
    record.metrics[name] = {value, unit, 0};
  };
  // Those of the whole run: a loss before the end of the warm-up is a loss.
  put("events.begun", static_cast<double>(std::count(begun_.begin(), begun_.end(), 1)), "1");
  put("events.nodes_lost", static_cast<double>(nodes_lost_), "1");
  for (const char* counter : {"cache.timeouts", "prestage.objects", "prestage.failed"}) {
    put(counter, static_cast<double>(world_.collector->counter(counter)), "1");
  }
  put("events.node_time_away", static_cast<double>(absent_ns(now)) * 1e-9, "s");
  put("events.nodes_away_max", membership_.absent_max(), "1");
  put("events.last_return", static_cast<double>(membership_.last_return().ns) * 1e-9, "s");
  for (const auto& [name, series] : world_.collector->all_series()) {
    if (name.rfind("prestage.", 0) != 0 || series.sketch().count() == 0) continue;
    put((name.substr(0, name.size() - 2) + "_time").c_str(), series.mean(), "s");
  }
}

}  // namespace fleetcache::world
