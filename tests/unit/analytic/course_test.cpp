// What jobs do over a run: hand arithmetic for one job that stops, for lost copies, for caches that
// still learn; and how far each input moves the answer.
#include "sim/analytic/course.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "sim/analytic/analytic.hpp"
#include "small_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::analytic;
using analytic_test::small_fleet;

namespace {

Course course(const scenario::Scenario& s, const CourseOptions& options = {}) {
  EpochLaw law;
  const FleetView view = view_of(s).value();
  return course_of(view, design_of(s), law, options);
}

scenario::FleetEvent loss(double at_s, double lasts_s) {
  scenario::FleetEvent e;
  e.at = from_seconds(at_s);
  e.kind = scenario::EventKind::kFailNode;
  e.region = "r";
  e.pool = "train";
  e.index = 3;
  e.lasts = from_seconds(lasts_s);
  return e;
}

/// Everything fits and the origin is wide: a step of 1 s, all of 1 TB in 1,000 s.
scenario::Scenario idle_origin() {
  scenario::Scenario s = small_fleet();
  s.cache.tiers[0].capacity = Bytes(150'000'000'000);
  s.regions["r"].blob.accounts = 100;
  s.regions["r"].blob.stream = BytesPerSecond(10e9);
  return s;
}

double error_of(const probes::Record& r, const std::string& component, const std::string& metric) {
  const auto found = r.metrics.find("error." + component + "." + metric);
  return found == r.metrics.end() ? 0 : found->second.value;
}

}  // namespace

TEST_CASE("reads under way share a full link by bytes, whatever their size, and plans by number") {
  scenario::Scenario s = small_fleet();
  s.cache.enabled = false;
  s.regions["r"].blob.accounts = 1;
  s.training["job"].nodes = 5;
  s.training["job"].bytes_per_step = Bytes(800'000'000);
  scenario::TrainingJob other = s.training["job"];
  other.name = "small";
  other.dataset = "fine";
  s.datasets["fine"] = s.datasets["data"];
  s.datasets["fine"].object = Bytes(1'250'000);  // an eighth
  s.training["small"] = other;
  EpochLaw law;
  {
    const FleetView view = view_of(s).value();
    const Answer a = evaluate(view, design_of(s), law);
    // Eight times as many reads under way, all of them alike on the link.
    CHECK(a.job[1].rate == doctest::Approx(8 * a.job[0].rate));
    CHECK(a.job[0].rate + a.job[1].rate == doctest::Approx(1e9));
    // Little's law: reads under way over reads a second.
    CHECK(a.job[0].origin_read_s == doctest::Approx(5 * 4 * 80 / (a.job[0].rate / 1e7)));
  }
  s.regions["r"].blob.accounts = 100;
  s.regions["r"].blob.requests = PerSecond(2);  // 200 a second: tokens bind
  const FleetView view = view_of(s).value();
  const Answer a = evaluate(view, design_of(s), law);
  // As many tokens for each read under way: eight times the reads of an eighth of the size.
  CHECK(a.job[1].rate == doctest::Approx(a.job[0].rate));
}

TEST_CASE(
    "a job that stops loses its nodes, a restore, and what it computed since the last checkpoint") {
  scenario::Scenario s = idle_origin();
  s.horizon = from_seconds(4000);
  s.warmup = from_seconds(2000);
  s.training["job"].checkpoint.size = Bytes(10'000'000'000);
  s.training["job"].checkpoint.every = from_seconds(100);
  s.training["job"].checkpoint.stall = from_seconds(1);
  s.events = {loss(3050, 200)};
  const Course c = course(s);
  const JobCourse& j = c.job[0];
  CHECK(j.down == doctest::Approx(200.0 / 2000));
  CHECK(j.restore == doctest::Approx(c.phases.steady.job[0].restore_s / 2000));
  CHECK(j.stops == 1);
  CHECK(j.random_stops == 0);
  // Between nothing and a whole interval; the checkpoint has to be in the accounts by then.
  CHECK(j.redone > 0);
  CHECK(j.redone <= (101 + c.phases.steady.job[0].checkpoint_drain_s) / 2000);
  CHECK(j.goodput + j.stall + j.checkpoint + j.restore + j.down + j.redone ==
        doctest::Approx(1).epsilon(1e-9));
  s.training["job"].checkpoint.size = Bytes(0);
  const JobCourse bare = course(s).job[0];
  // Back to the first step: all of the measured time is lost, the warm-up's was booked before.
  CHECK(bare.redone == doctest::Approx(1050.0 / 2000).epsilon(0.001));
  CHECK(bare.restore == 0);
}

TEST_CASE("of a lost node's copies each is missed once: a tenth of an epoch's reads in all") {
  scenario::Scenario s = idle_origin();
  s.training["job"].nodes = 5;  // nodes 5 to 9 only hold copies
  s.training["job"].bytes_per_step = Bytes(200'000'000);
  s.horizon = from_seconds(9000);
  s.warmup = from_seconds(2000);
  s.events = {loss(3000, 100)};
  s.events[0].index = 7;
  const JobCourse lost = course(s).job[0];
  // From 3000 s on, and again from its return at 3100 s on: 100 s and a whole epoch of 1,000 s.
  CHECK(lost.missed_again == doctest::Approx(0.1 * 1.1e12).epsilon(1e-6));
  CHECK(lost.read - lost.hit == doctest::Approx(lost.missed_again));
  CHECK(lost.stops == 0);
  CHECK(course(s, {.copies_are_lost = false}).job[0].missed_again == 0);
  s.events[0].kind = scenario::EventKind::kDrainNode;
  s.events[0].keeps_nvme = true;
  CHECK(course(s).job[0].missed_again == doctest::Approx(0.1 * 0.1e12).epsilon(1e-6));
}

TEST_CASE("a job's first epoch ends at its own pace, and what others read by then is found") {
  scenario::Scenario s = idle_origin();
  s.training["job"].nodes = 5;  // 0.5 GB/s: 2,000 s
  scenario::TrainingJob other = s.training["job"];
  other.name = "quick";
  other.bytes_per_step = Bytes(400'000'000);  // 2 GB/s: 500 s
  s.training["quick"] = other;
  s.horizon = from_seconds(1000);
  const Course c = course(s);
  CHECK(c.job[1].first_share == doctest::Approx(0.5).epsilon(0.01));
  CHECK(c.job[0].first_share == doctest::Approx(1).epsilon(0.01));
  // The slow one finds what the quick one has read: half of it in the mean until 500 s, then all.
  CHECK(c.job[0].hit / c.job[0].read == doctest::Approx(0.75).epsilon(0.02));
}

TEST_CASE("of four caches each has seen a quarter of the data after one epoch, 7/16 after two") {
  scenario::Scenario s = idle_origin();
  s.regions["r"].pools["train"].nodes = 40;
  s.regions["r"].fabric.nodes_per_rack = 10;
  s.training["job"].nodes = 40;
  s.training["job"].bytes_per_step = Bytes(25'000'000);
  s.cache.scope = scenario::Scope::kRack;
  s.horizon = from_seconds(3000);
  s.warmup = from_seconds(1000);
  CHECK(course(s).job[0].hit / course(s).job[0].read ==
        doctest::Approx((0.25 + 7.0 / 16) / 2).epsilon(0.005));
}

TEST_CASE("two hundred caches learn for hundreds of epochs, not for forty") {
  scenario::Scenario s = idle_origin();
  s.regions["r"].pools["train"].nodes = 200;
  s.training["job"].nodes = 200;  // 20 GB/s: an epoch is 50 s
  s.cache.scope = scenario::Scope::kNode;
  s.cache.tiers[0].capacity = Bytes(2'000'000'000'000);  // all fits every node
  s.horizon = from_seconds(100 * 50);
  s.warmup = from_seconds(50 * 50);
  double seen = 0;  // by the 51st epoch, …, by the 100th
  for (int epoch = 50; epoch < 100; ++epoch) seen += (1 - std::pow(1 - 1.0 / 200, epoch)) / 50;
  const Course c = course(s);
  CHECK(c.job[0].hit / c.job[0].read == doctest::Approx(seen).epsilon(0.01));
  CHECK(c.stage.size() < 20);  // not one an epoch
}

TEST_CASE("many jobs on one data set take it from the origin once") {
  scenario::Scenario s = idle_origin();
  s.regions["r"].pools["train"].nodes = 40;
  for (int i = 0; i < 40; ++i) {
    scenario::TrainingJob job = s.training["job"];
    job.name = "job" + std::to_string(10 + i);
    job.nodes = 1;
    s.training[job.name] = job;
  }
  s.training.erase("job");
  s.horizon = from_seconds(20'000);  // 0.1 GB/s each: an epoch is 10,000 s
  double landed = 0;
  for (const JobCourse& c : course(s).job) landed += c.read - c.hit;
  CHECK(landed == doctest::Approx(1e12).epsilon(0.01));
}

TEST_CASE("caches that are emptied late were as full as others before") {
  scenario::Scenario s = idle_origin();
  s.regions["r"].blob.accounts = 1;  // held back at first: no start to wait for
  s.regions["r"].blob.egress = BytesPerSecond(0.6e9);
  s.training["job"].nodes = 5;
  s.training["more"] = s.training["job"];  // each finds what the other has read
  s.training["more"].name = "more";
  s.horizon = from_seconds(1500);
  const double usual = course(s).job[0].hit;
  REQUIRE(usual > 0);
  scenario::FleetEvent cold;
  cold.kind = scenario::EventKind::kColdStart;
  cold.region = "r";
  cold.at = from_seconds(1499);
  s.events = {cold};
  CHECK(course(s).job[0].hit == doctest::Approx(usual).epsilon(0.01));
}

TEST_CASE("years of a job that is mostly down come to their end") {
  scenario::Scenario s = idle_origin();
  s.horizon = from_seconds(9e8);
  for (int i = 0; i < 40; ++i) s.events.push_back(loss(2e7 * (i + 1) + 0.123, 1.99e7));
  const Course c = course(s);
  CHECK(c.job[0].down == doctest::Approx(40 * 1.99e7 / 9e8).epsilon(1e-3));
}

TEST_CASE("what is read again hits as chance, or the policy's probation, has left it") {
  EpochLaw law;
  const auto hits = [&law](const char* policy, double cached, double back, double before = 10) {
    return law.reread(policy, {}, cached, back, before, 1e6);
  };
  CHECK(hits("lru", 0.5, 0.4) == 1);
  CHECK(hits("lru", 0.5, 0.6) == 0);
  CHECK(hits("sieve", 0.5, 0.4, 0) == 1);  // nothing else is there
  // Random: y, the evictions since an object was read, falls by e^(-y) for each read again, so
  // that of b caches of reads -ln(1 - b e^-b) / b are found.
  for (const double b : {0.25, 0.5, 1.0}) {
    CAPTURE(b);
    CHECK(hits("random", 0.5, 0.4 * b, 0.05) == 1);  // as much as ever came fits
    // Later, a read evicts only where it misses, which half of them do.
    const double usual = law.hit("random", {}, 0.5, {}).ratio, x = b * (1 - usual);
    CHECK(hits("random", 0.5, 0.5 * b) ==
          doctest::Approx(-std::log(1 - x * std::exp(-x)) / x).epsilon(0.1));
  }
  // SLRU has a part of its room for what comes first: a tenth of the data is found again, a quarter
  // is too long for it.
  CHECK(hits("slru", 0.5, 0.1) == 1);
  CHECK(hits("slru", 0.5, 0.25) < 0.5);
  // A cache of 24 of 70,000 objects: as many fit that are read again, or a few too many.
  CHECK(law.reread("slru", {}, 24.0 / 70'000, 20.0 / 70'000, 0, 70'000) == 1);
  CHECK(law.reread("s3fifo", {}, 24.0 / 70'000, 30.0 / 70'000, 0, 70'000) > 0);
  CHECK(hits("slru", 0.5, 0.25, 0.2) == 1);  // it is not full yet
}

TEST_CASE("copies that were lost before a stop are missed as much after it, not more") {
  scenario::Scenario s = idle_origin();
  s.horizon = from_seconds(10'000);
  scenario::FleetEvent cold;
  cold.kind = scenario::EventKind::kColdStart;
  cold.region = "r";
  cold.at = from_seconds(4000);
  s.events = {cold};
  const double once = course(s).job[0].missed_again;
  CHECK(once == doctest::Approx(1e12).epsilon(0.01));
  // Half of them are back when it stops and begins at its first step again.
  s.events.push_back(loss(4500, 10));
  const JobCourse stopped = course(s).job[0];
  CHECK(stopped.missed_again < 1.2 * once);  // and a tenth went with the node
  CHECK(stopped.missed_again > once);
  // All are back long before.
  s.events[1] = loss(7000, 10);
  CHECK(course(s).job[0].missed_again < 1.2 * once);
}

TEST_CASE("short restores late in a run of years come to their end") {
  scenario::Scenario s = idle_origin();
  s.horizon = from_seconds(9e8);
  s.training["job"].checkpoint.size = Bytes(8'000'000);  // a millisecond or so
  s.training["job"].checkpoint.every = from_seconds(3600);
  for (int i = 0; i < 40; ++i) s.events.push_back(loss(2e7 * (i + 1) + 0.123, 3600));
  const JobCourse j = course(s).job[0];
  CHECK(j.restores == 40);
  CHECK(j.restore < 1e-6);
}

TEST_CASE("a policy is followed by epochs of its readers, and not over several caches") {
  EpochLaw law;
  for (const double readers : {1.0, 2.0, 8.0}) {
    const EpochHit hit = law.hit("s3fifo", {}, 0.5, {1, readers, true, 0});
    CAPTURE(readers);
    REQUIRE(hit.by_epoch.size() == kLearningEpochs);
    CHECK(hit.by_epoch.back() == doctest::Approx(hit.ratio).epsilon(0.03));
    // A reader's second epoch hits what all have left, not nothing.
    CHECK(hit.by_epoch.front() > 0.1);
  }
  CHECK(law.hit("s3fifo", {}, 0.5, {4, 1, true, 0}).by_epoch.empty());
}

TEST_CASE("what restores reads moves with what origins give") {
  scenario::Scenario s = small_fleet();
  s.training["job"].checkpoint.size = Bytes(20'000'000'000);
  s.training["job"].checkpoint.every = from_seconds(100);
  const FleetView view = view_of(s).value();
  Design design = design_of(s);
  EpochLaw law;
  const double whole = evaluate(view, design, law).job[0].restore_s;
  design.origin = 0.5;
  CHECK(evaluate(view, design, law).job[0].restore_s == doctest::Approx(2 * whole));
}

TEST_CASE("what a cache has of what is read again hangs on its policy") {
  scenario::Scenario s = small_fleet();  // half of the data fits
  s.regions["r"].blob.accounts = 100;
  s.horizon = from_seconds(2900);
  s.warmup = from_seconds(2000);
  // Back to the first step after 2.2 epochs: neither the latest half nor chance has much of it.
  s.events = {loss(2200, 100)};
  const auto hits = [&](const char* policy) {
    s.cache.tiers[0].eviction = policy;
    const JobCourse& j = course(s).job[0];
    return j.hit / j.read;
  };
  const double lru = hits("lru"), random = hits("random"), pinned = hits("pinned");
  CHECK(lru < 0.2);     // 2.2 TB do not fit
  CHECK(random > lru);  // whatever it usually hits
  CHECK(pinned > 0.5);  // 500 s of 600 are in it
}

TEST_CASE("an answer near a full origin is uncertain, one far from it is not") {
  scenario::Scenario s = small_fleet();
  s.horizon = from_seconds(1e5);
  s.warmup = from_seconds(5e4);
  s.regions["r"].blob.accounts = 10;  // 10 GB/s for 0.85
  const probes::Record far = solve(s).value();
  CHECK(error_of(far, "rates", "train.job.stall") < 1e-6);
  CHECK(error_of(far, "timing", "train.job.stall") == 0);
  CHECK(error_of(far, "hits", "cache.byte_hit_ratio.dataset") > 0.01);
  CHECK(error_of(far, "losses", "train.job.goodput") == 0);
  s.regions["r"].blob.accounts = 1;
  s.training["job"].bytes_per_step = Bytes(120'000'000);  // 1.02 of 1 GB/s
  const probes::Record near = solve(s).value();
  // Full: a twentieth less to give is that much more of the time.
  CHECK(error_of(near, "rates", "train.job.stall") == doctest::Approx(0.05).epsilon(0.1));
  CHECK(error_of(near, "hits", "train.job.stall") > 0.02);
}

TEST_CASE("a first epoch that ends about when the warm-up does is uncertain by that") {
  scenario::Scenario s = idle_origin();
  s.horizon = from_seconds(2000);
  s.warmup = from_seconds(1000);
  // A tenth of the warm-up earlier, 100 s of 1,100 are the first epoch's.
  CHECK(error_of(solve(s).value(), "timing", "cache.byte_hit_ratio.dataset") ==
        doctest::Approx(100.0 / 1100).epsilon(0.01));
}

TEST_CASE("prompts of four times the time have half the spread") {
  scenario::Scenario s = small_fleet();
  s.training["job"].nodes = 5;
  s.inference["chat"] = analytic_test::chat("r", "train");
  s.horizon = from_seconds(1000);
  const double once = error_of(solve(s).value(), "draws", "kv.block_hit_ratio");
  s.horizon = from_seconds(4000);
  CHECK(error_of(solve(s).value(), "draws", "kv.block_hit_ratio") ==
        doctest::Approx(once / 2).epsilon(1e-6));
  CHECK(once > 0);
}
