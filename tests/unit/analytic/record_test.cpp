#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <string>

#include "sim/analytic/analytic.hpp"
#include "sim/analytic/evaluate.hpp"
#include "sim/analytic/regime.hpp"
#include "sim/analytic/text.hpp"
#include "sim/scenario/loader.hpp"
#include "small_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::analytic;
using analytic_test::chat;
using analytic_test::small_fleet;

namespace {

probes::Record solved(const scenario::Scenario& s) { return solve(s).value(); }
double metric(const probes::Record& r, const std::string& name) {
  CAPTURE(name);
  REQUIRE(r.metrics.count(name) == 1);
  return r.metrics.at(name).value;
}
Answer steady(const scenario::Scenario& s) {
  EpochLaw law;
  const FleetView view = view_of(s).value();
  return evaluate(view, design_of(s), law);
}

}  // namespace

TEST_CASE("inference: a cache shortens prefill, and without one every block is computed") {
  scenario::Scenario s = small_fleet();
  s.inference["chat"] = chat("r", "train");
  s.cache.tiers[0].capacity = Bytes(1'000'000'000'000);
  const probes::Record with = solved(s);
  s.cache.enabled = false;
  const probes::Record without = solved(s);
  CHECK(metric(with, "kv.block_hit_ratio") > 0.3);
  CHECK(metric(without, "kv.block_hit_ratio") == 0);
  CHECK(metric(with, "infer.chat.ttft_prefill_mean") <
        0.7 * metric(without, "infer.chat.ttft_prefill_mean"));
  // Mean prompt: 4000 + 2 x (4000/3 + 200) = 7,067 tokens at 16,000/s: 0.442 s.
  CHECK(metric(without, "infer.chat.ttft_prefill_mean") == doctest::Approx(0.4417).epsilon(2e-3));
  CHECK(metric(with, "infer.chat.ttft_mean") ==
        doctest::Approx(metric(with, "infer.chat.ttft_queue_mean") +
                        metric(with, "infer.chat.ttft_fetch_mean") +
                        metric(with, "infer.chat.ttft_prefill_mean")));
}

TEST_CASE("slots of an overloaded service are busy, not more than busy") {
  scenario::Scenario s = small_fleet();
  s.training.clear();
  s.inference["chat"] = chat("r", "train");
  CHECK(metric(solved(s), "infer.chat.slot_utilization") < 1);
  s.inference["chat"].arrivals.rate = PerSecond(100 * s.inference["chat"].arrivals.rate.count);
  CHECK(steady(s).service[0].utilization > 1);  // what is offered
  CHECK(metric(solved(s), "infer.chat.slot_utilization") == 1);
}

