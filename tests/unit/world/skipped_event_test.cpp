// Negative control: a run that skips an event of the plan, as one that steps over time may do, is
// caught by its own books.
#include <doctest/doctest.h>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// The real engine, but what is due at 5 s when the run begins never happens.
class Skips : public engine::FlowEngine {
 public:
  engine::LinkId add_link(std::string_view name, BytesPerSecond capacity,
                          engine::LinkKind kind) override {
    return inner_->add_link(name, capacity, kind);
  }
  void set_capacity(engine::LinkId link, BytesPerSecond capacity) override {
    inner_->set_capacity(link, capacity);
  }
  void start(Bytes bytes, std::span<const engine::LinkId> route, engine::FlowListener* listener,
             std::uint64_t tag, double weight) override {
    inner_->start(bytes, route, listener, tag, weight);
  }
  void run(engine::EventQueue& queue, TimePoint horizon,
           const std::function<bool()>& stop) override {
    // Read off a copy: a queue does not go back in time.
    engine::EventQueue kept, all = queue;
    while (!all.empty()) {
      const engine::Event event = all.pop();
      if (event.at == TimePoint{from_seconds(5).count}) continue;
      kept.push(event.at, event.handler, event.code, event.arg, event.priority);
    }
    queue = kept;
    inner_->run(queue, horizon, stop);
  }
  std::uint64_t link_bytes(engine::LinkId link) const override { return inner_->link_bytes(link); }
  BytesPerSecond link_usage(engine::LinkId link) const override { return inner_->link_usage(link); }
  BytesPerSecond link_capacity(engine::LinkId link) const override {
    return inner_->link_capacity(link);
  }
  const engine::FlowStats& stats() const override { return inner_->stats(); }

 protected:
  std::unique_ptr<engine::FlowEngine> inner_ = engine::make_simgrid_engine();
};

/// Ends at 4 s whatever the horizon: what comes later never happens.
class StopsEarly final : public Skips {
 public:
  void run(engine::EventQueue& queue, TimePoint, const std::function<bool()>& stop) override {
    inner_->run(queue, TimePoint{from_seconds(4).count}, stop);
  }
};

template <class Engine>
Outcome run_skipping(double at_s) {
  auto s = tiny_training(4, 40, 60);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  s.events = {{from_seconds(at_s), scenario::EventKind::kFailNode, "r", 1, from_seconds(2), 0}};
  RunOptions options;
  options.make_engine = [] { return std::make_unique<Engine>(); };
  return run_forked(s, options);
}

}  // namespace

TEST_CASE("a skipped event breaks the count of events and the absence of nodes") {
  CHECK(run_skipping<Skips>(6).broken == "");  // nothing is due at 5 s
  const std::string broken = run_skipping<Skips>(5).broken;
  CHECK(broken.find("events planned = events played") != std::string::npos);
  CHECK(broken.find("absence of nodes") != std::string::npos);
}

TEST_CASE("a skipped end of an event is seen as well") {
  const std::string broken = run_skipping<StopsEarly>(3).broken;  // ends at 5 s
  CHECK(broken.find("events planned = events played") != std::string::npos);
  CHECK(broken.find("absence of nodes") != std::string::npos);
}
