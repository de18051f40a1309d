// Stepping over steady stretches: what is counted over them is what playing them counts.
#include <doctest/doctest.h>

#include "sim/world/run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// Sixteen nodes read 200 objects over and over, a step a second; a third of them fits.
scenario::Scenario steady(double hours) {
  auto s = tiny_training(16, 200, 0);
  s.training["j"].compute = from_seconds(1);
  s.training["j"].compute_cv = 0.02;
  s.regions["r"].blob.egress = BytesPerSecond(100e9);
  s.cache.enabled = true;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 500 * kMB, "fifo")};
  s.warmup = from_seconds(300);
  s.horizon = from_seconds(hours * 3600);
  return s;
}

probes::Record play(const scenario::Scenario& s, bool step_over) {
  RunOptions options;
  options.rung = Rung::kFleet;
  options.native_solver = true;
  options.step_over = step_over;
  auto record = run(s, options);
  REQUIRE(record);
  for (const probes::Check& check : record->conservation) CHECK_MESSAGE(check.ok, check.name);
  return std::move(record).value();
}

double figure(const probes::Record& record, const std::string& name) {
  return record.metrics.at(name).value;
}

double events(const probes::Record& record) { return std::stod(record.fingerprint.at("events")); }

}  // namespace

TEST_CASE("counts over stretches that are stepped over are those of playing them") {
  const auto s = steady(6);
  const auto stepped = play(s, true), played = play(s, false);
  REQUIRE(events(stepped) < events(played) / 2);  // most of it was not played
  for (const char* name : {"train.j.steps", "train.j.bytes_read", "train.j.goodput",
                           "written.dataset.nvme", "cache.evictions"}) {
    CAPTURE(name);
    CHECK(figure(stepped, name) == doctest::Approx(figure(played, name)).epsilon(0.02));
  }
  for (const auto& served : played.bytes.at("dataset")) {
    const std::string& tier = served.first;
    const std::uint64_t bytes = served.second;
    if (static_cast<double>(bytes) < 0.1 * figure(played, "train.j.bytes_read")) continue;
    CAPTURE(tier);
    CHECK(static_cast<double>(stepped.bytes.at("dataset").at(tier)) ==
          doctest::Approx(static_cast<double>(bytes)).epsilon(0.03));
  }
}

TEST_CASE("a job of so many steps ends with them, stepped over or not") {
  auto s = steady(6);
  s.training["j"].steps = 12'000;
  const auto stepped = play(s, true), played = play(s, false);
  CHECK(figure(played, "train.j.steps") == figure(stepped, "train.j.steps"));
  CHECK(figure(stepped, "train.j.bytes_read") ==
        doctest::Approx(figure(played, "train.j.bytes_read")).epsilon(0.001));
}

TEST_CASE("a node that is back rejoins at its date, though time is stepped over around it") {
  auto s = steady(6);
  s.cache.membership = {from_seconds(30), from_seconds(0.5), from_seconds(600)};
  scenario::FleetEvent loss;
  loss.at = from_seconds(2.5 * 3600);
  loss.kind = scenario::EventKind::kFailNode;
  loss.region = "r";
  loss.index = 15;
  loss.lasts = from_seconds(900);
  s.events = {loss};
  const auto stepped = play(s, true), played = play(s, false);
  REQUIRE(events(stepped) < events(played));
  CHECK(figure(stepped, "events.node_time_away") == doctest::Approx(900));
  CHECK(figure(stepped, "events.last_return") == figure(played, "events.last_return"));
  CHECK(figure(stepped, "train.j.lost_s") ==
        doctest::Approx(figure(played, "train.j.lost_s")).epsilon(0.05));
}

TEST_CASE("objects of a salted sample are those that are staged") {
  auto s = steady(0.5);
  s.datasets["d"].size = Bytes(20'000 * 100 * kMB);
  s.cache.tiers[0].capacity = Bytes(4000 * 100 * kMB);
  s.fleet.samples_per_step = 4;
  scenario::FleetEvent stage;
  stage.at = Duration(0);
  stage.kind = scenario::EventKind::kPrestage;
  stage.region = "r";
  stage.pool = "train";
  stage.dataset = "d";
  stage.in_flight = 4096;
  s.events = {stage};
  s.training["j"].bytes_per_step = Bytes(500 * kMB);
  s.warmup = from_seconds(60);  // a quarter of an epoch
  for (const std::uint64_t salt : {0, 7}) {
    RunOptions options;
    options.rung = Rung::kFleet;
    options.native_solver = true;
    options.salt = salt;
    const auto record = run(s, options);
    REQUIRE(record);
    // What is staged within the warm-up is read by nobody else afterwards.
    CAPTURE(salt);
    CHECK(record->bytes.at("dataset").at("front_end") == 0);
  }
}