TEST_CASE("blocks found in DRAM do not load the disks") {
  scenario::Scenario s = small_fleet();
  s.training.clear();
  s.inference["chat"] = chat("r", "train");
  s.cache.tiers[0].capacity = Bytes(1'000'000'000'000);
  const auto load = [&s](ResourceKind kind) {
    for (const ResourceAnswer& r : steady(s).resource)
      if (r.kind == kind) return r.load;
    return 0.0;
  };
  const double all = load(ResourceKind::kNvmeRead), written = load(ResourceKind::kNvmeWrite);
  CHECK(all == doctest::Approx(steady(s).service[0].fetched));
  s.cache.tiers.push_back(s.cache.tiers[0]);
  s.cache.tiers[1].medium = scenario::Medium::kDram;
  s.cache.tiers[1].capacity = Bytes(2'000'000'000);
  const ServiceAnswer a = steady(s).service[0];
  REQUIRE(a.hits.dram > 0);
  REQUIRE(a.hits.dram < a.hits.kv.block_hit_ratio);
  CHECK(load(ResourceKind::kNvmeRead) ==
        doctest::Approx(all * (1 - a.hits.dram / a.hits.kv.block_hit_ratio)));
  CHECK(load(ResourceKind::kNvmeWrite) == doctest::Approx(written));  // every tier is filled
}

TEST_CASE(
    "every metric has a unit and is finite, every check holds, every derivation has numbers") {
  scenario::Scenario s = small_fleet();
  s.inference["chat"] = chat("r", "train");
  const probes::Record r = solved(s);
  const std::set<std::string> units = {"s", "ratio", "B", "B/s", "1/s", "1", "USD"};
  for (const auto& entry : r.metrics) {
    CAPTURE(entry.first);
    CHECK(units.count(entry.second.unit) == 1);
    CHECK(std::isfinite(entry.second.value));
  }
  CHECK(r.conservation.size() == 5);
  for (const probes::Check& c : r.conservation) CHECK_MESSAGE(c.ok, c.name);
  for (const char* name : {"train.job.stall", "train.job.goodput", "train.stall", "accounts.r",
                           "cache.hit_ratio.dataset", "kv.block_hit_ratio", "infer.chat.ttft_p99",
                           "origin.bytes_per_second.r", "flip.front_end.r"}) {
    CAPTURE(name);
    REQUIRE(r.derivations.count(name) == 1);
    CHECK_FALSE(r.derivations.at(name).formula.empty());
    CHECK_FALSE(r.derivations.at(name).steps.empty());
  }
  CHECK_FALSE(r.derivations.at("train.job.stall").inputs.empty());
}

TEST_CASE("the origin's stations carry what the jobs read and write, on every path") {
  scenario::Scenario s = small_fleet();
  s.regions["r"].bifrost.eligible = 0.7;
  s.regions["r"].bifrost.fallback = 0.1;
  s.regions["r"].blob.accounts = 1;
  s.training["job"].bytes_per_step = Bytes(1'000'000'000);  // the origin binds
  s.training["job"].checkpoint.size = Bytes(10'000'000'000);
  s.training["job"].checkpoint.every = from_seconds(100);
  for (const auto path : {scenario::OriginPath::kFrontEnd, scenario::OriginPath::kBifrost}) {
    s.origin.path = path;
    const probes::Record r = solved(s);
    REQUIRE(r.conservation.size() == 5);
    for (const probes::Check& c : r.conservation) {
      CHECK_MESSAGE(c.ok, c.name);
      CHECK(c.lhs > 0);
    }
  }
}

TEST_CASE(
    "disks of a pool without jobs write what its services miss, while jobs elsewhere change") {
  scenario::Scenario s = small_fleet();
  s.regions["r"].pools["infer"] = s.regions["r"].pools["train"];
  s.regions["r"].pools["infer"].name = "infer";
  s.inference["chat"] = chat("r", "infer");
  s.horizon = from_seconds(20'000);
  const FleetView view = view_of(s).value();
  EpochLaw law;
  double written = 0, capacity = 0;
  for (const ResourceAnswer& r : evaluate(view, design_of(s), law).resource)
    if (r.name == "nvme_write.r.infer") written = r.load, capacity = r.capacity;
  REQUIRE(written > 0);
  const probes::Record record = solve(s).value();
  CHECK(record.stations.at("nvme_write.r.infer").utilization_mean ==
        doctest::Approx(written / capacity));
  // Not every block that is asked for.
  const double asked =
      view.services[0].demand.rate * view.services[0].demand.blocks * view.services[0].block_bytes;
  CHECK(written < 0.9 * asked);
}

TEST_CASE("the row without a cache is what that scenario answers") {
  scenario::Scenario s = small_fleet();
  s.regions["r"].blob.accounts = 1;
  s.regions["r"].blob.egress = BytesPerSecond(0.5e9);
  s.horizon = from_seconds(5000);
  s.warmup = from_seconds(500);
  scenario::FleetEvent lost;  // with all work since the start
  lost.kind = scenario::EventKind::kFailNode;
  lost.region = "r";
  lost.pool = "train";
  lost.at = from_seconds(3000);
  lost.lasts = from_seconds(100);
  s.events = {lost};
  const auto row_of = [](const probes::Record& r, const std::string& design) {
    for (const probes::Table& t : r.tables)
      if (t.title.find("WHAT STALLS COST") == 0)
        for (const auto& row : t.rows)
          if (row[0] == design) return row;
    return std::vector<std::string>{};
  };
  const auto without = row_of(solve(s).value(), "the same without a cache");
  s.cache.enabled = false;
  const auto alone = row_of(solve(s).value(), "this scenario");
  REQUIRE(without.size() == 5);
  REQUIRE(alone.size() == 5);
  CHECK(without[1] == alone[1]);
  CHECK(without[4] == alone[4]);
  CHECK(alone[4] != alone[1]);
}

TEST_CASE("what crosses the WAN in a first epoch is in its table, with its cost") {
  scenario::Scenario s = small_fleet();
  s.cache.tiers[0].capacity = Bytes(150'000'000'000);  // all fits: nothing crosses later
  s.regions["far"] = analytic_test::region("far");
  s.datasets["data"].region = "far";
  scenario::WanLink link;
  link.from = "far";
  link.to = "r";
  link.bandwidth = BytesPerSecond(2e9);
  link.per_gb = Money(0.02);
  s.links = {link};
  s.horizon = from_seconds(4000);
  const probes::Record record = solve(s).value();
  const auto table = std::find_if(record.tables.begin(), record.tables.end(),
                                  [](const probes::Table& t) { return t.title == "WAN"; });
  REQUIRE(table != record.tables.end());
  REQUIRE(table->rows.size() == 1);
  // 1 TB at 0.02 USD a GB, once: 2 Gbps over 4,000 s; nothing a month.
  CHECK(table->rows[0][0] == "far-r");
  CHECK(table->rows[0][2] == "2.00 Gbps");
  CHECK(table->rows[0][4] == "20.0 $");
  CHECK(table->rows[0][6] == "0 $");
}

TEST_CASE("read times are told however many stages the reads are spread over") {
  // Fifty first epochs that end one after the other: 1,225 parts of 0.08 % of the reads.
  constexpr int kJobs = 50;
  scenario::Scenario s = small_fleet();
  s.regions["r"].pools["train"].nodes = kJobs;
  s.regions["r"].blob.accounts = 100;
  s.cache.tiers[0].capacity = Bytes(2'000'000'000'000);  // all fits: later epochs read nothing
  for (int i = 0; i < kJobs; ++i) {
    scenario::TrainingJob job = s.training["job"];
    job.name = "job" + std::to_string(100 + i);
    job.nodes = 1;
    job.compute = from_seconds(1 + 0.01 * i);
    job.dataset = job.name;
    s.datasets[job.name] = s.datasets["data"];
    s.datasets[job.name].name = job.name;
    s.training[job.name] = job;
  }
  s.training.erase("job");
  s.horizon = from_seconds(20'000);
  s.warmup = from_seconds(10'001);  // the first of them is through
  CHECK(solve(s).value().metrics.count("origin.read_mean") == 1);
}

TEST_CASE("checkpoints that ask for more than the accounts take in are a note") {
  const auto noted = [](const scenario::Scenario& s) {
    for (const std::string& note : solved(s).notes)
      if (note.find("blob_ingress.r: services and checkpoints alone") == 0) return true;
    return false;
  };
  scenario::Scenario s = small_fleet();
  s.training["job"].checkpoint.size = Bytes(100'000'000'000);
  s.training["job"].checkpoint.every = from_seconds(100);  // 1 of 4 x 0.5 GB/s
  CHECK_FALSE(noted(s));
  s.training["job"].checkpoint.every = from_seconds(10);
  CHECK(noted(s));
}

TEST_CASE("what is left of rounding prints as nothing, small figures as themselves") {
  CHECK(percent(2.1e-16) == "0.0 %");
  CHECK(percent(-2.1e-16) == "0.0 %");
  CHECK(percent(1e-8) == "1e-06 %");
  CHECK(seconds(3e-17) == "0 s");
  CHECK(seconds(2e-6) == "2.00 us");
  CHECK(bytes_per_second(1e-10) == "0 B/s");
}

TEST_CASE("a scenario that does not hold together is refused with the key") {
  const auto where = [](const scenario::Scenario& s) {
    const auto r = solve(s);
    return r.ok() ? std::string() : r.error().where;
  };
  scenario::Scenario s = small_fleet();
  s.training["job"].pool = "none";
  CHECK(where(s) == "workloads.job.pool");
  s = small_fleet();
  s.training["job"].nodes = 11;
  CHECK(where(s) == "workloads.job.nodes");
  s = small_fleet();
  s.training["job"].dataset = "none";
  CHECK(where(s) == "workloads.job.dataset");
  s = small_fleet();
  s.training["job"].compute = Duration(0);
  CHECK(where(s) == "workloads.job.compute");
  s = small_fleet();
  s.regions["r"].blob.accounts = 0;  // no way to read: a full stall, not a crash
  CHECK(metric(solved(s), "train.job.goodput") == 0);
}

TEST_CASE("both full-fleet presets answer in seconds") {
  for (const char* preset : {"mai-2027", "mai-2027-hgx"}) {
    const auto loaded = scenario::load(preset, {});
    if (!loaded) {
      MESSAGE("preset ", preset, " does not load: ", loaded.error().text());
      CHECK(loaded.ok());
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    const probes::Record r = solved(loaded->scenario);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    CHECK(took.count() < 10);
    CHECK(r.metrics.count("accounts.eastus2") == 1);
    CHECK(r.tables[0].rows.size() == 9);
    for (const probes::Check& c : r.conservation) CHECK_MESSAGE(c.ok, c.name);
  }
}

namespace {

const probes::Table& table(const probes::Record& r, const std::string& title) {
  for (const probes::Table& t : r.tables)
    if (t.title.find(title) == 0) return t;
  FAIL("no table called ", title);
  return r.tables.front();
}

}  // namespace

TEST_CASE("the cold fill is paid once, the steady stall every month") {
  // As in solve_test: 250 s of 1,000 at half pace, then none. 40 GPUs x 1000/3600 h x 0.125 x 3
  // USD.
  scenario::Scenario s = small_fleet();
  s.horizon = from_seconds(1000);
  s.cache.tiers[0].eviction = "pinned";
  s.cache.tiers[0].capacity = Bytes(100'000'000'000);
  s.training["job"].bytes_per_step = Bytes(800'000'000);
  const probes::Record record = solved(s);
  const auto& row = table(record, "WHAT STALLS COST").rows[0];
  CHECK(row[1] == "0.0 %");
  CHECK(row[2] == "0 $");
  CHECK(row[3] == dollars(40 * 1000.0 / 3600 * 0.125 * 3));
}

TEST_CASE("Bifrost's flip points carry the range of the stamp that is assumed") {
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.regions["r"].bifrost.eligible = 1;
  EpochLaw law;
  const FleetView view = view_of(s).value();
  const FlipPoints f = flip_points(view, 0, law);
  // No cache: what suffices is the stamp itself, over 40 GPUs.
  CHECK(f.bifrost_to == doctest::Approx(20e9 / 40).epsilon(1e-5));
  CHECK(f.bifrost_low == doctest::Approx(0.25 * 20e9 / 40).epsilon(1e-5));
  CHECK(f.bifrost_high == doctest::Approx(2.5 * 20e9 / 40).epsilon(1e-5));
}

TEST_CASE("a request limit refuses what read-ahead windows ask beyond it, and says how often") {
  // 10 nodes x 10 reads x 2 steps = 200 reads under way of 0.0325 s; one account grants 50/s.
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.regions["r"].blob.accounts = 1;
  s.regions["r"].blob.requests = PerSecond(50);
  s.regions["r"].blob.burst_s = 1;
  s.regions["r"].blob.retry = {40, from_seconds(1), from_seconds(1), false};
  const Answer a = steady(s);
  CHECK(a.job[0].binding == "blob_requests.r");
  CHECK(a.region[0].throttle.served == doctest::Approx(50).epsilon(1e-3));
  CHECK(a.region[0].throttle.refused > 0.5);
  const probes::Record r = solved(s);
  CHECK(metric(r, "origin.throttled_ratio") ==
        doctest::Approx(a.region[0].throttle.refused).epsilon(1e-6));
  s.regions["r"].blob.requests = PerSecond(40'000);
  CHECK(metric(solved(s), "origin.throttled_ratio") == 0);
}

TEST_CASE("events by arithmetic: a rack of this fleet, an upgrade of the scenario, losses a day") {
  // 10 nodes of one rack hold 0.5 TB (c = 0.5 of 1 TB): ToR 1 TB/s, NICs 1 TB/s, NVMe 0.5 TB/s,
  // origin 4 GB/s less the steady 0.8466: 158.6 s.
  scenario::Scenario s = small_fleet();
  scenario::FleetEvent e;
  e.kind = scenario::EventKind::kUpgrade;
  e.region = "r";
  e.pool = "train";
  e.fraction = 0.2;
  e.each = from_seconds(300);
  s.events = {e};
  const probes::Record r = solved(s);
  CHECK(metric(r, "rack_loss.refill_s.r.train") == doctest::Approx(5e11 / 3.1534e9).epsilon(1e-3));
  CHECK(metric(r, "upgrade.nodes_away.r.train") == 2);
  CHECK(metric(r, "upgrade.duration_s.r.train") == doctest::Approx(1500));
  CHECK(metric(r, "upgrade.refill_bytes_per_second.r.train") ==
        doctest::Approx(2 * 5e10 / 300).epsilon(1e-6));
  // 40 GPUs x 4.74e-4 a day, nearly always up.
  CHECK(metric(r, "fleet.node_losses_per_day") == doctest::Approx(0.01896).epsilon(1e-3));
  CHECK(table(r, "EVENTS").rows.size() == 4);
  s.events[0].keeps_nvme = true;
  CHECK(metric(solved(s), "upgrade.refill_bytes_per_second.r.train") == 0);
}
