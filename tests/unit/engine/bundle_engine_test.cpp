// The bundle engine over the native solver; over SimGrid's see solver/.
#include "sim/engine/bundle_engine.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <vector>

using namespace fleetcache;
using namespace fleetcache::engine;

namespace {

struct Story : EventHandler, FlowListener {
  EventQueue queue;
  std::unique_ptr<BundleEngine> engine;
  std::vector<std::function<void()>> acts;
  std::map<std::uint64_t, double> end_s;
  std::vector<std::uint64_t> ended;

  explicit Story(double epsilon = 0)
      : engine(make_bundle_engine(make_native_solver(), BundleOptions{epsilon})) {}
  void at(double seconds, std::function<void()> act) {
    acts.push_back(std::move(act));
    queue.push({from_seconds(seconds).count}, this, 0, acts.size() - 1);
  }
  void on_event(TimePoint, std::uint32_t, std::uint64_t arg) override { acts[arg](); }
  void on_flow_done(TimePoint now, std::uint64_t tag) override {
    end_s[tag] = to_seconds(now);
    ended.push_back(tag);
  }
  void flow(std::uint64_t tag, double bytes, std::vector<LinkId> route, double weight = 1) {
    engine->start(Bytes(static_cast<std::uint64_t>(bytes)), route, this, tag, weight);
  }
  void run(double horizon_s = 1e6) {
    engine->run(queue, TimePoint{from_seconds(horizon_s).count}, {});
  }
  LinkId link(double capacity, LinkKind kind = LinkKind::kShared) {
    return engine->add_link("l", BytesPerSecond(capacity), kind);
  }
};

}  // namespace

