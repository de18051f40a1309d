#include "sim/engine/bundle_engine.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "policies/base/check.hpp"
#include "sim/engine/agenda.hpp"
#include "sim/engine/class_table.hpp"
#include "sim/engine/flow_class.hpp"

namespace fleetcache::engine {
namespace {

class Bundles final : public BundleEngine {
 public:
  Bundles(std::unique_ptr<FlowSolver> solver, const BundleOptions& options)
      : solver_(std::move(solver)), options_(options) {
    FLEETCACHE_CHECK(options.epsilon >= 0 && options.epsilon < 1, "0 <= epsilon < 1");
  }

  LinkId add_link(std::string_view name, BytesPerSecond capacity, LinkKind kind) override {
    FLEETCACHE_CHECK(capacity.count > 0, "a link needs a positive capacity");
    FLEETCACHE_CHECK(kind != LinkKind::kFifo, "bundles share their links, they do not queue");
    Link& link = links_.emplace_back();
    link.kind = kind;
    link.peak = link.capacity = capacity;
    if (kind != LinkKind::kPerFlowCap) link.solver = solver_->add_link(name, capacity);
    return static_cast<LinkId>(links_.size() - 1);
  }

  void set_capacity(LinkId id, BytesPerSecond capacity) override {
    Link& link = links_[id];
    FLEETCACHE_CHECK(link.kind == LinkKind::kVariable, "only a variable link changes its capacity");
    FLEETCACHE_CHECK(capacity.count >= 0 && capacity <= link.peak, "between 0 and the peak");
    if (capacity == link.capacity) return;
    link.capacity = capacity;
    solver_->set_capacity(link.solver, capacity);
    solve_due_ = true;
  }

  void start(Bytes bytes, std::span<const LinkId> route, FlowListener* listener, std::uint64_t tag,
             double weight) override {
    FLEETCACHE_CHECK(bytes.count > 0 && !route.empty(), "a flow needs bytes and a route");
    FLEETCACHE_CHECK(weight > 0 && std::isfinite(weight),
                     "a flow stands for a number of transfers");
    const std::uint32_t slot = take_slot();
    Flow& flow = flows_[slot];
    flow.listener = listener;
    flow.tag = tag;
    flow.weight = weight;
    flow.total_bytes =
        static_cast<std::uint64_t>(std::llround(static_cast<double>(bytes.count) * weight));
    if (weight == 1) flow.total_bytes = bytes.count;
    flow.kind = class_of(route);
    flow.caps = caps_of(classes_[flow.kind], route);
    stats_.bytes_started += flow.total_bytes;
    const std::uint64_t order = ++stats_.started;
    stats_.live_max = std::max(stats_.live_max, stats_.started - stats_.finished);
    Class& c = classes_[flow.kind];
    advance(c);
    const bool room = stays_capped(c, weight * c.flows.cap());
    c.flows.join(static_cast<double>(bytes.count), weight, order, slot);
    population_changed(flow.kind, room);
  }

  void run(EventQueue& queue, TimePoint horizon, const std::function<bool()>& stop) override {
    FLEETCACHE_CHECK(queue_ == nullptr, "run() is called once");
    queue_ = &queue;
    while (true) {
      const TimePoint end = agenda_.empty() ? TimePoint{FlowClass::kNever} : agenda_.first_date();
      const TimePoint event = queue.empty() ? TimePoint{FlowClass::kNever} : queue.top().at;
      const TimePoint next = std::min(end, event);
      if (solve_due_ && next > queue.now()) {  // after everything that happens at this date
        solve();
        continue;
      }
      if (queue.empty() && stats_.started == stats_.finished) return;
      if (next >= horizon) return queue.advance(std::max(horizon, queue.now()));
      if (end <= event) {
        queue.advance(end);
        deliver_ends();
        continue;
      }
      if (stop && stop()) return;
      const Event popped = queue.pop();
      popped.handler->on_event(popped.at, popped.code, popped.arg);
    }
  }

