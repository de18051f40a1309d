// The bundle engine against a reference that computes every flow's rate afresh at every start and
// end, from models/fabric/max_min: random networks, weights, caps and capacities that change.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "policies/base/rng.hpp"
#include "sim/engine/bundle_engine.hpp"

using namespace fleetcache;
using namespace fleetcache::engine;

namespace {

struct TestFlow {
  double start_s = 0;
  double bytes = 0;
  double weight = 1;
  double cap = 0;  // 0: none
  std::vector<std::uint32_t> links;
};

struct Change {
  double at_s = 0;
  std::uint32_t link = 0;
  double capacity = 0;
};

struct System {
  std::vector<double> capacity;
  std::vector<TestFlow> flows;  // by start
  std::vector<Change> changes;  // by date

  System(std::uint64_t seed, std::size_t flow_count) {
    Rng rng(seed, "test/bundle/system");
    const std::size_t links = 2 + rng.below(7);
    for (std::size_t l = 0; l < links; ++l) capacity.push_back(1e9 * (1 + 9 * rng.uniform()));
    double now_s = 0;
    for (std::size_t f = 0; f < flow_count; ++f) {
      now_s += rng.exponential() * 0.2;
      if (rng.below(4) == 0 && f > 0) now_s = flows.back().start_s;  // starts at one date
      TestFlow flow{now_s, std::ceil(1e9 * rng.exponential()) + 1, 1, 0, {}};
      if (rng.below(4) == 0) flow.weight = 0.5 + 3 * rng.uniform();
      if (rng.below(2) == 0) flow.cap = rng.below(2) == 0 ? 0.2e9 : 1e9;
      const auto first = static_cast<std::uint32_t>(rng.below(links));
      flow.links.push_back(first);
      const auto second = static_cast<std::uint32_t>(rng.below(links));
      if (second != first) flow.links.push_back(second);
      flows.push_back(flow);
    }
    for (int c = 0; c < 10; ++c) {
      const auto link = static_cast<std::uint32_t>(rng.below(links));
      const double factor = rng.below(3) == 0 ? 0 : 0.2 + 0.8 * rng.uniform();
      changes.push_back({now_s * rng.uniform(), link, factor * capacity[link]});
    }
    std::sort(changes.begin(), changes.end(),
              [](const Change& a, const Change& b) { return a.at_s < b.at_s; });
    for (std::uint32_t l = 0; l < links; ++l) changes.push_back({now_s + 1, l, capacity[l]});
  }
};

/// Weighted filling flow by flow, the plain way: the level of all growing flows rises to the next
/// link that is full or cap that is reached.
std::vector<double> rates_of(const System& s, const std::vector<double>& capacity,
                             const std::vector<std::size_t>& live) {
  std::vector<double> rate(s.flows.size(), 0), left = capacity;
  std::vector<std::size_t> growing;
  for (const std::size_t f : live) {
    bool moves = true;
    for (const std::uint32_t l : s.flows[f].links) moves = moves && capacity[l] > 0;
    if (moves) growing.push_back(f);
  }
  while (!growing.empty()) {
    double level = std::numeric_limits<double>::infinity();
    std::vector<double> weight(left.size(), 0);
    for (const std::size_t f : growing) {
      for (const std::uint32_t l : s.flows[f].links) weight[l] += s.flows[f].weight;
      if (s.flows[f].cap > 0) level = std::min(level, s.flows[f].cap);
    }
    for (std::size_t l = 0; l < left.size(); ++l) {
      if (weight[l] > 0) level = std::min(level, left[l] / weight[l]);
    }
    std::vector<std::size_t> still;
    std::vector<double> taken(left.size(), 0);
    for (const std::size_t f : growing) {
      bool stops = s.flows[f].cap > 0 && s.flows[f].cap <= level * (1 + 1e-12);
      for (const std::uint32_t l : s.flows[f].links) {
        stops = stops || left[l] / weight[l] <= level * (1 + 1e-12);
      }
      if (!stops) {
        still.push_back(f);
        continue;
      }
      rate[f] = level;
      for (const std::uint32_t l : s.flows[f].links) taken[l] += level * s.flows[f].weight;
    }
    for (std::size_t l = 0; l < left.size(); ++l) left[l] -= taken[l];
    growing = still;
  }
  return rate;
}

/// When each flow ends.
std::vector<double> reference(const System& s) {
  std::vector<double> capacity = s.capacity, left, end_s(s.flows.size(), -1);
  for (const TestFlow& f : s.flows) left.push_back(f.bytes);
  std::vector<std::size_t> live;
  std::size_t next_start = 0, next_change = 0;
  double now_s = 0;
  while (next_start < s.flows.size() || !live.empty()) {
    const std::vector<double> rate = rates_of(s, capacity, live);
    double next_s = std::numeric_limits<double>::infinity();
    if (next_start < s.flows.size()) next_s = s.flows[next_start].start_s;
    if (next_change < s.changes.size()) next_s = std::min(next_s, s.changes[next_change].at_s);
    std::size_t first = s.flows.size();
    for (const std::size_t f : live) {
      if (rate[f] > 0 && now_s + left[f] / rate[f] < next_s) {
        next_s = now_s + left[f] / rate[f];
        first = f;
      }
    }
    for (const std::size_t f : live) left[f] -= rate[f] * (next_s - now_s);
    now_s = next_s;
    if (first < s.flows.size()) {
      end_s[first] = now_s;
      live.erase(std::find(live.begin(), live.end(), first));
    } else if (next_start < s.flows.size() && s.flows[next_start].start_s == now_s) {
      live.push_back(next_start++);
    } else {
      capacity[s.changes[next_change].link] = s.changes[next_change].capacity;
      ++next_change;
    }
  }
  return end_s;
}

struct Player : EventHandler, FlowListener {
  const System& system;
  EventQueue queue;
  std::unique_ptr<BundleEngine> engine;
  std::vector<LinkId> links;
  LinkId slow = kNoLink, fast = kNoLink;
  std::vector<double> end_s;

