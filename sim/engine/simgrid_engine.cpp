// SimGrid as a fluid-rate oracle: no actors, no disks, one flat zone with two hosts. Routes are not
// SimGrid's business either: the caller names the links, and the zone hands them over.

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "policies/base/check.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/engine/simgrid_setup.hpp"

namespace fleetcache::engine {
namespace {

namespace s4u = simgrid::s4u;
using simgrid::kernel::resource::StandardLinkImpl;
using simgrid::kernel::timer::Timer;

class SimGridEngine;
SimGridEngine* the_engine = nullptr;  // SimGrid's completion signal is static: one engine a process

class SimGridEngine final : public FlowEngine {
 public:
  explicit SimGridEngine(SimGridOptim optim)
      : engine_(configured_simgrid(optim == SimGridOptim::kLazy ? "Lazy" : "Full")) {
    the_engine = this;
    zone_ = new RouteZone("fleet");  // owned by SimGrid
    source_ = shim::create_host(*zone_->get_iface(), "from");
    sink_ = shim::create_host(*zone_->get_iface(), "to");
    s4u::Activity::on_completion_cb(
        [](const s4u::Activity& activity) { the_engine->on_completion(activity); });
  }

  LinkId add_link(std::string_view name, BytesPerSecond capacity, LinkKind kind) override {
    FLEETCACHE_CHECK(capacity.count > 0, "a link needs a positive capacity");
    FLEETCACHE_CHECK(!running_, "links are added before the run");
    // The number makes the name unique, which SimGrid demands.
    const auto id = static_cast<LinkId>(links_.size());
    Link& link = links_.emplace_back();
    link.peak = link.effective = capacity.count;
    link.handle = shim::create_link(*zone_->get_iface(),
                                    std::to_string(id) + ":" + std::string(name), capacity.count);
    link.impl = link.handle->get_impl();
    if (kind == LinkKind::kFifo) {
      link.handle->set_concurrency_limit(1);
    } else if (kind == LinkKind::kPerFlowCap) {
      // A flow is bound by the smallest bandwidth of its route at its start; the constraint itself
      // is made too wide to bind, so the cap holds for each flow by itself.
      link.handle->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                                      [](double, int) { return 1e18; });
    } else if (kind == LinkKind::kVariable) {
      // The bound of a flow is frozen at its start, so the bandwidth stays at the peak and the
      // callback says what is left of it.
      link.variable = true;
      link.handle->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                                      [&link](double, int) { return link.effective; });
    }
    return id;
  }

  void set_capacity(LinkId id, BytesPerSecond capacity) override {
    Link& link = links_[id];
    FLEETCACHE_CHECK(link.variable, "only a variable link changes its capacity");
    FLEETCACHE_CHECK(capacity.count > 0 && capacity.count <= link.peak, "between 0 and the peak");
    link.effective = capacity.count;
    link.handle->set_bandwidth(link.peak);  // marks the constraint as modified: solved again
  }

  void start(Bytes bytes, std::span<const LinkId> route, FlowListener* listener, std::uint64_t tag,
             double weight) override {
    FLEETCACHE_CHECK(bytes.count > 0 && !route.empty(), "a flow needs bytes and a route");
    FLEETCACHE_CHECK(weight == 1, "here every transfer is a flow of its own");
    if (stopping_) return;
    const std::uint32_t slot = take_slot();
    Flow& flow = flows_[slot];
    flow.listener = listener;
    flow.tag = tag;
    flow.bytes = bytes.count;
    flow.order = ++stats_.started;
    flow.route.assign(route.begin(), route.end());
    stats_.bytes_started += bytes.count;
    stats_.live_max = std::max(stats_.live_max, stats_.started - stats_.finished);
    zone_->next_route.clear();
    for (const LinkId id : route) zone_->next_route.push_back(links_[id].impl);
    s4u::CommPtr comm = s4u::Comm::sendto_init();
    comm->set_data(reinterpret_cast<void*>(static_cast<std::uintptr_t>(slot) + 1));
    flow.comm = comm;
    comm->set_payload_size(static_cast<double>(bytes.count));
    comm->set_source(source_);
    comm->set_destination(sink_);  // the last setter starts it
  }

  void run(EventQueue& queue, TimePoint horizon, const std::function<bool()>& stop) override {
    FLEETCACHE_CHECK(!running_, "run() is called once");
    running_ = true;
    queue_ = &queue;
    horizon_ = horizon;
    stop_ = &stop;
    arm();
    engine_->run();
    if (timer_ != nullptr) timer_->remove();
    timer_ = nullptr;
  }

