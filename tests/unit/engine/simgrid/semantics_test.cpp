// What we rely on in SimGrid, asked of the SimGrid at hand, without any of our engines in between.
// A release that breaks one of these would change results silently: this runs before everything
// else that uses it. One SimGrid per process, so the checks share a clock and each has links of its
// own.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "sim/engine/simgrid_setup.hpp"

using namespace fleetcache::engine;
namespace s4u = simgrid::s4u;

namespace {

constexpr double kWide = 1e18;
constexpr double kTick_s = 1e-4;

struct Bench {
  std::unique_ptr<s4u::Engine> engine = configured_simgrid("Full");
  RouteZone* zone = new RouteZone("zone");
  s4u::Host* from = shim::create_host(*zone->get_iface(), "from");
  s4u::Host* to = shim::create_host(*zone->get_iface(), "to");
  int names = 0;
  std::vector<s4u::CommPtr> kept;  // SimGrid looks at a transfer for longer than its user does

  s4u::Link* link(double bandwidth) { return link_in(*zone, bandwidth); }
  s4u::Link* link_in(RouteZone& where, double bandwidth) {
    return shim::create_link(*where.get_iface(), "l" + std::to_string(names++), bandwidth);
  }
  s4u::CommPtr transfer(double bytes, const std::vector<s4u::Link*>& route) {
    zone->next_route.clear();
    for (s4u::Link* l : route) zone->next_route.push_back(l->get_impl());
    s4u::CommPtr comm = s4u::Comm::sendto_init();
    comm->set_payload_size(static_cast<std::uint64_t>(bytes));
    comm->set_source(from);
    comm->set_destination(to);
    kept.push_back(comm);
    return comm;
  }
  double now() const { return s4u::Engine::get_clock(); }
  void step() { engine->run_until(now() + kTick_s); }
};

/// Two classes on a link of 10 GB/s, each with a private link that carries its weight.
struct TwoClasses {
  Bench& bench;
  s4u::Link* shared = bench.link(10e9);
  s4u::Link* w1 = bench.link(kWide);
  s4u::Link* w2 = bench.link(kWide);
  s4u::CommPtr c1 = bench.transfer(1e19, {shared, w1});
  s4u::CommPtr c2 = bench.transfer(1e19, {shared, w2});

  void weights(double k1, double k2) {
    w1->set_latency(1 / k1);
    w2->set_latency(1 / k2);
  }
  std::string shares() {
    bench.step();
    const auto gb = [](double rate) { return std::to_string(std::lround(rate / 1e8)); };
    return gb(shim::usage(*w1)) + ":" + gb(shim::usage(*w2));  // in tenths of GB/s
  }
  void stop() {
    w1->set_bandwidth(1e-3);
    w2->set_bandwidth(1e-3);
  }
};

}  // namespace