  std::uint64_t link_bytes(LinkId id) const override {
    std::uint64_t bytes = 0;
    for (const std::uint32_t c : links_[id].classes) {
      if (links_[id].kind != LinkKind::kPerFlowCap) {
        for (const CapSet& caps : classes_[c].cap_sets) bytes += caps.bytes;
        continue;
      }
      for (const CapSet& caps : classes_[c].cap_sets) {
        if (std::find(caps.links.begin(), caps.links.end(), id) != caps.links.end()) {
          bytes += caps.bytes;
        }
      }
    }
    return bytes;
  }
  BytesPerSecond link_usage(LinkId id) const override {
    BytesPerSecond usage(0);
    for (const std::uint32_t c : links_[id].classes) {
      const FlowClass& flows = classes_[c].flows;
      usage += BytesPerSecond(flows.flow_rate() * flows.population());
    }
    return usage;
  }
  BytesPerSecond link_capacity(LinkId id) const override { return links_[id].capacity; }
  const FlowStats& stats() const override { return stats_; }
  const BundleStats& bundle_stats() const override { return bundle_stats_; }

 private:
  struct Link {
    LinkKind kind = LinkKind::kShared;
    SolverLink solver = 0;
    BytesPerSecond peak;
    BytesPerSecond capacity;
    double load = 0;                     // bytes/s of its classes
    std::vector<std::uint32_t> classes;  // with flows over it
  };
  /// Cap links that a route had besides; all flows of a class have one cap, but perhaps from
  /// different links, and bytes are counted by link.
  struct CapSet {
    std::vector<LinkId> links;
    std::uint64_t bytes = 0;  // of finished flows
  };
  struct Class {
    FlowClass flows;
    SolverClass solver;
    std::vector<LinkId> links;  // shared ones
    std::vector<CapSet> cap_sets;
    double told = 0;       // population that the solver knows
    double load = 0;       // bytes/s that its links count for it
    bool touched = false;  // population changed since the last solve
  };
  struct Flow {
    FlowListener* listener = nullptr;
    std::uint64_t tag = 0;
    std::uint64_t total_bytes = 0;
    double weight = 1;
    std::uint32_t kind = 0;  // its class
    std::uint32_t caps = 0;  // its CapSet
  };
  struct End {
    std::uint64_t order;
    std::uint32_t slot;
  };

