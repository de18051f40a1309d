#include "sim/analytic/bottlenecks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "policies/base/rng.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/analytic/resources.hpp"
#include "small_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::analytic;
using analytic_test::small_fleet;

namespace {

double between(Rng& rng, double low, double high) { return low + (high - low) * rng.uniform(); }

// One region, two pools, up to five jobs, narrow in a random place. Read-ahead and requests never
// bind: they are not in the graph.
scenario::Scenario drawn(std::uint64_t number, bool cache) {
  Rng rng(number, "bottlenecks");
  scenario::Scenario s = small_fleet();
  scenario::Region& r = s.regions["r"];
  r.pools["other"] = r.pools["train"];
  r.pools["other"].name = "other";
  r.fabric.nodes_per_rack = 2 + static_cast<std::uint32_t>(rng.below(7));
  r.fabric.racks_per_pod = 1 + static_cast<std::uint32_t>(rng.below(4));
  r.fabric.rack_oversubscription = between(rng, 0.5, 4);
  r.fabric.pod_oversubscription = between(rng, 0.5, 4);
  for (auto& [name, pool] : r.pools) {
    pool.nodes = r.fabric.nodes_per_rack * r.fabric.racks_per_pod *
                 (1 + static_cast<std::uint32_t>(rng.below(4)));
    pool.sku.nic = BytesPerSecond(between(rng, 1e9, 20e9));
    pool.sku.nvme_read = BytesPerSecond(between(rng, 1e9, 20e9));
    pool.sku.nvme_write = BytesPerSecond(1e15);
  }
  r.blob.accounts = 1 + static_cast<std::uint32_t>(rng.below(60));
  r.blob.requests = PerSecond(1e12);
  r.blob.stream = BytesPerSecond(1e15);
  if (rng.below(3) == 0) r.blob.fleet_egress = BytesPerSecond(between(rng, 5e9, 40e9));
  s.cache.enabled = cache;
  s.cache.tiers[0].capacity = Bytes(static_cast<std::uint64_t>(between(rng, 1e9, 60e9)));
  const scenario::TrainingJob base = s.training["job"];
  s.training.clear();
  const int jobs = 1 + static_cast<int>(rng.below(5));
  for (int j = 0; j < jobs; ++j) {
    scenario::TrainingJob job = base;
    job.name = "job" + std::to_string(j);
    job.pool = rng.below(2) == 0 ? "train" : "other";
    job.nodes = 1 + static_cast<std::uint32_t>(rng.below(r.pools[job.pool].nodes));
    job.prefetch = 1'000'000;
    job.bytes_per_step = Bytes(static_cast<std::uint64_t>(between(rng, 1e7, 6e9)));
    s.training[job.name] = job;
  }
  return s;
}

struct Both {
  double rates = 0;  ///< by filling
  Bottlenecks cuts;
  std::vector<ResourceAnswer> resource;
};

Both solved(const FleetView& view) {
  EpochLaw law;
  const Design design = design_of(*view.scenario);
  const Answer answer = evaluate(view, design, law);
  Both out;
  for (const JobAnswer& a : answer.job) out.rates += a.rate;
  out.cuts = bottlenecks_of(view, design, answer).value();
  out.resource = answer.resource;
  return out;
}

bool of_links(const ResourceAnswer& r) {
  return r.kind != ResourceKind::kReadahead && r.kind != ResourceKind::kRequests &&
         r.kind != ResourceKind::kPlans && r.kind != ResourceKind::kIngress &&
         r.kind != ResourceKind::kNvmeWrite;
}

}  // namespace

TEST_CASE("without a cache the rates by filling add up to the max-flow, on 200 random fleets") {
  // One origin and a tree of links: the max-min fair rates are also the most there is.
  int tight = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    CAPTURE(i);
    const scenario::Scenario s = drawn(i, false);
    const FleetView view = view_of(s).value();
    const Both b = solved(view);
    CHECK(b.cuts.wanted.flow.count == doctest::Approx(b.rates).epsilon(1e-7));
    CHECK(b.cuts.reached.fits);
    if (!b.cuts.wanted.fits) ++tight;
  }
  MESSAGE(tight, " of 200 bound");
  CHECK(tight > 100);
}

TEST_CASE("with a cache the rates fit, and both say whether anything binds and agree on what") {
  int tight = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    CAPTURE(i);
    const scenario::Scenario s = drawn(i, true);
    const FleetView view = view_of(s).value();
    const Both b = solved(view);
    REQUIRE(b.cuts.comparable);
    CHECK(b.cuts.reached.fits);
    bool pressed = false;
    for (const ResourceAnswer& r : b.resource)
      pressed = pressed || (of_links(r) && !r.of_one_job && r.pressure() > 1 + 1e-9);
    if (!b.cuts.wanted.fits) {
      ++tight;
      // Every edge of the cut is a resource whose offered load is above its capacity.
      for (const topologies::CutEdge& e : b.cuts.wanted.edges) {
        CAPTURE(e.name);
        const auto named = std::find_if(b.resource.begin(), b.resource.end(),
                                        [&](const auto& r) { return r.name == e.name; });
        REQUIRE(named != b.resource.end());
        CHECK(named->pressure() > 1);
      }
    }
    if (!pressed) {
      const bool own = std::any_of(
          b.cuts.wanted.edges.begin(), b.cuts.wanted.edges.end(),
          [](const auto& e) { return std::count(e.name.begin(), e.name.end(), '.') == 3; });
      CHECK((b.cuts.wanted.fits || own));
    }
  }
  MESSAGE(tight, " of 200 bound");
  CHECK(tight > 100);
}

TEST_CASE("a capacity that the filling has wrong is caught (negative control)") {
  int caught = 0, bound = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    scenario::Scenario s = drawn(i, false);
    const FleetView view = view_of(s).value();
    const Both right = solved(view);
    const bool by_accounts =
        right.cuts.wanted.edges.size() == 1 && right.cuts.wanted.edges[0].name == "blob_egress.r";
    if (!by_accounts) continue;
    ++bound;
    // The links of `view.fleet` stay; what the resources read from the scenario is 2 % more.
    s.regions["r"].blob.egress = BytesPerSecond(1.02 * s.regions["r"].blob.egress.count);
    if (!solved(view).cuts.reached.fits) ++caught;
  }
  CHECK(bound > 10);
  CHECK(caught == bound);
}

TEST_CASE("the answer carries the cut as a table and the agreement as a check") {
  scenario::Scenario s = small_fleet();
  s.regions["r"].blob.accounts = 1;
  s.training["job"].bytes_per_step = Bytes(1'000'000'000);
  const probes::Record r = solve(s).value();
  bool table = false, check = false;
  for (const probes::Table& t : r.tables)
    if (t.title.find("BOTTLENECKS") == 0) {
      table = true;
      REQUIRE(t.rows.size() == 2);
      CHECK(t.rows[1][3] == "blob_egress.r (1.00 GB/s)");
    }
  for (const probes::Check& c : r.conservation)
    if (c.name.find("max-flow") != std::string::npos) check = c.ok;
  CHECK(table);
  CHECK(check);
}