TEST_CASE("bundles share a parking lot as single flows would") {
  Story s;
  const LinkId l1 = s.link(10e9), l2 = s.link(8e9);
  // On l2 three flows get 8/3 each; the flow on l1 alone gets the rest, 10 - 8/3: all end at 3 s.
  s.at(0, [&] {
    s.flow(1, 8e9, {l1, l2});
    s.flow(2, 22e9, {l1});
    s.flow(3, 8e9, {l2});
    s.flow(4, 8e9, {l2});
  });
  double l2_usage = 0;
  s.at(1, [&] { l2_usage = s.engine->link_usage(l2).count; });
  s.run();
  CHECK(l2_usage == doctest::Approx(8e9));
  for (const std::uint64_t tag : {1, 2, 3, 4}) {
    CHECK(s.end_s[tag] == doctest::Approx(3.0).epsilon(1e-9));
  }
  CHECK(s.engine->bundle_stats().classes == 3);
  CHECK(s.engine->link_bytes(l1) == 30'000'000'000ULL);
  CHECK(s.engine->link_bytes(l2) == 24'000'000'000ULL);
  CHECK(s.engine->stats().finished == 4);
}

TEST_CASE("a flow of weight w takes the share of w flows and ends when each of them would") {
  Story s;
  const LinkId l = s.link(10e9);
  // 4 transfers of 1 GB each and one of 1 GB at 2 GB/s: 0.5 s; counted as 5 GB.
  s.at(0, [&] {
    s.flow(1, 1e9, {l}, 4);
    s.flow(2, 1e9, {l});
  });
  // Weights need not be whole: 2.5 + 1.5 transfers of 1 GB over 10 GB/s take 0.4 s.
  s.at(10, [&] {
    s.flow(3, 1e9, {l}, 2.5);
    s.flow(4, 1e9, {l}, 1.5);
  });
  s.run();
  CHECK(s.end_s[1] == 0.5);
  CHECK(s.end_s[2] == 0.5);
  CHECK(s.end_s[3] == 10.4);
  CHECK(s.end_s[4] == 10.4);
  CHECK(s.engine->link_bytes(l) == 9'000'000'000ULL);
  CHECK(s.engine->stats().bytes_finished == 9'000'000'000ULL);
  CHECK(s.engine->stats().finished == 4);
}

TEST_CASE("the least cap of a route binds every flow by itself") {
  Story s;
  const LinkId wide = s.link(1e12);
  const LinkId cap = s.link(0.2e9, LinkKind::kPerFlowCap);
  const LinkId loose = s.link(0.5e9, LinkKind::kPerFlowCap);
  const LinkId twin = s.link(0.2e9, LinkKind::kPerFlowCap);
  s.at(0, [&] {
    s.flow(1, 1e9, {wide, cap, loose});
    s.flow(2, 1e9, {wide, cap});
    s.flow(3, 1e9, {wide, loose});
    s.flow(4, 1e9, {cap});  // no shared link at all
    s.flow(5, 1e9, {wide, twin});
  });
  s.run();
  CHECK(s.end_s[1] == 5);
  CHECK(s.end_s[2] == 5);
  CHECK(s.end_s[3] == 2);
  CHECK(s.end_s[4] == 5);
  CHECK(s.end_s[5] == 5);
  CHECK(s.engine->bundle_stats().classes == 3);
  CHECK(s.engine->link_bytes(wide) == 4'000'000'000ULL);
  CHECK(s.engine->link_bytes(cap) == 3'000'000'000ULL);
  CHECK(s.engine->link_bytes(loose) == 2'000'000'000ULL);
  CHECK(s.engine->link_bytes(twin) == 1'000'000'000ULL);
}

TEST_CASE("live flows follow a capacity, wait while it is 0, and go on where they were") {
  Story s;
  const LinkId l = s.link(1e9, LinkKind::kVariable);
  s.at(0, [&] { s.flow(1, 2e9, {l}); });
  s.at(0.5, [&] { s.engine->set_capacity(l, BytesPerSecond(0.5e9)); });  // 0.5 GB done
  s.at(1.5, [&] { s.engine->set_capacity(l, BytesPerSecond(0)); });      // 1 GB done
  s.at(2, [&] { s.flow(2, 1e9, {l}); });                                 // waits from its start
  double usage = -1;
  s.at(4, [&] { usage = s.engine->link_usage(l).count; });
  s.at(5, [&] { s.engine->set_capacity(l, BytesPerSecond(1e9)); });
  s.run();
  CHECK(usage == 0);
  CHECK(s.end_s[1] == 7);  // both have 1 GB to go, at 0.5 GB/s each
  CHECK(s.end_s[2] == 7);
  CHECK(s.ended == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("a run whose flows wait for a failed link ends at the horizon") {
  Story s;
  const LinkId l = s.link(1e9, LinkKind::kVariable);
  s.at(0, [&] { s.engine->set_capacity(l, BytesPerSecond(0)); });
  s.at(1, [&] { s.flow(1, 1e9, {l}); });
  s.run(50);
  CHECK(s.ended.empty());
  CHECK(to_seconds(s.queue.now()) == 50);
}

TEST_CASE("ends at one date come in the order of their starts, across classes") {
  Story s;
  const LinkId a = s.link(1e9), b = s.link(1e9), c = s.link(1e9);
  s.at(0, [&] {  // makes the classes in another order than they are used in later
    s.flow(10, 1e9, {b});
    s.flow(11, 1e9, {c});
    s.flow(12, 1e9, {a});
  });
  s.at(5, [&] {
    s.flow(1, 1e9, {c});
    s.flow(2, 1e9, {a});
    s.flow(3, 1e9, {b});
  });
  s.run();
  CHECK(s.ended == std::vector<std::uint64_t>{10, 11, 12, 1, 2, 3});
  // Three starts at one date are one solve; their three ends another.
  CHECK(s.engine->bundle_stats().solves == 4);
  CHECK(s.engine->bundle_stats().reweights == 12);
}

TEST_CASE("populations are stale by at most epsilon, and rates are computed again when they are") {
  Story s(0.05);
  const LinkId l = s.link(1e9);
  for (int i = 0; i < 1000; ++i) {
    s.at(i * 1e-6, [&, i] { s.flow(static_cast<std::uint64_t>(i), 1e6 + i, {l}); });
  }
  s.run();
  const BundleStats& stats = s.engine->bundle_stats();
  CHECK(s.ended.size() == 1000);
  CHECK(stats.staleness_max > 0.02);
  CHECK(stats.staleness_max <= 0.05);
  // 20 steps to a population of 20, then a factor 1.05 each: ln(50) / ln(1.05) = 80; the same down.
  CHECK(stats.solves < 260);
  CHECK(stats.solves > 160);
}

TEST_CASE("a million flows live at once") {
  Story s(0.05);
  const LinkId l = s.link(1e12);
  s.at(0, [&] {
    for (std::uint64_t i = 0; i < 1'000'000; ++i) s.flow(i, 1e6, {l});
  });
  s.run();
  CHECK(s.engine->stats().live_max == 1'000'000);
  CHECK(s.ended.size() == 1'000'000);
  CHECK(s.end_s[0] == doctest::Approx(1.0).epsilon(1e-9));  // 1e12 bytes at 1e12 bytes/s
  CHECK(s.ended.back() == 999'999);
}
