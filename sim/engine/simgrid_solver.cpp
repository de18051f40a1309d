// SimGrid as a solver of weighted max-min fairness. A class is one endless transfer whose weight is
// its population; nothing ever ends, so SimGrid only computes rates. Its clock is its own: solve()
// lets it step by a tick and reads the rates.
//
// The weight of a transfer in flight. SimGrid divides a link by 1 / penalty, and a transfer's
// penalty is the sum of the latencies of its route (with weight-S 0). All links have latency 0 but
// one that the class has to itself: setting that latency to k_ref / k gives the class weight k /
// k_ref. It is a weight and not a time: latency-factor 0 takes the delay out, TCP-gamma 1e18 the
// window.
//
// Traps, each asserted by tests/unit/simgrid/semantics_test.cpp:
//  - SimGrid adds *differences* of latencies to a penalty: rounding would pile up over millions
//    of changes. Penalties are multiples of 2^-36 and at most 2^17 apart: such sums are exact.
//  - A transfer can be suspended once: in 3.32 resume() does not make it so again. A class without
//    flows, or with a failed link, is parked instead: its own link gets next to no bandwidth. When
//    the parked ones are many they are cancelled, since SimGrid still counts them in.
//  - A link of bandwidth 0 constrains nothing: classes on it are parked.
//  - A transfer is bound for ever by the least bandwidth of its route at its start: links are wide
//    open at that moment.
//  - Nothing can be added to a sealed zone: links are made in zones of their own that share the
//    network model.

#include <algorithm>
#include <cmath>
#include <vector>

#include "policies/base/check.hpp"
#include "sim/engine/flow_solver.hpp"
#include "sim/engine/simgrid_setup.hpp"

namespace fleetcache::engine {
namespace {

namespace s4u = simgrid::s4u;

constexpr double kWideOpen = 1e18;        // bytes/s: never binds
constexpr double kEndlessBytes = 1.8e19;  // 2^64 and a little less: 5 days at 40 TB/s
constexpr double kParked = 1e-3;          // bytes/s: a class that has no flows
constexpr double kTick_s = 1e-4;          // more than the 1e-5 s within which run_until stops early
constexpr double kPenaltyMax = 131072;    // 2^17: what a class weighs at least, against the largest
constexpr double kPenaltyQuantum = 0x1p-36;

class SimGridSolver final : public FlowSolver {
 public:
  SimGridSolver() : engine_(configured_simgrid("Full")) {
    root_ = new RouteZone("classes");  // owned by SimGrid
    source_ = shim::create_host(*root_->get_iface(), "from");
    sink_ = shim::create_host(*root_->get_iface(), "to");
    pool_ = root_;
  }

  ~SimGridSolver() override {
    for (Class& c : classes_) {
      if (c.comm) c.comm->cancel();
    }
  }

  SolverLink add_link(std::string_view name, BytesPerSecond capacity) override {
    FLEETCACHE_CHECK(capacity.count >= 0 && std::isfinite(capacity.count), "a capacity is >= 0");
    const auto id = static_cast<SolverLink>(links_.size());
    Link& link = links_.emplace_back();
    link.capacity = capacity.count;
    link.handle = new_link(std::to_string(id) + ":" + std::string(name));
    if (link.capacity > 0) link.handle->set_bandwidth(link.capacity);
    return id;
  }

  SolverClass add_class(std::span<const SolverLink> route, BytesPerSecond cap) override {
    FLEETCACHE_CHECK(cap.count > 0, "a cap is > 0");
    FLEETCACHE_CHECK(!route.empty() || std::isfinite(cap.count), "a class needs a link or a cap");
    const auto id = static_cast<SolverClass>(classes_.size());
    Class& added = classes_.emplace_back();
    added.cap = cap.count;
    added.route.assign(route.begin(), route.end());
    for (const SolverLink link : route) {
      links_[link].classes.push_back(id);
      if (links_[link].capacity == 0) ++added.stopped_links;
    }
    return id;
  }

  void set_population(SolverClass id, double flows) override {
    FLEETCACHE_CHECK(flows >= 0 && std::isfinite(flows), "a population is >= 0");
    classes_[id].flows = flows;
    touch(id);
  }

  void set_capacity(SolverLink id, BytesPerSecond capacity) override {
    FLEETCACHE_CHECK(capacity.count >= 0 && std::isfinite(capacity.count), "a capacity is >= 0");
    Link& link = links_[id];
    const bool stopped = link.capacity == 0;
    const bool stops = capacity.count == 0;
    link.capacity = capacity.count;
    if (!stops) link.handle->set_bandwidth(link.capacity);
    if (stopped == stops) return;
    for (const SolverClass c : link.classes) {
      classes_[c].stopped_links += stops ? 1 : -1;
      touch(c);
    }
  }

  void solve() override {
    const bool rescaled = rescale();
    for (const SolverClass id : touched_) {
      update(id);
      classes_[id].touched = false;
    }
    if (rescaled) {
      for (const SolverClass id : running_) weigh(classes_[id]);
    }
    if (parked_.size() > running_.size() + 64) cancel_parked();
    engine_->run_until(s4u::Engine::get_clock() + kTick_s);
    cancelled_.clear();
    read_rates();
    touched_.clear();
  }

