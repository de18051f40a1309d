#include "topologies/aggregate.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "policies/base/rng.hpp"
#include "topologies/cuts.hpp"

using namespace fleetcache;
using namespace fleetcache::topologies;

namespace {

RegionSpec region(const std::string& name, std::uint32_t nodes) {
  RegionSpec r;
  r.name = name;
  r.pools = {{"train", nodes, BytesPerSecond(10e9), BytesPerSecond(12e9), BytesPerSecond(6e9)}};
  r.nodes_per_rack = 4;
  r.racks_per_pod = 2;
  r.rack_oversubscription = 2;
  r.pod_oversubscription = 2;
  r.accounts = 3;
  r.account_egress = BytesPerSecond(5e9);
  r.account_ingress = BytesPerSecond(3e9);
  r.fleet_egress = BytesPerSecond(0);
  r.stamp = BytesPerSecond(60e9);
  return r;
}

std::string names(const ClassCut& cut) {
  std::string text;
  for (const CutEdge& e : cut.edges) text += (text.empty() ? "" : " ") + e.name;
  return text;
}

// Everything that the nodes of a pool can be sent by the accounts of its region, node by node.
double by_nodes(const Fleet& fleet, std::uint32_t r) {
  std::vector<Endpoint> from, to;
  for (std::uint32_t a = 0; a < fleet.regions()[r].accounts; ++a)
    from.push_back(Endpoint::account(r, a));
  const Fleet::Range nodes = fleet.nodes_of_region(r);
  for (std::uint32_t n = nodes.first; n < nodes.last; ++n) to.push_back(Endpoint::dram(n));
  return min_cut(fleet, from, to).value().flow.count;
}

double by_classes(const Fleet& fleet, std::uint32_t pool, double wanted, std::string* cut_names) {
  const std::uint32_t r = fleet.pools()[pool].region;
  ClassLoads loads;
  loads.origin = {{r, BytesPerSecond(wanted), {}, {}}};
  loads.pool = {{pool, BytesPerSecond(wanted), {}, {}, {}, {}, {}, ""}};
  const ClassCut cut = class_cut(fleet, loads).value();
  if (cut_names != nullptr) *cut_names = names(cut);
  return cut.flow.count;
}

}  // namespace

TEST_CASE("the narrowest class of links is named, whichever it is") {
  // 16 nodes of 10 GB/s: NICs 160, racks 4 x 20 = 80, pods 2 x 20 = 40; accounts 15.
  RegionSpec spec = region("r", 16);
  std::string cut;
  const auto flow = [&](double wanted) {
    const Fleet f = Fleet::build({spec}, {}).value();
    return by_classes(f, 0, wanted, &cut);
  };
  CHECK(flow(14e9) == 14e9);
  CHECK(cut.empty());
  CHECK(flow(100e9) == 15e9);
  CHECK(cut == "blob_egress.r");
  spec.accounts = 100;
  spec.fleet_egress = BytesPerSecond(30e9);
  CHECK(flow(100e9) == 30e9);
  CHECK(cut == "front_end_fleet.r");
  spec.fleet_egress = BytesPerSecond(0);
  CHECK(flow(100e9) == 40e9);
  CHECK(cut == "pod_down.r.train");
  spec.pod_oversubscription = 0.5;
  CHECK(flow(100e9) == 80e9);
  CHECK(cut == "tor_down.r.train");
  spec.rack_oversubscription = 0.5;
  CHECK(flow(500e9) == 160e9);
  CHECK(cut == "nic_down.r.train");
}

TEST_CASE("copies load only the links between where they lie and where they are read") {
  RegionSpec spec = region("r", 16);
  const Fleet f = Fleet::build({spec}, {}).value();
  const auto cut_of = [&](double rack, double pod, double wide, double disks) {
    ClassLoads loads;
    loads.pool = {{0, BytesPerSecond(0), BytesPerSecond(rack), BytesPerSecond(pod),
                   BytesPerSecond(wide), BytesPerSecond(disks), BytesPerSecond(0), ""}};
    return class_cut(f, loads).value();
  };
  CHECK(cut_of(150e9, 0, 0, 0).fits);    // NICs: 160
  CHECK(cut_of(90e9, 60e9, 0, 0).fits);  // ToRs: 80
  CHECK(names(cut_of(60e9, 90e9, 0, 0)) == "tor_down.r.train tor_up.r.train");
  CHECK(cut_of(60e9, 40e9, 35e9, 0).fits);
  CHECK(names(cut_of(60e9, 10e9, 45e9, 0)) == "pod_down.r.train pod_up.r.train");
  CHECK(cut_of(0, 0, 0, 190e9).fits);  // disks 16 x 12 = 192
  CHECK(names(cut_of(0, 0, 0, 200e9)) == "nvme_read.r.train");
}

