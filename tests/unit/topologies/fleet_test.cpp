#include "topologies/fleet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "topologies/clusters.hpp"
#include "topologies/cuts.hpp"

using namespace fleetcache;
using namespace fleetcache::topologies;

namespace {

constexpr double kGb = 1e9 / 8;  // a gigabit in bytes

// Racks of 2, pods of 2 racks, 1:2 above the rack and 1:4 above the pod.
RegionSpec region(const std::string& name, std::uint32_t nodes) {
  RegionSpec r;
  r.name = name;
  r.pools = {
      {"train", nodes, BytesPerSecond(100 * kGb), BytesPerSecond(10e9), BytesPerSecond(5e9)}};
  r.nodes_per_rack = 2;
  r.racks_per_pod = 2;
  r.rack_oversubscription = 2;
  r.pod_oversubscription = 4;
  r.accounts = 3;
  r.account_egress = BytesPerSecond(7 * kGb);
  r.account_ingress = BytesPerSecond(3 * kGb);
  r.fleet_egress = BytesPerSecond(15 * kGb);
  r.stamp = BytesPerSecond(60 * kGb);
  return r;
}

Fleet two_regions() {
  return Fleet::build({region("west", 8), region("east", 5)},
                      {{"west", "east", BytesPerSecond(20 * kGb), ""}})
      .value();
}

std::vector<std::string> names(const Fleet& fleet, Endpoint from, Endpoint to) {
  std::vector<LinkIndex> links;
  REQUIRE(fleet.route(from, to, links));
  std::vector<std::string> out;
  for (const LinkIndex l : links) out.push_back(fleet.link(l).name);
  return out;
}

double narrowest(const Fleet& fleet, Endpoint from, Endpoint to) {
  std::vector<LinkIndex> links;
  REQUIRE(fleet.route(from, to, links));
  double least = 1e30;
  for (const LinkIndex l : links) least = std::min(least, fleet.capacity(l).count);
  return least;
}

}  // namespace

TEST_CASE("ids follow names, not the order in which regions and pools are given") {
  RegionSpec a = region("a", 3), b = region("b", 4);
  a.pools.push_back({"cpu", 2, BytesPerSecond(kGb), BytesPerSecond(0), BytesPerSecond(0)});
  const Fleet one = Fleet::build({a, b}, {}).value();
  std::swap(a.pools[0], a.pools[1]);
  const Fleet two = Fleet::build({b, a}, {}).value();
  REQUIRE(one.link_count() == two.link_count());
  for (LinkIndex l = 0; l < one.link_count(); ++l) CHECK(one.link(l).name == two.link(l).name);
  CHECK(one.node_name(0) == "a/cpu/0");
  CHECK(one.node_name(2) == "a/train/0");
  CHECK(one.nvme_read(0) == kNoLink);
  CHECK(one.find_region("b") == 1);
  CHECK(one.find_region("c") == Fleet::kNone);
}

TEST_CASE("nodes lie in racks and pods of their own pool, the last ones short") {
  const Fleet f =
      two_regions();  // east: 5 nodes = racks 2,2,1 = pods of 4 and 1; west: 8 = 4 racks
  CHECK(f.node_count() == 13);
  CHECK(f.rack_count() == 3 + 4);
  CHECK(f.pod_count() == 2 + 2);
  CHECK(f.rack_of(4) == 2);
  CHECK(f.pod_of(4) == 1);
  CHECK(f.nodes_of_rack(2).last - f.nodes_of_rack(2).first == 1);
  CHECK(f.nodes_of_pod(0).last == 4);
  CHECK(f.region_of(5) == 1);
  CHECK(f.distance(0, 0) == Distance::kNode);
  CHECK(f.distance(0, 1) == Distance::kRack);
  CHECK(f.distance(0, 2) == Distance::kPod);
  CHECK(f.distance(0, 4) == Distance::kRegion);
  CHECK(f.distance(0, 5) == Distance::kWan);
}

TEST_CASE("uplinks have the capacity of a full rack or pod over the oversubscription") {
  const Fleet f = two_regions();
  CHECK(f.capacity(f.tor_up(0)).count == doctest::Approx(100 * kGb));    // 2 x 100 / 2
  CHECK(f.capacity(f.tor_down(2)).count == doctest::Approx(100 * kGb));  // one node, full rack
  CHECK(f.capacity(f.pod_up(0)).count == doctest::Approx(50 * kGb));     // 2 x 100 / 4
  CHECK(f.capacity(f.core_up(0)).count == doctest::Approx(100 * kGb));   // two pods
}