  Player(const System& s, double epsilon)
      : system(s),
        engine(make_bundle_engine(make_native_solver(), {.epsilon = epsilon})),
        end_s(s.flows.size(), -1) {
    for (const double c : s.capacity) {
      links.push_back(engine->add_link("l", BytesPerSecond(c), LinkKind::kVariable));
    }
    slow = engine->add_link("slow", BytesPerSecond(0.2e9), LinkKind::kPerFlowCap);
    fast = engine->add_link("fast", BytesPerSecond(1e9), LinkKind::kPerFlowCap);
    for (std::size_t c = 0; c < s.changes.size(); ++c) {
      queue.push({from_seconds(s.changes[c].at_s).count}, this, 1, c);
    }
    for (std::size_t f = 0; f < s.flows.size(); ++f) {
      queue.push({from_seconds(s.flows[f].start_s).count}, this, 0, f);
    }
    engine->run(queue, TimePoint{from_seconds(1e9).count}, {});
  }
  void on_event(TimePoint, std::uint32_t code, std::uint64_t arg) override {
    if (code == 1) {
      const Change& change = system.changes[arg];
      return engine->set_capacity(links[change.link], BytesPerSecond(change.capacity));
    }
    const TestFlow& flow = system.flows[arg];
    std::vector<LinkId> route;
    for (const std::uint32_t l : flow.links) route.push_back(links[l]);
    if (flow.cap > 0) route.push_back(flow.cap == 1e9 ? fast : slow);
    engine->start(Bytes(static_cast<std::uint64_t>(flow.bytes)), route, this, arg, flow.weight);
  }
  void on_flow_done(TimePoint now, std::uint64_t tag) override { end_s[tag] = to_seconds(now); }
};

}  // namespace

TEST_CASE("with epsilon 0 every flow ends when it does flow by flow, to 100 ns") {
  double worst_s = 0;
  std::uint64_t solves = 0, events = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const System system(seed, 120);
    const std::vector<double> expected = reference(system);
    const Player player(system, 0);
    for (std::size_t f = 0; f < expected.size(); ++f) {
      worst_s = std::max(worst_s, std::fabs(player.end_s[f] - expected[f]));
    }
    CHECK(player.engine->bundle_stats().staleness_max == 0);
    solves += player.engine->bundle_stats().solves;
    events += 2 * system.flows.size();
  }
  MESSAGE("worst " << worst_s * 1e9 << " ns; " << solves << " solves for " << events
                   << " starts and ends");
  CHECK(worst_s < 1e-7);
  CHECK(solves < events);  // starts at one date share one, and capped flows with room need none
}

TEST_CASE("with an epsilon rates are at most that stale") {
  for (const double epsilon : {0.02, 0.05, 0.2}) {
    double sum = 0, expected_sum = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const System system(seed, 600);
      const Player player(system, epsilon);
      const Player exact(system, 0);
      CHECK(player.engine->bundle_stats().staleness_max <= epsilon);
      CHECK(player.engine->bundle_stats().solves <= exact.engine->bundle_stats().solves);
      for (std::size_t f = 0; f < system.flows.size(); ++f) {
        sum += player.end_s[f] - system.flows[f].start_s;
        expected_sum += exact.end_s[f] - system.flows[f].start_s;
      }
    }
    MESSAGE("epsilon " << epsilon << ": mean time " << 100 * (sum / expected_sum - 1) << " %");
    CHECK(std::fabs(sum / expected_sum - 1) < epsilon / 10);
  }
}