TEST_CASE("a job's own nodes can be the cut, and what crosses the WAN has it in its way") {
  RegionSpec here = region("here", 16), far = region("far", 16);
  here.accounts = far.accounts = 1000;
  const Fleet f = Fleet::build({here, far}, {{"far", "here", BytesPerSecond(8e9), ""}}).value();
  const std::uint32_t r = f.find_region("far"), pool = f.find_pool(f.find_region("here"), "train");
  ClassLoads loads;
  loads.origin = {{r, BytesPerSecond(20e9), {}, {}}};
  loads.pool = {{pool, BytesPerSecond(20e9), {}, {}, {}, {}, {}, ""}};
  ClassCut cut = class_cut(f, loads).value();
  CHECK(cut.flow.count == 8e9);
  CHECK(names(cut) == "wan.far-here");
  loads.origin = {{r, BytesPerSecond(7e9), {}, {}}};
  loads.pool = {{pool, BytesPerSecond(7e9), {}, {}, {}, {}, BytesPerSecond(5e9), "nic_down.job"}};
  cut = class_cut(f, loads).value();
  CHECK(cut.flow.count == 5e9);
  CHECK(names(cut) == "nic_down.job");
}

TEST_CASE("the flow over classes is the flow over single nodes, short racks and pods included") {
  Rng rng(5, "aggregate");
  for (int i = 0; i < 60; ++i) {
    RegionSpec spec = region("r", 1 + static_cast<std::uint32_t>(rng.below(70)));
    spec.nodes_per_rack = 1 + static_cast<std::uint32_t>(rng.below(6));
    spec.racks_per_pod = 1 + static_cast<std::uint32_t>(rng.below(4));
    spec.rack_oversubscription = 0.5 + 4 * rng.uniform();
    spec.pod_oversubscription = 0.5 + 4 * rng.uniform();
    spec.accounts = 1 + static_cast<std::uint32_t>(rng.below(60));
    const Fleet f = Fleet::build({spec}, {}).value();
    CAPTURE(i);
    CAPTURE(f.node_count());
    CHECK(by_classes(f, 0, 1e15, nullptr) == doctest::Approx(by_nodes(f, 0)).epsilon(1e-7));
  }
}

TEST_CASE("a wrong capacity in the fleet moves the cut (negative control of the test above)") {
  RegionSpec spec = region("r", 16);
  spec.accounts = 1000;
  const Fleet right = Fleet::build({spec}, {}).value();
  spec.pod_oversubscription *= 1.01;
  const Fleet wrong = Fleet::build({spec}, {}).value();
  CHECK(by_classes(wrong, 0, 1e15, nullptr) < 0.995 * by_nodes(right, 0));
}

TEST_CASE("the cut of 110,000 nodes takes milliseconds") {
  RegionSpec a = region("a", 55'000), b = region("b", 33'000), c = region("c", 22'000);
  const Fleet f = Fleet::build({a, b, c}, {{"a", "b", BytesPerSecond(1e12), ""}}).value();
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRuns = 20;
  for (int i = 0; i < kRuns; ++i) CHECK(by_classes(f, 0, 1e14, nullptr) == 15e9);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const double each_ms = took.count() / kRuns;
  MESSAGE("ms a cut: ", each_ms);
  CHECK(each_ms < 50);
}

TEST_CASE("loads out of range are refused") {
  const Fleet f = Fleet::build({region("r", 4)}, {}).value();
  ClassLoads loads;
  loads.origin = {{1, BytesPerSecond(1), {}, {}}};
  CHECK_FALSE(class_cut(f, loads).ok());
  loads.origin = {{0, BytesPerSecond(1e17), {}, {}}};
  CHECK_FALSE(class_cut(f, loads).ok());
}
