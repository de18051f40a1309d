// Where the time of a job went, and when the bytes of bulk transfers moved.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "sim/engine/flow_engine.hpp"
#include "sim/world/run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

namespace fleetcache::world {
namespace {

/// Every transfer takes `transfer_s`.
probes::Record run_with(const scenario::Scenario& s, double transfer_s) {
  RunOptions options;
  options.make_engine = [&] { return engine::make_fixed_delay_engine(from_seconds(transfer_s)); };
  auto record = run(s, options);
  REQUIRE(record.ok());
  return std::move(record).value();
}

double value(const probes::Record& record, const std::string& name) {
  return record.metrics.at(name).value;
}

TEST_CASE("shares of a job's time add up, and what is lost is nodes away or work redone") {
  // One node, steps of 1 s, a checkpoint each 10 s that is durable 0.25 s later; the node is away
  // from 25 s to 28 s. Another job on the other node goes on.
  auto s = tiny_training(1, 10000, 0);
  s.regions["r"] = tiny_region(2, 0);
  s.horizon = from_seconds(60);
  s.warmup = from_seconds(5);
  s.training["j"].compute = from_seconds(1);
  s.training["j"].checkpoint = {Bytes(kGB), from_seconds(10), from_seconds(0.5), true, false};
  s.training["k"] = s.training["j"];
  s.training["k"].name = "k";
  s.events = {{from_seconds(25), scenario::EventKind::kFailNode, "r", 0, from_seconds(3), 0}};
  const probes::Record record = run_with(s, 0.25);
  const double elapsed = 55;
  for (const char* job : {"train.j.", "train.k.", "train."}) {
    double sum = 0;
    for (const char* part :
         {"goodput", "stall", "checkpoint_share", "restore_share", "down_share", "redone_share"}) {
      sum += value(record, std::string(job) + part);
    }
    CAPTURE(job);
    CHECK(sum == doctest::Approx(1).epsilon(1e-9));
  }
  CHECK(value(record, "train.j.down_share") * elapsed == doctest::Approx(3).epsilon(1e-9));
  CHECK(value(record, "train.j.redone_share") * elapsed ==
        doctest::Approx(value(record, "train.j.lost_s") - 3).epsilon(1e-9));
  CHECK(value(record, "train.j.redone_share") > 0);
  CHECK(value(record, "train.k.down_share") == 0);
  CHECK(value(record, "train.k.redone_share") == 0);
  CHECK(value(record, "train.down_share") * elapsed == doctest::Approx(1.5).epsilon(1e-9));
  CHECK(value(record, "train.j.weight") == doctest::Approx(0.5));
  CHECK(value(record, "events.planned.node.jobs_stopped") == 1);
  CHECK(record.metrics.count("events.random") == 0);
}

TEST_CASE("the time line says which of its bins are warm-up and counts random failures") {
  auto s = tiny_training(4, 10000, 0);
  s.horizon = from_seconds(51.2);
  s.warmup = from_seconds(12.8);
  s.training["j"].compute = from_seconds(1);
  CHECK(run_with(s, 0.01).timeline.series.count("events.random") == 0);
  s.failures.enabled = true;
  s.failures.node = {from_seconds(60), from_seconds(2)};
  const probes::Record record = run_with(s, 0.01);
  const auto& warmup = record.timeline.series.at("time.warmup").values;
  REQUIRE(warmup.size() == 256);
  for (std::size_t b = 0; b < 256; ++b) CHECK(warmup[b] == (b < 64 ? 1 : 0));
  double drawn = 0;
  for (const double n : record.timeline.series.at("events.random").values) drawn += n;
  CHECK(drawn > 0);
  CHECK(drawn == value(record, "events.random"));
  CHECK(drawn == value(record, "events.random.node.count"));
  CHECK(record.marks.empty());  // too many to mark one by one
  s.warmup = Duration(0);
  CHECK(run_with(s, 0.01).timeline.series.count("time.warmup") == 0);
}

TEST_CASE("bytes of a copy count while it moves, not when it has arrived") {
  // 40 objects of 100 MB, 8 at once, 10 s each: 80 MB/s for 50 s. The job does not read.
  auto s = tiny_training(4, 40, 0);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  s.training["j"].compute = from_seconds(1000);
  s.horizon = from_seconds(64);
  scenario::FleetEvent event;
  event.kind = scenario::EventKind::kPrestage;
  event.region = "r";
  event.pool = "train";
  event.dataset = "d";
  event.in_flight = 8;
  s.events = {event};
  const probes::Record record = run_with(s, 10);
  const auto& rate = record.timeline.series.at("bytes_per_second.origin.prestage").values;
  double bytes = 0, most = 0;
  for (const double r : rate) {
    bytes += r * record.timeline.bin_s;
    most = std::max(most, r);
  }
  const double staged = static_cast<double>(record.bytes.at("prestage").at("front_end"));
  CHECK(staged > 2e9);
  CHECK(bytes == doctest::Approx(staged).epsilon(1e-9));
  CHECK(most < 1.1 * 80e6);  // at arrival they would be 3.2 GB/s in five bins
  CHECK(rate.at(60) > 0.9 * 80e6);
}

TEST_CASE("amounts that overlap add up, over the time that their bin has so far") {
  const auto at = [](double s) { return TimePoint{} + from_seconds(s); };
  probes::Timeline timeline({}, 8);  // bins of 1 s, then of 2 s
  timeline.add_amount("rate", "B/s", at(0), at(8), 80);
  timeline.add_amount("rate", "B/s", at(4), at(6), 6);
  timeline.add_amount("rate", "B/s", at(8), at(11), 30);
  const probes::TimelineRecord record = timeline.record();
  CHECK(record.bin_s == 2);
  const std::vector<double> expected = {10, 10, 13, 10, 10, 10};  // the last bin is 1 s long
  REQUIRE(record.series.at("rate").values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(record.series.at("rate").values[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  }
}

}  // namespace
}  // namespace fleetcache::world
