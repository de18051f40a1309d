// One SimGrid engine per process, so this file is one story on one clock: each transfer group
// starts at its own date on its own links.
#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "sim/engine/flow_engine.hpp"

using namespace fleetcache;
using namespace fleetcache::engine;

namespace {

struct Story : EventHandler, FlowListener {
  EventQueue queue;
  std::unique_ptr<FlowEngine> engine = make_simgrid_engine();
  std::vector<std::function<void()>> acts;
  std::map<std::uint64_t, double> end_s;

  void at(double seconds, std::function<void()> act) {
    acts.push_back(std::move(act));
    queue.push({from_seconds(seconds).count}, this, 0, acts.size() - 1);
  }
  void on_event(TimePoint, std::uint32_t, std::uint64_t arg) override { acts[arg](); }
  void on_flow_done(TimePoint now, std::uint64_t tag) override { end_s[tag] = to_seconds(now); }
  void flow(std::uint64_t tag, double bytes, std::vector<LinkId> route) {
    engine->start(Bytes(static_cast<std::uint64_t>(bytes)), route, this, tag);
  }
};

}  // namespace

TEST_CASE(
    "flows share links max-min fairly, are capped one by one, and follow a changed capacity") {
  Story s;
  const LinkId l1 = s.engine->add_link("l1", BytesPerSecond(10e9));
  const LinkId l2 = s.engine->add_link("l2", BytesPerSecond(8e9));
  const LinkId wide = s.engine->add_link("wide", BytesPerSecond(1e12));
  const LinkId cap = s.engine->add_link("cap", BytesPerSecond(0.2e9), LinkKind::kPerFlowCap);
  const LinkId throttled =
      s.engine->add_link("throttled", BytesPerSecond(1e9), LinkKind::kVariable);
  const LinkId busy = s.engine->add_link("busy", BytesPerSecond(1e6));

  // Parking lot: on l2 three flows get 8/3 each; the flow on l1 alone gets the rest, 10 - 8/3.
  // 8 GB over 8/3 GB/s takes 3 s; 22 GB over 22/3 GB/s takes 3 s.
  s.at(0, [&] {
    s.flow(1, 8e9, {l1, l2});
    s.flow(2, 22e9, {l1});
    s.flow(3, 8e9, {l2});
    s.flow(4, 8e9, {l2});
  });
  // Two flows of 1 GB, each capped at 0.2 GB/s by the same cap link: 5 s each, not 10.
  s.at(10, [&] {
    s.flow(5, 1e9, {wide, cap});
    s.flow(6, 1e9, {wide, cap});
  });
  // 1 GB at 0.5 GB/s for 1 s, then 1 GB/s: 0.5 GB + 0.5 GB, ends 1.5 s after its start.
  s.at(19, [&] { s.engine->set_capacity(throttled, BytesPerSecond(0.5e9)); });
  s.at(20, [&] { s.flow(7, 1e9, {throttled}); });
  s.at(21, [&] { s.engine->set_capacity(throttled, BytesPerSecond(1e9)); });
  // 10 kB at 1 MB/s take 10 ms however many unrelated events pass meanwhile.
  s.at(30, [&] { s.flow(8, 1e4, {busy}); });
  for (int i = 0; i < 20'000; ++i) s.at(30 + i * 1e-6, [] {});
  // Ends past the horizon: never delivered.
  s.at(40, [&] { s.flow(9, 1e12, {busy}); });

  s.engine->run(s.queue, TimePoint{from_seconds(50).count}, {});

  for (const std::uint64_t tag : {1, 2, 3, 4})
    CHECK(s.end_s[tag] == doctest::Approx(3.0).epsilon(1e-6));
  CHECK(s.end_s[5] == doctest::Approx(15.0).epsilon(1e-6));
  CHECK(s.end_s[6] == doctest::Approx(15.0).epsilon(1e-6));
  CHECK(s.end_s[7] == doctest::Approx(21.5).epsilon(1e-6));
  CHECK(s.end_s[8] == doctest::Approx(30.01).epsilon(1e-6));
  CHECK(s.end_s.count(9) == 0);
  CHECK(s.queue.now() == TimePoint{from_seconds(50).count});

  CHECK(s.engine->link_bytes(l1) == 30'000'000'000ULL);  // 8 GB + 22 GB
  CHECK(s.engine->link_bytes(l2) == 24'000'000'000ULL);
  CHECK(s.engine->stats().started == 9);
  CHECK(s.engine->stats().finished == 8);
}
