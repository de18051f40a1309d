#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <set>
#include <string>

#include "models/origin/latency.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/analytic/evaluate.hpp"
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

TEST_CASE("an answer says on its face that nothing was simulated, and opens with the map") {
  const probes::Record r = solved(small_fleet());
  CHECK_FALSE(r.simulated);
  CHECK(r.rung == "analytic");
  REQUIRE_FALSE(r.notes.empty());
  CHECK(r.notes.front().find("NOT SIMULATED") == 0);
  REQUIRE(r.tables.size() > 2);
  CHECK(r.tables[0].title.find("REGIME MAP") == 0);
  CHECK(r.tables[1].title.find("FLIP POINTS") == 0);
  CHECK(r.tables[0].columns[1].find("no cache") == 0);
  for (const probes::Table& t : r.tables)
    for (const auto& row : t.rows) CHECK(row.size() == t.columns.size());
}

TEST_CASE("half a data set under LRU leaves 85 % of a gigabyte a second to the origin") {
  // c = 0.5: h = 0.1534; D = 1 GB/s; origin 0.8466 GB/s; one account of 1 GB/s is enough.
  const probes::Record r = solved(small_fleet());
  CHECK(metric(r, "cache.hit_ratio_steady.dataset") == doctest::Approx(0.1534).epsilon(1e-3));
  CHECK(metric(r, "origin.bytes_per_second_steady.r") == doctest::Approx(0.8466e9).epsilon(1e-3));
  // The first epoch is a thousandth of the horizon, all of it misses.
  CHECK(metric(r, "origin.bytes_per_second.r") ==
        doctest::Approx(0.999 * 0.8466e9 + 0.001 * 1e9).epsilon(1e-3));
  CHECK(metric(r, "accounts.r") == 1);
  CHECK(metric(r, "train.job.stall") < 1e-6);
  CHECK(metric(r, "train.demand_per_gpu") == doctest::Approx(25e6));
  CHECK(r.stations.at("blob_egress.r").utilization_mean == doctest::Approx(0.2117).epsilon(1e-3));
}