TEST_CASE("routes name each link once, in path order") {
  const Fleet f = two_regions();
  using E = Endpoint;
  CHECK(names(f, E::dram(0), E::dram(0)).empty());
  CHECK(names(f, E::nvme(0), E::dram(0)) == std::vector<std::string>{"east/train/0/nvme_r"});
  CHECK(names(f, E::nvme(0), E::nvme(1)) ==
        std::vector<std::string>{"east/train/0/nvme_r", "east/train/0/nic_up",
                                 "east/train/1/nic_dn", "east/train/1/nvme_w"});
  CHECK(names(f, E::dram(0), E::dram(2)) ==
        std::vector<std::string>{"east/train/0/nic_up", "east/train/rack0/tor_up",
                                 "east/train/rack1/tor_dn", "east/train/2/nic_dn"});
  CHECK(names(f, E::dram(0), E::dram(4)) ==
        std::vector<std::string>{"east/train/0/nic_up", "east/train/rack0/tor_up",
                                 "east/train/pod0/pod_up", "east/train/pod1/pod_dn",
                                 "east/train/rack2/tor_dn", "east/train/4/nic_dn"});
  CHECK(names(f, E::dram(0), E::dram(5)) ==
        std::vector<std::string>{"east/train/0/nic_up", "east/train/rack0/tor_up",
                                 "east/train/pod0/pod_up", "east/core_up", "wan/east/west",
                                 "west/core_dn", "west/train/pod0/pod_dn",
                                 "west/train/rack0/tor_dn", "west/train/0/nic_dn"});
  CHECK(names(f, E::account(1, 2), E::dram(5)) ==
        std::vector<std::string>{"west/account2/egress", "west/front_end", "west/train/pod0/pod_dn",
                                 "west/train/rack0/tor_dn", "west/train/0/nic_dn"});
  CHECK(names(f, E::stamp(0), E::dram(0)).front() == "east/stamp");
  CHECK(names(f, E::stamp(0), E::dram(5)).size() == 7);  // stamp, 2 cores, wan, pod, rack, nic
  CHECK(names(f, E::dram(0), E::account(0, 1)) ==
        std::vector<std::string>{"east/train/0/nic_up", "east/train/rack0/tor_up",
                                 "east/train/pod0/pod_up", "east/account1/ingress"});
}

TEST_CASE("there is no route where there is no link") {
  RegionSpec bare = region("bare", 2);
  bare.pools[0].nvme_read = bare.pools[0].nvme_write = BytesPerSecond(0);
  bare.stamp = bare.fleet_egress = BytesPerSecond(0);
  const Fleet f = Fleet::build({bare, region("other", 2)}, {}).value();
  std::vector<LinkIndex> links{1, 2, 3};
  CHECK_FALSE(f.route(Endpoint::nvme(0), Endpoint::dram(1), links));
  CHECK(links.empty());
  CHECK_FALSE(f.route(Endpoint::stamp(0), Endpoint::dram(0), links));
  CHECK_FALSE(f.route(Endpoint::dram(0), Endpoint::dram(2), links));  // no WAN
  CHECK_FALSE(f.route(Endpoint::account(0, 3), Endpoint::dram(0), links));
  CHECK_FALSE(f.route(Endpoint::account(0, 0), Endpoint::stamp(0), links));
  CHECK(f.route(Endpoint::account(0, 0), Endpoint::dram(0), links));
  CHECK(f.link(links[1]).cls == LinkClass::kPodDown);  // no front-end limit in the way
}

TEST_CASE("every link has a name of its own, a capacity, a class and the key that sets it") {
  const Fleet f = two_regions();
  std::set<std::string> seen;
  for (LinkIndex l = 0; l < f.link_count(); ++l) {
    const LinkInfo info = f.link(l);
    CHECK(seen.insert(info.name).second);
    CHECK(info.capacity.count > 0);
    CHECK(info.cls == f.link_class(l));
    CHECK_FALSE(info.parameter.empty());
    const std::string cls(name_of(info.cls));
    CHECK((info.cls == LinkClass::kWan ||
           info.name.compare(info.name.size() - cls.size(), cls.size(), cls) == 0));
  }
  CHECK(f.link(f.nic_up(0)).parameter == "regions.east.pools.train.sku.nic");
  CHECK(f.link(f.account_ingress(1, 0)).parameter == "regions.west.blob.ingress");
  CHECK(f.link(f.wan(0, 1)).capacity.count == doctest::Approx(20 * kGb));
}

TEST_CASE("the smallest link of a route is the max-flow between its ends, for every kind of pair") {
  const Fleet f = two_regions();
  std::vector<Endpoint> ends;
  for (std::uint32_t n = 0; n < f.node_count(); ++n) {
    ends.push_back(Endpoint::dram(n));
    ends.push_back(Endpoint::nvme(n));
  }
  for (std::uint32_t r = 0; r < 2; ++r) {
    for (std::uint32_t a = 0; a < 3; ++a) ends.push_back(Endpoint::account(r, a));
    ends.push_back(Endpoint::stamp(r));
  }
  std::vector<LinkIndex> links;
  int compared = 0;
  for (const Endpoint a : ends) {
    for (const Endpoint b : ends) {
      if (a.kind == b.kind && a.id == b.id && a.region == b.region) continue;
      if (!f.route(a, b, links) || links.empty()) continue;
      const Cut cut = min_cut(f, {a}, {b}).value();
      CHECK(cut.flow.count == doctest::Approx(narrowest(f, a, b)).epsilon(1e-9));
      ++compared;
    }
  }
  CHECK(compared > 800);
}

