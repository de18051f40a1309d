#include "sim/events/plan.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "models/failure/outages.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::events {
namespace {

using scenario::EventKind;
using scenario::FleetEvent;
using topologies::Fleet;
using topologies::LinkIndex;
using topologies::Pool;

std::vector<NodeSpan> merged(std::vector<NodeSpan> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const NodeSpan& a, const NodeSpan& b) { return a.first < b.first; });
  std::vector<NodeSpan> out;
  for (const NodeSpan& span : spans) {
    if (span.first == span.last) continue;
    if (!out.empty() && out.back().last == span.first) {
      out.back().last = span.last;
    } else {
      out.push_back(span);
    }
  }
  return out;
}

NodeSpan span_of(Fleet::Range range) { return {range.first, range.last}; }
NodeSpan span_of(const Pool& pool) { return {pool.first_node, pool.first_node + pool.nodes}; }

/// The event's part of the fleet: its region's pools, or the one it names.
class Planner {
 public:
  Planner(const scenario::Scenario& scenario, const Fleet& fleet)
      : scenario_(scenario), fleet_(fleet), horizon_{scenario.horizon.count} {}

  std::vector<PlannedEvent> plan();

 private:
  std::uint32_t region_of(const std::string& name) const {
    const std::uint32_t region = fleet_.find_region(name);
    FLEETCACHE_CHECK(region != Fleet::kNone, "a region of the scenario");
    return region;
  }
  std::vector<const Pool*> pools_of(const FleetEvent& event) const;
  const scenario::Fabric& fabric(const FleetEvent& event) const {
    return scenario_.regions.at(event.region).fabric;
  }
  /// The index counted over the pools, `per` of each; the pool and the index within it.
  template <class Count>
  std::pair<const Pool*, std::uint32_t> locate(const FleetEvent& event, Count count) const;
  std::uint32_t rack_of(const FleetEvent& event) const;
  std::vector<NodeSpan> zone_nodes(const FleetEvent& event) const;
  std::vector<NodeSpan> all_nodes(const FleetEvent& event) const;
  std::vector<LinkIndex> origin_links(std::uint32_t region, bool writes) const;
  std::vector<NodeSpan> struck(const FleetEvent& event) const;
  void set_links(const FleetEvent& event, PlannedEvent& planned) const;
  void add_event(std::uint32_t index);
  void add_outages(const std::string& what, PlanKind kind, Duration mtbf, Duration repair,
                   const std::string& place, std::uint32_t number, NodeSpan nodes,
                   std::vector<LinkIndex> links);
  void add_random_of(const Pool& pool);

  const scenario::Scenario& scenario_;
  const Fleet& fleet_;
  TimePoint horizon_;
  std::vector<PlannedEvent> events_;
};

std::vector<const Pool*> Planner::pools_of(const FleetEvent& event) const {
  std::vector<const Pool*> pools;
  const std::uint32_t region = region_of(event.region);
  for (const Pool& pool : fleet_.pools()) {
    if (pool.region == region && (event.pool.empty() || event.pool == pool.name)) {
      pools.push_back(&pool);
    }
  }
  return pools;
}

template <class Count>
std::pair<const Pool*, std::uint32_t> Planner::locate(const FleetEvent& event, Count count) const {
  std::uint32_t left = event.index;
  for (const Pool* pool : pools_of(event)) {
    if (left < count(*pool)) return {pool, left};
    left -= count(*pool);
  }
  FLEETCACHE_CHECK(false, "an index that the scenario's checks let through");
  return {nullptr, 0};
}

std::uint32_t Planner::rack_of(const FleetEvent& event) const {
  const auto [pool, index] = locate(event, [](const Pool& p) { return p.racks; });
  return pool->first_rack + index;
}

std::vector<NodeSpan> Planner::zone_nodes(const FleetEvent& event) const {
  std::vector<NodeSpan> spans;
  for (const Pool* pool : pools_of(event)) {
    for (std::uint32_t rack = pool->first_rack; rack < pool->first_rack + pool->racks; ++rack) {
      if (zone_of_rack(fabric(event), *pool, rack) == event.index) {
        spans.push_back(span_of(fleet_.nodes_of_rack(rack)));
      }
    }
  }
  return spans;
}

std::vector<NodeSpan> Planner::all_nodes(const FleetEvent& event) const {
  std::vector<NodeSpan> spans;
  for (const Pool* pool : pools_of(event)) spans.push_back(span_of(*pool));
  return spans;
}