// One case: sub-cases would start SimGrid again.
TEST_CASE("this SimGrid means what the engines take it to mean") {
  Bench& bench = *new Bench;  // SimGrid is left to the end of the process

  // Links must be there before the first step; see the last check for later ones.
  s4u::Link* v4 = bench.link(1e9);
  s4u::Link* far = bench.link(1e12);
  s4u::Link* v5 = bench.link(50e9);
  s4u::Link* raised = bench.link(0.5e9);
  double v7_capacity = 0.5e9;
  s4u::Link* v7 = bench.link(1e9);
  v7->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                         [&v7_capacity](double, int) { return v7_capacity; });
  TwoClasses two{bench};

  {
    INFO(
        "a class's weight is the inverse of its private link's latency, in flight, and the rate "
        "can be read after one step");
    two.weights(3, 1);
    CHECK(two.shares() == "75:25");
    two.weights(1, 1);
    CHECK(two.shares() == "50:50");
    two.weights(1000, 250);
    CHECK(two.shares() == "80:20");
    two.weights(1, 1);
  }
  {
    INFO("a private link that gets narrower caps its class, and one that gets wider lets it go");
    two.w2->set_bandwidth(1e9);
    CHECK(two.shares() == "90:10");
    two.w2->set_bandwidth(kWide);
    CHECK(two.shares() == "50:50");
  }
  {
    INFO("next to no bandwidth on the private link parks a class, as often as wanted");
    for (int i = 0; i < 3; ++i) {
      two.w2->set_bandwidth(1e-3);
      CHECK(two.shares() == "100:0");
      two.w2->set_bandwidth(kWide);
      CHECK(two.shares() == "50:50");
    }
  }
  {
    INFO("weights changed a thousand times leave nothing behind when they are multiples of 2^-36");
    for (int i = 0; i < 1000; ++i) {
      two.w1->set_latency(1 + i * 0x1p-36 * 12345);
      bench.step();
    }
    two.weights(1, 1);
    bench.step();
    CHECK(shim::usage(*two.w1) == shim::usage(*two.w2));
  }
  {
    INFO("resume() resets the weight to 1, so it has to be set again: why classes are parked");
    two.weights(3, 1);
    two.c1->suspend();
    CHECK(two.shares() == "0:100");
    two.c1->resume();
    CHECK(two.shares() == "50:50");
    two.weights(3, 1);
    CHECK(two.shares() == "75:25");
  }
  {
    INFO("a link of bandwidth 0 constrains nothing: why a failed link parks its classes");
    two.weights(1, 1);
    two.shared->set_bandwidth(0);
    bench.step();
    CHECK(shim::usage(*two.w1) >= 10e9);
    two.shared->set_bandwidth(10e9);
    CHECK(two.shares() == "50:50");
    two.stop();
  }
  {
    INFO("V4: transfers share a link equally whatever latencies stand in the platform");
    const double start = bench.now();
    s4u::CommPtr near_one = bench.transfer(1e9, {v4});
    far->set_latency(0);
    s4u::CommPtr far_one = bench.transfer(1e9, {v4, far});
    bench.engine->run_until(start + 1);
    CHECK(near_one->get_remaining() == doctest::Approx(0.5e9).epsilon(1e-4));
    CHECK(far_one->get_remaining() == doctest::Approx(0.5e9).epsilon(1e-4));
  }
  {
    INFO("V5: a transfer takes size / bandwidth: no factor on bandwidth, no window, no delay");
    v5->set_latency(50e-6);
    const double start = bench.now();
    s4u::CommPtr one = bench.transfer(1e9, {v5});
    bench.engine->run_until(start + 0.01);
    CHECK(one->get_remaining() == doctest::Approx(0.5e9).epsilon(1e-3));  // of 20 ms, half
  }
  {
    INFO("a transfer is bound for ever by the least bandwidth of its route at its start");
    const double start = bench.now();
    s4u::CommPtr one = bench.transfer(1e9, {raised});
    raised->set_bandwidth(1e9);
    bench.engine->run_until(start + 1);
    CHECK(one->get_remaining() == doctest::Approx(0.5e9).epsilon(1e-3));
  }
  {
    INFO("V7: a capacity from a callback follows its changes under live transfers");
    const double start = bench.now();
    s4u::CommPtr one = bench.transfer(1e9, {v7});
    bench.engine->run_until(start + 1);
    CHECK(one->get_remaining() == doctest::Approx(0.5e9).epsilon(1e-3));
    v7_capacity = 1e9;
    v7->set_bandwidth(1e9);
    bench.engine->run_until(start + 1.25);
    CHECK(one->get_remaining() == doctest::Approx(0.25e9).epsilon(1e-3));
  }
  {
    INFO("links can be made after the start, in a zone that shares the network model");
    RouteZone* pool = new RouteZone("pool");
    pool->set_network_model(bench.zone->get_network_model());
    s4u::Link* late = bench.link_in(*pool, 2e9);
    s4u::CommPtr one = bench.transfer(1e19, {late});
    bench.step();
    CHECK(shim::usage(*late) == doctest::Approx(2e9));
  }
}