TEST_CASE("the cut of a star is found by hand: pod above racks, then front end, then accounts") {
  const Fleet f = two_regions();
  // Five east nodes from three accounts: 3 x 7 = 21 Gb, but the front end gives 15.
  std::vector<Endpoint> accounts, nodes, west;
  for (std::uint32_t a = 0; a < 3; ++a) accounts.push_back(Endpoint::account(0, a));
  for (std::uint32_t n = 0; n < 5; ++n) nodes.push_back(Endpoint::dram(n));
  for (std::uint32_t n = 5; n < 13; ++n) west.push_back(Endpoint::dram(n));
  Cut cut = min_cut(f, accounts, nodes).value();
  CHECK(cut.flow.count == doctest::Approx(15 * kGb));
  REQUIRE(cut.links.size() == 1);
  CHECK(f.link(cut.links[0]).name == "east/front_end");
  // The stamp alone offers 60 Gb; all east nodes together take two pods of 50: the stamp binds.
  CHECK(min_cut(f, {Endpoint::stamp(0)}, nodes).value().flow.count == doctest::Approx(60 * kGb));
  // Four nodes of one pod: its downlink of 50 binds before four NICs (400) or two racks (200).
  const std::vector<Endpoint> pod(nodes.begin(), nodes.begin() + 4);
  cut = min_cut(f, {Endpoint::stamp(0)}, pod).value();
  CHECK(cut.flow.count == doctest::Approx(50 * kGb));
  CHECK(f.link(cut.links[0]).name == "east/train/pod0/pod_dn");
  // All of east to all of west: the WAN's 20.
  cut = min_cut(f, nodes, west).value();
  CHECK(f.link(cut.links[0]).cls == LinkClass::kWan);
  CHECK(cut.flow.count == doctest::Approx(20 * kGb));
  CHECK_FALSE(min_cut(f, nodes, nodes).ok());
  CHECK_FALSE(min_cut(f, {}, nodes).ok());
}

TEST_CASE("bad shapes are refused with the key that is wrong") {
  const auto where = [](RegionSpec r, std::vector<WanSpec> wan = {}) {
    const auto built = Fleet::build({std::move(r)}, wan);
    return built.ok() ? std::string("built") : built.error().where;
  };
  RegionSpec r = region("x", 4);
  r.nodes_per_rack = 0;
  CHECK(where(r) == "regions.x.fabric.nodes_per_rack");
  r = region("x", 4);
  r.pools[0].nic = BytesPerSecond(0);
  CHECK(where(r) == "regions.x.pools.train.sku.nic");
  r = region("x", 4);
  r.pools.push_back(r.pools[0]);
  CHECK(where(r) == "regions.x.pools.train");
  r = region("x", 4);
  r.rack_oversubscription = 0;
  CHECK(where(r) == "regions.x.fabric.rack_oversubscription");
  CHECK(where(region("x", 0)) == "regions");
  const auto idle = Fleet::build({region("x", 0), region("y", 2)}, {});
  REQUIRE_FALSE(idle.ok());
  CHECK(idle.error().where == "regions.x");  // neither nodes nor WAN
  CHECK(where(region("x", 2), {{"x", "y", BytesPerSecond(1), ""}}) == "links.x-y");
  CHECK_FALSE(Fleet::build({}, {}).ok());
}

TEST_CASE("clusters keep racks whole, stay under their limit and are the fewest that do") {
  RegionSpec r = region("x", 40);  // 20 racks of 2, pods of 4 nodes
  const Fleet f = Fleet::build({r, region("y", 3)}, {}).value();
  const auto ten = partition(f, 10).value();
  CHECK(ten.size() == 4 + 1);  // ceil(40 / 10); pods of 4 would need five clusters of 8
  for (const Cluster& c : ten) {
    CHECK(c.last - c.first <= 10);
    CHECK((c.first == 0 || f.rack_of(c.first) != f.rack_of(c.first - 1)));
  }
  const auto nine = partition(f, 9).value();  // racks: 8 per cluster; pods of 4: also 8
  CHECK(nine.size() == 5 + 1);
  CHECK_FALSE(partition(f, 1).ok());
  CHECK(partition(f).value().size() == 2);
}

TEST_CASE("110,000 nodes over three regions build fast and small") {
  std::vector<RegionSpec> regions;
  for (const char* name : {"eastus2", "southcentralus", "swedencentral"}) {
    RegionSpec r = region(name, 33334);
    r.pools.push_back(
        {"infer", 3333, BytesPerSecond(160 * kGb), BytesPerSecond(26e9), BytesPerSecond(13e9)});
    r.nodes_per_rack = 18;
    r.racks_per_pod = 16;
    r.accounts = 250;
    regions.push_back(r);
  }
  const auto start = std::chrono::steady_clock::now();
  const Fleet f = Fleet::build(regions, {}).value();
  const std::chrono::duration<double> built = std::chrono::steady_clock::now() - start;
  CHECK(f.node_count() == 3 * 36667);
  CHECK(f.link_count() > 440'000);
  CHECK(built.count() < 2.0);
  const auto clusters = partition(f).value();
  CHECK(clusters.size() == 24);  // eight regional clusters of at most 5,000 in each region
}