std::vector<NodeSpan> Planner::struck(const FleetEvent& event) const {
  switch (event.kind) {
    case EventKind::kFailNode:
    case EventKind::kFailDrive:
    case EventKind::kDrainNode: {
      const auto [pool, index] = locate(event, [](const Pool& p) { return p.nodes; });
      return {{pool->first_node + index, pool->first_node + index + 1}};
    }
    case EventKind::kFailRack:
    case EventKind::kFailTor:
    case EventKind::kDrainRack:
      return {span_of(fleet_.nodes_of_rack(rack_of(event)))};
    case EventKind::kFailPod:
    case EventKind::kDrainPod: {
      const auto [pool, index] = locate(event, [](const Pool& p) { return p.pods; });
      return {span_of(fleet_.nodes_of_pod(pool->first_pod + index))};
    }
    case EventKind::kFailZone:
    case EventKind::kDrainZone:
      return zone_nodes(event);
    case EventKind::kFailRegion:
    case EventKind::kColdStart:
    case EventKind::kPrestage:
      return all_nodes(event);
    case EventKind::kUpgrade:
    case EventKind::kThrottleOrigin:
    case EventKind::kThrottleAccount:
    case EventKind::kThrottleLink:
      break;
  }
  return {};
}

std::vector<LinkIndex> Planner::origin_links(std::uint32_t region, bool writes) const {
  std::vector<LinkIndex> links;
  for (std::uint32_t account = 0; account < fleet_.regions()[region].accounts; ++account) {
    links.push_back(fleet_.account_egress(region, account));
    if (writes) links.push_back(fleet_.account_ingress(region, account));
  }
  links.push_back(fleet_.stamp(region));
  return links;
}

void Planner::set_links(const FleetEvent& event, PlannedEvent& planned) const {
  const std::uint32_t region = region_of(event.region);
  planned.share = event.factor;
  switch (event.kind) {
    case EventKind::kThrottleOrigin:  // what reads get; writes and request rates stay
      planned.links = origin_links(region, false);
      break;
    case EventKind::kThrottleAccount:
      planned.links = {fleet_.account_egress(region, event.index),
                       fleet_.account_ingress(region, event.index)};
      break;
    case EventKind::kThrottleLink: {
      const std::uint32_t other = region_of(event.other);
      planned.links = {fleet_.wan(region, other), fleet_.wan(other, region)};
      break;
    }
    case EventKind::kFailRegion:
      planned.links = origin_links(region, true);
      planned.share = 0;
      break;
    case EventKind::kFailTor: {
      const std::uint32_t rack = rack_of(event);
      planned.links = {fleet_.tor_up(rack), fleet_.tor_down(rack)};
      planned.share = 0;
      break;
    }
    default:
      planned.share = 1;
  }
  std::sort(planned.links.begin(), planned.links.end());
  const auto last = std::unique(planned.links.begin(), planned.links.end());
  planned.links.erase(last, planned.links.end());
  std::erase(planned.links, topologies::kNoLink);  // a region without a stamp
}

struct Spelling {
  PlanKind kind;
  const char* cause;
};

Spelling spelling_of(EventKind kind) {
  switch (kind) {
    case EventKind::kFailNode:
      return {PlanKind::kNodesLost, "node"};
    case EventKind::kFailRack:
      return {PlanKind::kNodesLost, "rack"};
    case EventKind::kFailPod:
      return {PlanKind::kNodesLost, "pod"};
    case EventKind::kFailZone:
      return {PlanKind::kNodesLost, "zone"};
    case EventKind::kFailRegion:
      return {PlanKind::kNodesLost, "region"};
    case EventKind::kFailDrive:
      return {PlanKind::kNvmeLost, "drive"};
    case EventKind::kFailTor:
      return {PlanKind::kUnreachable, "tor"};
    case EventKind::kThrottleOrigin:
      return {PlanKind::kLinks, "origin"};
    case EventKind::kThrottleAccount:
      return {PlanKind::kLinks, "account"};
    case EventKind::kThrottleLink:
      return {PlanKind::kLinks, "link"};
    case EventKind::kDrainNode:
    case EventKind::kDrainRack:
    case EventKind::kDrainPod:
    case EventKind::kDrainZone:
      return {PlanKind::kNodesAway, "drain"};
    case EventKind::kUpgrade:
      return {PlanKind::kNodesAway, "upgrade"};
    case EventKind::kColdStart:
      return {PlanKind::kCachesEmptied, "cold start"};
    case EventKind::kPrestage:
      return {PlanKind::kStage, "prestage"};
  }
  return {PlanKind::kLinks, ""};
}

void Planner::add_event(std::uint32_t index) {
  const FleetEvent& event = scenario_.events[index];
  if (event.at.count >= horizon_.ns) return;
  if (event.kind == EventKind::kUpgrade) {
    auto waves = upgrade_waves(event, *pools_of(event).at(0), horizon_);
    std::move(waves.begin(), waves.end(), std::back_inserter(events_));
    return;
  }
  PlannedEvent planned;
  planned.at = TimePoint{event.at.count};
  planned.kind = spelling_of(event.kind).kind;
  planned.cause = spelling_of(event.kind).cause;
  planned.lasts = event.lasts;
  planned.nodes = merged(struck(event));
  planned.keeps_nvme = event.keeps_nvme;
  if (planned.kind == PlanKind::kStage) planned.event = index;
  set_links(event, planned);
  events_.push_back(std::move(planned));
}

