#include <doctest/doctest.h>

#include <vector>

#include "sim/engine/flow_engine.hpp"

using namespace fleetcache;
using namespace fleetcache::engine;

TEST_CASE("every transfer takes the fixed delay whatever its size") {
  struct Probe : EventHandler, FlowListener {
    FlowEngine* engine = nullptr;
    LinkId link = kNoLink;
    std::vector<std::int64_t> ends;
    void on_event(TimePoint, std::uint32_t, std::uint64_t arg) override {
      engine->start(Bytes(arg), std::vector<LinkId>{link}, this, arg);
    }
    void on_flow_done(TimePoint now, std::uint64_t) override { ends.push_back(now.ns); }
  } probe;
  auto engine = make_fixed_delay_engine(Duration(1000));
  EventQueue queue;
  probe.engine = engine.get();
  probe.link = engine->add_link("l", BytesPerSecond(1));
  queue.push({0}, &probe, 0, 1);
  queue.push({10}, &probe, 0, 1'000'000'000);
  engine->run(queue, {1'000'000}, {});
  CHECK(probe.ends == std::vector<std::int64_t>{1000, 1010});
  CHECK(engine->link_bytes(probe.link) == 1'000'000'001);
}
