// Transfers that take one fixed time each: what is left of a run is the cost of our own code.

#include <algorithm>
#include <deque>
#include <vector>

#include "policies/base/check.hpp"
#include "sim/engine/flow_engine.hpp"

namespace fleetcache::engine {
namespace {

class FixedDelayEngine final : public FlowEngine, private EventHandler {
 public:
  explicit FixedDelayEngine(Duration delay) : delay_(delay) {}

  LinkId add_link(std::string_view, BytesPerSecond capacity, LinkKind) override {
    FLEETCACHE_CHECK(capacity.count > 0, "a link needs a positive capacity");
    bytes_.push_back(0);
    capacity_.push_back(capacity);
    return static_cast<LinkId>(bytes_.size() - 1);
  }
  void set_capacity(LinkId, BytesPerSecond) override {}

  void start(Bytes bytes, std::span<const LinkId> route, FlowListener* listener, std::uint64_t tag,
             double weight) override {
    FLEETCACHE_CHECK(bytes.count > 0 && !route.empty(), "a flow needs bytes and a route");
    FLEETCACHE_CHECK(weight == 1, "here every transfer is a flow of its own");
    ++stats_.started;
    stats_.bytes_started += bytes.count;
    stats_.live_max = std::max(stats_.live_max, stats_.started - stats_.finished);
    // Equal delays end in the order of their starts: a queue is enough.
    live_.push_back({listener, tag, bytes.count, {route.begin(), route.end()}});
    queue_->push(queue_->now() + delay_, this, 0);
  }

  void run(EventQueue& queue, TimePoint horizon, const std::function<bool()>& stop) override {
    queue_ = &queue;
    while (!queue.empty()) {
      if (queue.top().at >= horizon) {
        queue.advance(horizon);
        return;
      }
      if (stop && stop()) return;
      const Event event = queue.pop();
      event.handler->on_event(event.at, event.code, event.arg);
    }
  }

  std::uint64_t link_bytes(LinkId id) const override { return bytes_[id]; }
  BytesPerSecond link_usage(LinkId) const override { return BytesPerSecond(0); }
  BytesPerSecond link_capacity(LinkId id) const override { return capacity_[id]; }
  const FlowStats& stats() const override { return stats_; }

 private:
  struct Flow {
    FlowListener* listener;
    std::uint64_t tag;
    std::uint64_t bytes;
    std::vector<LinkId> route;
  };

  void on_event(TimePoint now, std::uint32_t, std::uint64_t) override {
    const Flow flow = std::move(live_.front());
    live_.pop_front();
    for (const LinkId id : flow.route) bytes_[id] += flow.bytes;
    ++stats_.finished;
    stats_.bytes_finished += flow.bytes;
    flow.listener->on_flow_done(now, flow.tag);
  }

  Duration delay_;
  EventQueue* queue_ = nullptr;
  std::deque<Flow> live_;
  std::vector<std::uint64_t> bytes_;
  std::vector<BytesPerSecond> capacity_;
  FlowStats stats_;
};

}  // namespace

std::unique_ptr<FlowEngine> make_fixed_delay_engine(Duration delay) {
  return std::make_unique<FixedDelayEngine>(delay);
}

}  // namespace fleetcache::engine