void Planner::add_outages(const std::string& what, PlanKind kind, Duration mtbf, Duration repair,
                          const std::string& place, std::uint32_t number, NodeSpan nodes,
                          std::vector<LinkIndex> links) {
  Rng rng(scenario_.seed, "failures/" + what + "/" + place, number);
  for (const models::Outage& outage : models::outages(mtbf, repair, horizon_, rng)) {
    PlannedEvent planned;
    planned.at = outage.at;
    planned.kind = kind;
    planned.lasts = outage.lasts;
    planned.nodes = {nodes};
    planned.links = links;
    planned.share = links.empty() ? 1 : 0;
    planned.cause = what;
    planned.random = true;
    events_.push_back(std::move(planned));
  }
}

void Planner::add_random_of(const Pool& pool) {
  const scenario::Failures& laws = scenario_.failures;
  const std::string& region = fleet_.regions()[pool.region].name;
  const std::string place = region + "/" + pool.name;
  const scenario::NodePool& spec = scenario_.regions.at(region).pools.at(pool.name);
  const Duration mtbf = node_mtbf(scenario_, spec);
  for (std::uint32_t i = 0; i < pool.nodes; ++i) {
    const NodeSpan node{pool.first_node + i, pool.first_node + i + 1};
    if (mtbf.count > 0) {
      add_outages("node", PlanKind::kNodesLost, mtbf, laws.node.repair, place, i, node, {});
    }
    if (laws.drive.mtbf.count > 0 && spec.sku.nvme.count > 0) {
      add_outages("drive", PlanKind::kNvmeLost, laws.drive.mtbf, laws.drive.repair, place, i, node,
                  {});
    }
  }
  for (std::uint32_t i = 0; i < pool.racks; ++i) {
    const std::uint32_t rack = pool.first_rack + i;
    const NodeSpan nodes = span_of(fleet_.nodes_of_rack(rack));
    if (laws.tor.mtbf.count > 0) {
      add_outages("tor", PlanKind::kUnreachable, laws.tor.mtbf, laws.tor.repair, place, i, nodes,
                  {fleet_.tor_up(rack), fleet_.tor_down(rack)});
    }
    if (laws.rack.mtbf.count > 0) {
      add_outages("rack", PlanKind::kNodesLost, laws.rack.mtbf, laws.rack.repair, place, i, nodes,
                  {});
    }
  }
}

std::vector<PlannedEvent> Planner::plan() {
  for (std::uint32_t i = 0; i < scenario_.events.size(); ++i) add_event(i);
  if (scenario_.failures.enabled) {
    for (const Pool& pool : fleet_.pools()) add_random_of(pool);
  }
  const auto key = [](const PlannedEvent& e) {
    const std::uint32_t first = e.nodes.empty() ? 0xffffffffU : e.nodes.front().first;
    return std::make_tuple(e.at.ns, e.kind, first, e.lasts.count, e.share, e.keeps_nvme, e.random);
  };
  // What is still equal keeps the order of its making, which is that of the sorted scenario.
  std::stable_sort(events_.begin(), events_.end(),
                   [&](const PlannedEvent& a, const PlannedEvent& b) {
                     const auto left = key(a), right = key(b);
                     return left != right ? left < right : a.links < b.links;
                   });
  return std::move(events_);
}

}  // namespace

std::string_view name_of(PlanKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "nodes lost", "nodes away", "nvme lost", "unreachable", "emptied", "links", "stage"};
  return kNames[static_cast<std::size_t>(kind)];
}

TimePoint PlannedEvent::end(TimePoint end_of_run) const {
  const bool open = lasts.count == 0 || lasts.count > end_of_run.ns - at.ns;
  return open ? end_of_run : at + lasts;
}

std::uint64_t PlannedEvent::node_count() const {
  std::uint64_t count = 0;
  for (const NodeSpan& span : nodes) count += span.last - span.first;
  return count;
}

std::vector<PlannedEvent> plan_events(const scenario::Scenario& scenario, const Fleet& fleet) {
  return Planner(scenario, fleet).plan();
}

Duration node_mtbf(const scenario::Scenario& scenario, const scenario::NodePool& pool) {
  if (scenario.failures.node.mtbf.count > 0) return scenario.failures.node.mtbf;
  const double rate = scenario.assumptions.gpu_failure_rate.count * pool.sku.gpus;
  constexpr double kLongest_s = 9e9;  // longer does not fit in nanoseconds
  return rate * kLongest_s > 1 ? from_seconds(1 / rate) : Duration(0);
}

std::uint32_t zone_of_rack(const scenario::Fabric& fabric, const Pool& pool, std::uint32_t rack) {
  const std::uint64_t at = rack - pool.first_rack;
  if (fabric.zone_layout == scenario::ZoneLayout::kRoundRobin) {
    return static_cast<std::uint32_t>(at % fabric.zones);
  }
  return static_cast<std::uint32_t>(at * fabric.zones / pool.racks);
}

std::vector<LinkIndex> changing_links(const std::vector<PlannedEvent>& plan) {
  std::vector<LinkIndex> links;
  for (const PlannedEvent& event : plan) {
    links.insert(links.end(), event.links.begin(), event.links.end());
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

}  // namespace fleetcache::events
