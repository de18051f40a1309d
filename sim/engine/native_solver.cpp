// Weighted progressive filling.
//
// All flows start at rate 0 and grow together; `level` is the rate that a growing flow has. A class
// stops growing when a link of its route is full, or when a flow reaches its cap. With w_l the
// number of growing flows on link l and left_l the capacity that stopped flows leave it, link l
// fills up at level left_l / w_l, and a class reaches its cap at level cap. Both are kept in one
// heap, and the least of them is what happens next.
//
// Why that is the weighted max-min allocation. (1) A level never falls: when a class of k flows
// stops at level v <= left_l / w_l, the link's next level is (left_l - k v) / (w_l - k) >= left_l /
// w_l. So the order of the heap is the order in time of the filling, and an entry that has become
// too small may wait in the heap and be put back when it is met. (2) No link is overfull: the last
// growing class on l stops at the latest at left_l / w_l, where what l carries is its capacity. (3)
// A class stopped by link l at level v has no flow on l with a higher rate than v, since a flow
// stopped later has left l's full link alone and flows stopped before had at most v: each class has
// a bottleneck, which is the criterion of max-min fairness (Bertsekas and Gallager, Data
// Networks, 6.5.2); the allocation is unique.
//
// Cost: a class stops once, which touches its links once; every touch leaves at most one entry to
// be put back. O(R log(L + C)) for R the sum of route lengths, L links and C classes that are live.

#include <algorithm>
#include <cmath>
#include <vector>

#include "policies/base/check.hpp"
#include "sim/engine/flow_solver.hpp"

namespace fleetcache::engine {
namespace {

class NativeSolver final : public FlowSolver {
 public:
  SolverLink add_link(std::string_view, BytesPerSecond capacity) override {
    FLEETCACHE_CHECK(capacity.count >= 0 && std::isfinite(capacity.count), "a capacity is >= 0");
    links_.emplace_back().capacity = capacity.count;
    return static_cast<SolverLink>(links_.size() - 1);
  }

  SolverClass add_class(std::span<const SolverLink> route, BytesPerSecond cap) override {
    FLEETCACHE_CHECK(cap.count > 0, "a cap is > 0");
    FLEETCACHE_CHECK(!route.empty() || std::isfinite(cap.count), "a class needs a link or a cap");
    const auto id = static_cast<SolverClass>(classes_.size());
    Class& added = classes_.emplace_back();
    added.cap = cap.count;
    added.route.assign(route.begin(), route.end());
    for (const SolverLink link : route) links_[link].classes.push_back(id);
    return id;
  }

  void set_population(SolverClass id, double flows) override {
    FLEETCACHE_CHECK(flows >= 0 && std::isfinite(flows), "a population is >= 0");
    Class& c = classes_[id];
    if (flows > 0 && !c.listed) {
      c.listed = true;
      live_.push_back(id);
    }
    c.flows = flows;
  }

  void set_capacity(SolverLink id, BytesPerSecond capacity) override {
    FLEETCACHE_CHECK(capacity.count >= 0 && std::isfinite(capacity.count), "a capacity is >= 0");
    links_[id].capacity = capacity.count;
  }

  void solve() override {
    heap_.clear();
    used_.clear();
    for (const SolverClass id : live_) open(id);
    for (const SolverLink id : used_) {
      if (links_[id].growing_classes > 0) heap_.push_back({level(links_[id]), id, true});
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    while (!heap_.empty()) fill_next();
    collect_changes();
  }

  BytesPerSecond rate(SolverClass id) const override { return BytesPerSecond(classes_[id].rate); }
  std::span<const SolverClass> changed() const override { return changed_; }

 private:
  struct Link {
    double capacity = 0;
    std::vector<SolverClass> classes;
    // During a solve:
    double left = 0;     // capacity that stopped classes leave
    double growing = 0;  // flows that still grow
    std::uint32_t growing_classes = 0;
    bool used = false;
  };
  struct Class {
    double flows = 0;
    double cap = 0;
    double rate = 0;
    double next_rate = 0;
    std::vector<SolverLink> route;
    bool growing = false;
    bool listed = false;  // in live_
  };
  /// Something that stops growth: a link that fills up, or a class that reaches its cap.
  struct Stop {
    double level;
    std::uint32_t id;
    bool is_link;
  };

  static bool later(const Stop& a, const Stop& b) {
    if (a.level != b.level) return a.level > b.level;
    if (a.is_link != b.is_link) return !a.is_link;  // links first
    return a.id > b.id;
  }

  static double level(const Link& link) { return std::max(link.left, 0.0) / link.growing; }

  void open(SolverClass id) {
    Class& c = classes_[id];
    c.next_rate = 0;
    c.growing = c.flows > 0;
    for (const SolverLink link : c.route) c.growing = c.growing && links_[link].capacity > 0;
    if (!c.growing) return;
    for (const SolverLink link_id : c.route) {
      Link& link = links_[link_id];
      if (!link.used) {
        link.used = true;
        link.left = link.capacity;
        link.growing = 0;
        link.growing_classes = 0;
        used_.push_back(link_id);
      }
      link.growing += c.flows;
      ++link.growing_classes;
    }
    if (std::isfinite(c.cap)) heap_.push_back({c.cap, id, false});
  }

  void fill_next() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Stop next = heap_.back();
    heap_.pop_back();
    if (!next.is_link) {
      if (classes_[next.id].growing) stop(classes_[next.id], next.level);
      return;
    }
    Link& link = links_[next.id];
    if (link.growing_classes == 0) return;
    const double now = level(link);
    if (now > next.level) {  // classes stopped since: it fills up later
      heap_.push_back({now, next.id, true});
      std::push_heap(heap_.begin(), heap_.end(), later);
      return;
    }
    for (const SolverClass id : link.classes) {
      if (classes_[id].growing) stop(classes_[id], next.level);
    }
  }

  void stop(Class& c, double at) {
    c.growing = false;
    c.next_rate = c.flows * at;
    for (const SolverLink link_id : c.route) {
      Link& link = links_[link_id];
      link.left -= c.next_rate;
      link.growing -= c.flows;
      --link.growing_classes;
      // Populations differ by orders of magnitude: what is left of a difference is summed afresh.
      if (link.growing_classes > 0 && link.growing < 1e-6 * c.flows) recount(link);
    }
  }

  void recount(Link& link) {
    link.growing = 0;
    for (const SolverClass id : link.classes) {
      if (classes_[id].growing) link.growing += classes_[id].flows;
    }
  }

  void collect_changes() {
    for (const SolverLink id : used_) links_[id].used = false;
    changed_.clear();
    std::size_t kept = 0;
    for (const SolverClass id : live_) {
      Class& c = classes_[id];
      if (c.rate != c.next_rate) changed_.push_back(id);
      c.rate = c.next_rate;
      c.listed = c.flows > 0;
      if (c.listed) live_[kept++] = id;
    }
    live_.resize(kept);
    std::sort(changed_.begin(), changed_.end());
  }

  std::vector<Link> links_;
  std::vector<Class> classes_;
  std::vector<SolverClass> live_;  // classes with flows now or at the last solve
  std::vector<SolverLink> used_;
  std::vector<Stop> heap_;
  std::vector<SolverClass> changed_;
};

}  // namespace

std::unique_ptr<FlowSolver> make_native_solver() { return std::make_unique<NativeSolver>(); }

}  // namespace fleetcache::engine