  std::uint32_t take_slot() {
    if (free_.empty()) {
      flows_.emplace_back();
      return static_cast<std::uint32_t>(flows_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  std::uint32_t class_of(std::span<const LinkId> route) {
    shared_.clear();
    double cap = kUncapped.count;
    for (const LinkId id : route) {
      if (links_[id].kind == LinkKind::kPerFlowCap) {
        cap = std::min(cap, links_[id].capacity.count);
      } else {
        shared_.push_back(id);
      }
    }
    std::sort(shared_.begin(), shared_.end());
    const std::uint32_t found = class_ids_.find(shared_, cap);
    return found != ClassTable::kAbsent ? found : new_class(cap);
  }

  std::uint32_t new_class(double cap) {
    const std::uint32_t id = class_ids_.enter(shared_, cap);
    std::vector<SolverLink> route;
    for (const LinkId link : shared_) {
      route.push_back(links_[link].solver);
      links_[link].classes.push_back(id);
    }
    const SolverClass solver = solver_->add_class(route, BytesPerSecond(cap));
    // A change of rate is told by the solver's id: the ids are the same by construction.
    FLEETCACHE_CHECK(solver == id, "the solver has classes of somebody else");
    classes_.push_back({FlowClass(cap), solver, shared_, {}});
    ++bundle_stats_.classes;
    return id;
  }

  std::uint32_t caps_of(Class& c, std::span<const LinkId> route) {
    caps_.clear();
    for (const LinkId id : route) {
      if (links_[id].kind == LinkKind::kPerFlowCap) caps_.push_back(id);
    }
    std::sort(caps_.begin(), caps_.end());
    for (std::uint32_t i = 0; i < c.cap_sets.size(); ++i) {
      if (c.cap_sets[i].links == caps_) return i;
    }
    c.cap_sets.push_back({caps_, 0});
    const auto id = static_cast<std::uint32_t>(&c - classes_.data());
    for (const LinkId link : caps_) {
      std::vector<std::uint32_t>& users = links_[link].classes;
      if (std::find(users.begin(), users.end(), id) == users.end()) users.push_back(id);
    }
    return static_cast<std::uint32_t>(c.cap_sets.size() - 1);
  }

  TimePoint now() const { return queue_ == nullptr ? TimePoint{} : queue_->now(); }

  void advance(Class& c) {
    bundle_stats_.staleness_max = std::max(bundle_stats_.staleness_max, c.flows.advance(now()));
  }

  /// True when all flows of the class are at their caps and `more` bytes/s would leave room on all
  /// its links. Then a start or an end in it changes nobody's rate: no link of it is full before or
  /// after, so none is a bottleneck, and whoever shares a link with it is held back elsewhere.
  bool stays_capped(const Class& c, double more) const {
    if (solve_due_ || !(c.flows.capped() || c.flows.empty())) return false;
    for (const LinkId id : c.links) {
      const Link& link = links_[id];
      if (link.load + more > link.capacity.count * (1 - 1e-9)) return false;
    }
    return std::isfinite(c.flows.cap());
  }

  void set_load(Class& c, double load) {
    if (load == c.load) return;
    for (const LinkId id : c.links) links_[id].load += load - c.load;
    c.load = load;
  }

  /// After a join or a leaving. `room`: stays_capped() said so before it.
  void population_changed(std::uint32_t id, bool room) {
    Class& c = classes_[id];
    if (!c.touched) {
      c.touched = true;
      touched_.push_back(id);
    }
    if (room) {
      c.flows.settle_at_cap();
      set_load(c, c.flows.population() * c.flows.cap());
    } else if (c.flows.stale(options_.epsilon)) {
      solve_due_ = true;
    }
    arm(id);
  }

  void arm(std::uint32_t id) {
    const TimePoint end = classes_[id].flows.first_end();
    if (end.ns == FlowClass::kNever) {
      agenda_.erase(id);
    } else {
      agenda_.set(id, end);
    }
  }

  void solve() {
    solve_due_ = false;
    ++bundle_stats_.solves;
    for (const std::uint32_t id : touched_) {
      Class& c = classes_[id];
      c.touched = false;
      advance(c);  // the staleness until now is that of the old population
      c.flows.mark_solved();
      if (c.told != c.flows.population()) {
        c.told = c.flows.population();
        solver_->set_population(c.solver, c.told);
        ++bundle_stats_.reweights;
      }
      reweighted_.push_back(id);
    }
    touched_.clear();
    solver_->solve();
    for (const SolverClass id : solver_->changed()) take_rate(id);
    bundle_stats_.rate_changes += solver_->changed().size();
    // A population may have changed and the rate of its class not: whether it is capped may differ.
    for (const std::uint32_t id : reweighted_) take_rate(id);
    reweighted_.clear();
  }

  void take_rate(std::uint32_t id) {
    Class& c = classes_[id];
    advance(c);
    const double rate = solver_->rate(c.solver).count;
    c.flows.set_rate(rate);
    set_load(c, rate);
    arm(id);
  }

  /// All flows that end now, in the order of their starts.
  void deliver_ends() {
    ends_.clear();
    while (!agenda_.empty() && agenda_.first_date() <= now()) {
      const std::uint32_t id = agenda_.first_id();
      Class& c = classes_[id];
      advance(c);
      const bool room = stays_capped(c, 0);
      while (c.flows.first_end() <= now()) {
        const FlowClass::Member first = c.flows.first();
        ends_.push_back({first.order, first.slot});
        c.flows.leave_first(flows_[first.slot].weight);
      }
      population_changed(id, room);
    }
    std::sort(ends_.begin(), ends_.end(),
              [](const End& a, const End& b) { return a.order < b.order; });
    for (const End& end : ends_) {
      const Flow flow = flows_[end.slot];
      free_.push_back(end.slot);
      classes_[flow.kind].cap_sets[flow.caps].bytes += flow.total_bytes;
      ++stats_.finished;
      stats_.bytes_finished += flow.total_bytes;
      flow.listener->on_flow_done(now(), flow.tag);
    }
  }

  std::unique_ptr<FlowSolver> solver_;
  BundleOptions options_;
  std::vector<Link> links_;
  std::vector<Class> classes_;
  ClassTable class_ids_;
  std::vector<Flow> flows_;
  std::vector<std::uint32_t> free_;
  Agenda agenda_;
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint32_t> reweighted_;
  std::vector<End> ends_;
  std::vector<LinkId> shared_;  // scratch
  std::vector<LinkId> caps_;    // scratch
  bool solve_due_ = false;
  EventQueue* queue_ = nullptr;
  FlowStats stats_;
  BundleStats bundle_stats_;
};

}  // namespace

std::unique_ptr<BundleEngine> make_bundle_engine(std::unique_ptr<FlowSolver> solver,
                                                 const BundleOptions& options) {
  return std::make_unique<Bundles>(std::move(solver), options);
}

}  // namespace fleetcache::engine