  BytesPerSecond rate(SolverClass id) const override { return BytesPerSecond(classes_[id].rate); }
  std::span<const SolverClass> changed() const override { return changed_; }

 private:
  struct Link {
    s4u::Link* handle = nullptr;
    double capacity = 0;
    std::vector<SolverClass> classes;
  };
  struct Class {
    s4u::CommPtr comm;  // null before its first flows, and after a sweep of parked classes
    s4u::Link* weight = nullptr;
    double flows = 0;
    double cap = 0;
    double rate = 0;
    std::vector<SolverLink> route;
    int stopped_links = 0;  // of capacity 0
    bool running = false;
    bool touched = false;
    bool listed = false;  // in running_
  };

  s4u::Link* new_link(const std::string& name) {
    if (sealed_) {  // by the first solve, and again by each one after an addition
      pool_ = new RouteZone("pool" + std::to_string(pools_++));
      pool_->set_network_model(root_->get_network_model());
      sealed_ = false;
    }
    return shim::create_link(*pool_->get_iface(), name, kWideOpen);
  }

  void touch(SolverClass id) {
    if (classes_[id].touched) return;
    classes_[id].touched = true;
    touched_.push_back(id);
  }

  /// Keeps the largest population's penalty near 1. True if all penalties change.
  bool rescale() {
    double most = 0;
    for (const SolverClass id : running_) most = std::max(most, classes_[id].flows);
    for (const SolverClass id : touched_) most = std::max(most, classes_[id].flows);
    if (most == 0 || (most <= reference_ && most > reference_ / 1024)) return false;
    int exponent = 0;  // the power of two at or above it, exactly
    const double fraction = std::frexp(most, &exponent);
    reference_ = std::ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
    return true;
  }

  void update(SolverClass id) {
    Class& c = classes_[id];
    const bool runs = c.flows > 0 && c.stopped_links == 0;
    if (runs) {
      if (!c.comm) start(c);
      c.weight->set_bandwidth(std::isfinite(c.cap) ? c.flows * c.cap : kWideOpen);
      if (!c.listed) running_.push_back(id);
      c.listed = true;
    } else if (c.running) {
      c.weight->set_bandwidth(kParked);
      parked_.push_back(id);
    }
    c.running = runs;
    weigh(c);
  }

  /// A class may have been parked twice, and may run again.
  void cancel_parked() {
    for (const SolverClass id : parked_) {
      Class& c = classes_[id];
      if (c.running || !c.comm) continue;
      c.comm->cancel();
      cancelled_.push_back(std::move(c.comm));  // SimGrid still looks at it during its next step
      c.weight->set_latency(0);
    }
    parked_.clear();
  }

  void weigh(Class& c) {
    if (!c.running) return;
    const double penalty = std::min(reference_ / c.flows, kPenaltyMax);
    c.weight->set_latency(std::round(penalty / kPenaltyQuantum) * kPenaltyQuantum);
  }

  void start(Class& c) {
    if (c.weight == nullptr) c.weight = new_link("w" + std::to_string(weights_++));
    c.weight->set_bandwidth(kWideOpen);
    root_->next_route.clear();
    for (const SolverLink link : c.route) {
      links_[link].handle->set_bandwidth(kWideOpen);
      root_->next_route.push_back(links_[link].handle->get_impl());
    }
    root_->next_route.push_back(c.weight->get_impl());
    c.comm = s4u::Comm::sendto_init();
    c.comm->set_payload_size(static_cast<std::uint64_t>(kEndlessBytes));
    c.comm->set_source(source_);
    c.comm->set_destination(sink_);  // the last setter starts it
    for (const SolverLink link : c.route) {
      links_[link].handle->set_bandwidth(links_[link].capacity);
    }
  }

  void read_rates() {
    sealed_ = true;
    changed_.clear();
    std::size_t kept = 0;
    for (const SolverClass id : running_) {
      Class& c = classes_[id];
      const double rate = c.running ? shim::usage(*c.weight) : 0;
      if (rate != c.rate) changed_.push_back(id);
      c.rate = rate;
      c.listed = c.running;
      if (c.listed) running_[kept++] = id;
    }
    running_.resize(kept);
    std::sort(changed_.begin(), changed_.end());
  }

  std::unique_ptr<s4u::Engine> engine_;
  RouteZone* root_ = nullptr;
  RouteZone* pool_ = nullptr;  // where links are made
  std::uint64_t pools_ = 0;
  std::uint64_t weights_ = 0;
  bool sealed_ = false;
  s4u::Host* source_ = nullptr;
  s4u::Host* sink_ = nullptr;
  double reference_ = 1;  // k_ref: the population of penalty 1
  std::vector<Link> links_;
  std::vector<Class> classes_;
  std::vector<SolverClass> running_;  // classes that run now or did at the last solve
  std::vector<SolverClass> touched_;
  std::vector<SolverClass> parked_;  // since the last sweep
  std::vector<s4u::CommPtr> cancelled_;
  std::vector<SolverClass> changed_;
};

}  // namespace

std::unique_ptr<FlowSolver> make_simgrid_solver() { return std::make_unique<SimGridSolver>(); }

}  // namespace fleetcache::engine