  std::uint64_t link_bytes(LinkId id) const override { return links_[id].bytes; }
  BytesPerSecond link_usage(LinkId id) const override {
    return BytesPerSecond(shim::usage(*links_[id].handle));
  }
  BytesPerSecond link_capacity(LinkId id) const override {
    return BytesPerSecond(links_[id].effective);
  }
  const FlowStats& stats() const override { return stats_; }

 private:
  struct Link {
    s4u::Link* handle = nullptr;
    StandardLinkImpl* impl = nullptr;
    double peak = 0;
    double effective = 0;
    std::uint64_t bytes = 0;
    bool variable = false;
  };
  struct Flow {
    s4u::CommPtr comm;
    FlowListener* listener = nullptr;
    std::uint64_t tag = 0;
    std::uint64_t bytes = 0;
    std::uint64_t order = 0;
    std::vector<LinkId> route;
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

  // Called by SimGrid, possibly several times at one date and twice for a cancelled flow. Ends are
  // only collected here: they are delivered in the order of their starts by `wake`.
  void on_completion(const s4u::Activity& activity) {
    if (stopping_) return;
    const auto slot =
        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(activity.get_data<void>()) - 1);
    ended_.push_back(slot);
    if (ended_.size() == 1) Timer::set(s4u::Engine::get_clock(), [this] { wake(); });
  }

  TimePoint clock() const {
    const TimePoint t{from_seconds(s4u::Engine::get_clock()).count};
    return std::max(t, queue_->now());
  }

  void deliver_ends() {
    std::vector<std::uint32_t> ends;
    ends.swap(ended_);
    std::sort(ends.begin(), ends.end(), [this](std::uint32_t a, std::uint32_t b) {
      return flows_[a].order < flows_[b].order;
    });
    const TimePoint now = clock();
    queue_->advance(now);
    for (const std::uint32_t slot : ends) {
      Flow& flow = flows_[slot];
      for (const LinkId id : flow.route) links_[id].bytes += flow.bytes;
      ++stats_.finished;
      stats_.bytes_finished += flow.bytes;
      FlowListener* const listener = flow.listener;
      const std::uint64_t tag = flow.tag;
      flow.comm = nullptr;
      free_.push_back(slot);
      listener->on_flow_done(now, tag);
    }
  }

  void wake() {
    if (stopping_) return;
    if (!ended_.empty()) deliver_ends();
    const TimePoint now = clock();
    while (!queue_->empty() && queue_->top().at <= now) {
      if (queue_->top().at >= horizon_ || (*stop_ && (*stop_)())) return stop_now();
      const Event event = queue_->pop();
      event.handler->on_event(event.at, event.code, event.arg);
    }
    if (now >= horizon_) return stop_now();
    arm();
  }

  // One pending SimGrid timer, for the head of the queue or the horizon.
  void arm() {
    const TimePoint head = queue_->empty() ? horizon_ : std::min(queue_->top().at, horizon_);
    if (queue_->empty() && stats_.started == stats_.finished) return;  // nothing is left to happen
    if (timer_ != nullptr) {
      if (armed_for_ == head) return;
      timer_->remove();
    }
    armed_for_ = head;
    timer_ = Timer::set(to_seconds(head), [this] {
      timer_ = nullptr;
      wake();
    });
  }

  // Ends engine_->run() by leaving it nothing to do.
  void stop_now() {
    stopping_ = true;
    queue_->advance(std::max(queue_->now(), std::min(clock(), horizon_)));
    for (Flow& flow : flows_) {
      if (flow.comm) flow.comm->cancel();  // SimGrid still looks at it: the reference is kept
    }
  }

  std::unique_ptr<s4u::Engine> engine_;
  RouteZone* zone_ = nullptr;
  s4u::Host* source_ = nullptr;
  s4u::Host* sink_ = nullptr;
  std::deque<Link> links_;  // callbacks hold addresses
  std::vector<Flow> flows_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> ended_;
  FlowStats stats_;
  EventQueue* queue_ = nullptr;
  const std::function<bool()>* stop_ = nullptr;
  Timer* timer_ = nullptr;
  TimePoint armed_for_;
  TimePoint horizon_;
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<FlowEngine> make_simgrid_engine(SimGridOptim optim) {
  return std::make_unique<SimGridEngine>(optim);
}

}  // namespace fleetcache::engine