TEST_CASE("a job behind a narrow origin runs at min(f*, b / (1 - c)) with a pinned cache") {
  // b = 1 GB/s, c = 0.75, f* = 3 and 5 GB/s: 3.0 and 4.0 GB/s (published table V20).
  scenario::Scenario s = small_fleet();
  s.cache.tiers[0].eviction = "pinned";
  s.cache.tiers[0].capacity = Bytes(75'000'000'000);
  s.regions["r"].blob.accounts = 1;
  s.training["job"].bytes_per_step = Bytes(300'000'000);
  CHECK(steady(s).job[0].rate == doctest::Approx(3e9).epsilon(1e-6));
  s.training["job"].bytes_per_step = Bytes(500'000'000);
  const Answer a = steady(s);
  CHECK(a.job[0].rate == doctest::Approx(4e9).epsilon(1e-6));
  CHECK(a.job[0].stall == doctest::Approx(0.2).epsilon(1e-6));  // 1 - 4/5
  CHECK(a.job[0].binding == "blob_egress.r");
}

TEST_CASE("the first epoch is weighted by the time it takes") {
  // D = 8 GB/s on 4 accounts: the first 1 TB takes 250 s at half pace; horizon 1,000 s. Pinned at
  // c = 1 afterwards: no stall. Stall = 0.25 x 0.5.
  scenario::Scenario s = small_fleet();
  s.horizon = from_seconds(1000);
  s.cache.tiers[0].eviction = "pinned";
  s.cache.tiers[0].capacity = Bytes(100'000'000'000);
  s.training["job"].bytes_per_step = Bytes(800'000'000);
  const probes::Record r = solved(s);
  CHECK(metric(r, "train.job.first_epoch_share") == doctest::Approx(0.25).epsilon(1e-6));
  CHECK(metric(r, "train.job.stall") == doctest::Approx(0.125).epsilon(1e-6));
  CHECK(metric(r, "train.job.goodput") == doctest::Approx(0.875).epsilon(1e-6));
  s.warmup = from_seconds(250);  // measured only from then on
  CHECK(metric(solved(s), "train.job.stall") < 1e-9);
}

TEST_CASE("a full origin is shared by reads under way, and who wants less than its share gets it") {
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.training["job"].nodes = 5;
  s.training["job"].bytes_per_step = Bytes(1'000'000'000);  // 5 GB/s each on 4 accounts
  scenario::TrainingJob other = s.training["job"];
  other.name = "other";
  s.training["other"] = other;
  Answer a = steady(s);
  CHECK(a.job[0].rate == doctest::Approx(2e9));
  CHECK(a.job[1].rate == doctest::Approx(2e9));
  // A tenth of the bytes a step is a tenth of the reads under way: 4 GB/s in the ratio 10 : 1.
  s.training["other"].bytes_per_step = Bytes(100'000'000);
  a = steady(s);
  CHECK(a.job[0].rate == doctest::Approx(4e9 * 10 / 11));
  CHECK(a.job[1].rate == doctest::Approx(4e9 / 11));
  s.training["other"].prefetch = 40;  // as many reads under way, and it wants 0.5 GB/s only
  a = steady(s);
  CHECK(a.job[1].rate == doctest::Approx(0.5e9));
  CHECK(a.job[0].rate == doctest::Approx(3.5e9));
}

TEST_CASE("a small job beside a full origin waits for its first batch among the others' reads") {
  // 5 nodes x 1 GB a step take what the small job (2.5 MB/s) leaves of 4 GB/s: 5 x 100 x 4 = 2,000
  // reads under way, so each takes 2,000 x 10 MB / 3.9975 GB/s = 5.003 s. That is more than no
  // read-ahead and less than the 8 s that a read-ahead of 4 steps of 2 s hides.
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.training["job"].nodes = 5;
  s.training["job"].bytes_per_step = Bytes(1'000'000'000);
  scenario::TrainingJob other = s.training["job"];
  other.name = "other";
  other.bytes_per_step = Bytes(1'000'000);
  other.compute = from_seconds(2);
  s.training["other"] = other;
  const Answer a = steady(s);
  CHECK(a.job[1].rate_stall_s == 0);
  CHECK(a.job[1].slow_read_s < 1e-6);
  // 0.1 reads a step and node: all five nodes read in every tenth step. P(any) = 1 - e^-5.
  const models::LogNormalLatency law(from_seconds(0.02), from_seconds(0.08));
  const double any = 1 - std::exp(-5.0), slowest = to_seconds(law.mean_of_max(5 / any));
  const double wait = any * (5.0031 + slowest);
  CHECK(a.job[1].start_s == doctest::Approx(wait).epsilon(1e-3));
  CHECK(a.job[0].start_s == 0);  // held back: its start is in its rate
  // With steps of 1 s the four steps read ahead hide 4 s; a tenth of the steps waits for the rest.
  s.training["other"].compute = from_seconds(1);
  const double left = 0.1 * any * (5.0063 + slowest - 4);
  CHECK(steady(s).job[1].slow_read_s == doctest::Approx(left).epsilon(1e-3));
}

TEST_CASE("two jobs that read one data set bring it in together: it leaves the origin once") {
  // 5 + 5 nodes at 1 GB/s in all over 1 TB that fits: first epoch 2 x 1 TB asked, 1 TB fetched.
  scenario::Scenario s = small_fleet();
  s.horizon = from_seconds(2000);
  s.cache.tiers[0].capacity = Bytes(100'000'000'000);
  s.training["job"].nodes = 5;
  scenario::TrainingJob other = s.training["job"];
  other.name = "other";
  s.training["other"] = other;
  const probes::Record r = solved(s);
  // But for the wait for the first batch.
  CHECK(metric(r, "train.job.first_epoch_share") == doctest::Approx(1).epsilon(2e-4));
  CHECK(static_cast<double>(r.bytes.at("dataset").at("front_end")) ==
        doctest::Approx(1e12).epsilon(2e-4));
}

TEST_CASE("accounts are set by egress, requests, ingress or capacity, whichever asks for most") {
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.training["job"].bytes_per_step = Bytes(750'000'000);  // 7.5 GB/s over 1 GB/s: 8
  probes::Record r = solved(s);
  CHECK(metric(r, "accounts.r") == 8);
  CHECK(r.derivations.at("accounts.r").steps.back().find("set by egress") != std::string::npos);

  s.datasets["data"].object = Bytes(10'000);  // 750,000 reads a second over 40,000: 18.75
  r = solved(s);
  CHECK(metric(r, "accounts.r") == 19);
  CHECK(r.derivations.at("accounts.r").steps.back().find("set by requests") != std::string::npos);

  s.datasets["data"].object = Bytes(10'000'000);
  s.training["job"].checkpoint.size = Bytes(1'000'000'000'000);
  s.training["job"].checkpoint.every = from_seconds(100);  // 10 GB/s over 0.5: 20
  s.training["job"].checkpoint.stall = from_seconds(1);
  r = solved(s);
  CHECK(metric(r, "accounts.r") == 20);
  CHECK(r.derivations.at("accounts.r").steps.back().find("set by ingress") != std::string::npos);

  s.regions["r"].blob.capacity = Bytes(100'000'000'000);  // 1 TB + 2 x 1 TB over 0.1 TB: 30
  r = solved(s);
  CHECK(metric(r, "accounts.r") == 30);
  CHECK(r.derivations.at("accounts.r").steps.back().find("set by capacity") != std::string::npos);
}

TEST_CASE("more accounts never stall more, more NVMe never asks more of the origin") {
  for (const char* policy : {"lru", "fifo", "pinned", "sieve"}) {
    scenario::Scenario s = small_fleet();
    s.cache.tiers[0].eviction = policy;
    s.training["job"].bytes_per_step = Bytes(1'200'000'000);
    CAPTURE(policy);
    double last = 2;
    for (std::uint32_t accounts = 1; accounts <= 20; ++accounts) {
      s.regions["r"].blob.accounts = accounts;
      const double stall = steady(s).stall;
      CHECK(stall <= last + 1e-12);
      last = stall;
    }
    double asked = 1e30;
    for (std::uint64_t gb = 0; gb <= 110; gb += 5) {
      s.cache.tiers[0].capacity = Bytes(gb * 1'000'000'000);
      const double origin = steady(s).region[0].origin_wanted;
      CHECK(origin <= asked + 0.012e10);  // miniature runs carry an error of 0.01 of 12 GB/s
      asked = origin;
    }
    CHECK(asked == 0);
  }
}

TEST_CASE(
    "more NVMe can ask more of the origin under a policy that is not monotone, and it is said") {
  // S3-FIFO's small queue and ghosts: more hits at c = 0.3 than at 0.35 under shuffled epochs.
  EpochLaw law;
  const double less = law.hit("s3fifo", {}, 0.30, {}).ratio;
  const double more = law.hit("s3fifo", {}, 0.35, {}).ratio;
  CHECK(less > more + kMiniatureError);
  CHECK(law.hit("s3fifo", {}, 0.30, {}).method == EpochMethod::kMiniature);
  CHECK(law.hit("lru", {}, 0.30, {}).method == EpochMethod::kClosedForm);
}

TEST_CASE("scope decides what a job's reads meet: alone LRU keeps c, together less") {
  scenario::Scenario s = small_fleet();
  s.cache.scope = scenario::Scope::kNode;
  s.cache.tiers[0].capacity = Bytes(500'000'000'000);  // half of the data in every node
  // Ten caches that each see a fresh tenth: near c = 0.5, above the 0.1534 of one shared LRU.
  const double alone = steady(s).job[0].hits.hit;
  CHECK(alone > 0.4);
  CHECK(alone < 0.5);
  s.cache.scope = scenario::Scope::kRegion;
  s.cache.tiers[0].capacity = Bytes(50'000'000'000);
  CHECK(steady(s).job[0].hits.hit == doctest::Approx(0.1534).epsilon(1e-3));
  s.cache.index = scenario::Index::kPooled;
  s.cache.tiers[0].capacity = Bytes(500'000'000'000);  // the same, said for the whole pool
  CHECK(steady(s).job[0].hits.hit == doctest::Approx(0.1534).epsilon(1e-3));
}

TEST_CASE("data that live in another region cross the WAN, which can bind and costs money") {
  scenario::Scenario s = small_fleet();
  s.regions["far"] = analytic_test::region("far");
  s.datasets["data"].region = "far";
  s.cache.enabled = false;
  scenario::WanLink link;
  link.from = "far";
  link.to = "r";
  link.bandwidth = BytesPerSecond(0.25e9);
  link.per_gb = Money(0.02);
  s.links = {link};
  const probes::Record r = solved(s);
  // 0.25 of 1 GB/s gets through: 75 % stall. 0.25 GB/s x 730 h x 3,600 s x 0.02 = 13,140 USD.
  CHECK(metric(r, "train.job.stall") == doctest::Approx(0.75).epsilon(1e-6));
  CHECK(metric(r, "wan.far-r.bytes_per_second") == doctest::Approx(0.25e9).epsilon(1e-6));
  CHECK(metric(r, "wan.cost_per_month") == doctest::Approx(13'140).epsilon(1e-6));
}

TEST_CASE(
    "what the home region's cache hands on passes its owners' NICs, and binds where few are") {
  scenario::Scenario s = small_fleet();
  s.regions["far"] = analytic_test::region("far");
  s.regions["far"].pools["train"].nodes = 2;
  s.regions["far"].pools["train"].sku.nic = BytesPerSecond(0.1e9);
  s.datasets["data"].region = "far";
  scenario::WanLink link;
  link.from = "far";
  link.to = "r";
  link.bandwidth = BytesPerSecond(100e9);
  s.links = {link};
  // Within a region the job asks the far origin itself: 0.8466 GB/s misses, no owner on the way.
  CHECK(steady(s).job[0].stall < 1e-6);
  s.cache.scope = scenario::Scope::kGlobal;
  const Answer answer = steady(s);
  // Two owners' NICs of 0.1 GB/s carry it up: 0.2 of 0.8466 GB/s.
  CHECK(answer.job[0].stall == doctest::Approx(1 - 0.2 / 0.8466).epsilon(1e-3));
  double up = 0, down = 0, written = 0;
  for (const ResourceAnswer& r : answer.resource) {
    if (r.name == "nic_up.far.train") up = r.offered;
    if (r.name == "nic_down.far.train") down = r.offered;
    if (r.name == "nvme_write.far.train") written = r.offered;
  }
  const JobHits& hits = answer.job[0].hits;
  CHECK(hits.remote > 0);  // the far cache keeps a tenth of the data
  CHECK(up == doctest::Approx(1e9 * (1 - hits.hit)));
  CHECK(down == doctest::Approx(1e9 * (1 - hits.hit - hits.remote)));
  CHECK(written == doctest::Approx(down));
}

TEST_CASE("a synchronous checkpoint costs its write time, an asynchronous one its stall") {
  scenario::Scenario s = small_fleet();
  scenario::Checkpoint& c = s.training["job"].checkpoint;
  c.size = Bytes(20'000'000'000);
  c.every = from_seconds(100);
  c.stall = from_seconds(2);
  CHECK(steady(s).job[0].goodput == doctest::Approx(0.98));
  c.asynchronous = false;  // 20 GB over min(4 x 0.5, 10 x 1 GB/s) = 10 s of 100
  CHECK(steady(s).job[0].goodput == doctest::Approx(0.90));
  // MTTI of 40 GPUs at 4.74e-4 a day: 52.74 days = 4,556,962 s; Young sqrt(2 x 10 x that) = 9,547
  // s.
  CHECK(steady(s).job[0].best_interval_s == doctest::Approx(9546.7).epsilon(1e-3));
}

TEST_CASE("a checkpoint is written in parallel blocks and read back by one stream a node") {
  scenario::Scenario s = small_fleet();
  scenario::Region& r = s.regions["r"];
  r.blob.accounts = 100;  // 50 GB/s in, 100 GB/s out
  r.blob.stream = BytesPerSecond(0.1e9);
  r.bifrost.stamp = BytesPerSecond(200e9);
  scenario::Checkpoint& c = s.training["job"].checkpoint;
  c.size = Bytes(100'000'000'000);  // 10 GB a node
  c.every = from_seconds(1000);
  CHECK(steady(s).job[0].checkpoint_drain_s == doctest::Approx(2));  // 100 GB at 50 GB/s
  CHECK(steady(s).job[0].restore_s == doctest::Approx(100));         // 10 GB at 0.1 GB/s
  s.origin.path = scenario::OriginPath::kBifrost;
  CHECK(steady(s).job[0].restore_s == doctest::Approx(10));  // 10 GB at 1 GB/s
  CHECK(steady(s).job[0].checkpoint_drain_s == doctest::Approx(2));
  // One node of ten ends at the front end with probability 1 - 0.9^10 = 0.6513: 10 + 0.6513 x 90.
  r.bifrost.fallback = 0.1;
  CHECK(steady(s).job[0].restore_s == doctest::Approx(68.62).epsilon(1e-3));
  r.bifrost.fallback = 0;
  r.bifrost.stamp = BytesPerSecond(5e9);  // 100 GB at 5 GB/s
  CHECK(steady(s).job[0].restore_s == doctest::Approx(20));
}

TEST_CASE(
    "with a quarter of the weights' tail outside the read-ahead a big job waits for its slowest") {
  // Ten thousand nodes, ten reads a step, read-ahead 0: E[max of 1e5 log-normal 20/80 ms] +
  // transfer.
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.regions["r"].pools["train"].nodes = s.training["job"].nodes = 10'000;
  s.regions["r"].blob.accounts = 100'000;
  s.training["job"].prefetch = 0;
  const JobAnswer a = steady(s).job[0];
  const models::LogNormalLatency law(from_seconds(0.02), from_seconds(0.08));
  CHECK(a.slow_reads_per_step == doctest::Approx(1e5));
  CHECK(a.slow_read_s == doctest::Approx(to_seconds(law.mean_of_max(1e5)) + 0.01).epsilon(1e-6));
  s.training["job"].prefetch = 4;  // four seconds hide it all
  CHECK(steady(s).job[0].slow_read_s < 1e-6);
}
