#include "sim/probes/timeline.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <string>

#include "sim/engine/flow_engine.hpp"
#include "sim/world/run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

namespace fleetcache::world {
namespace {

using probes::Combine;
using probes::Timeline;
using probes::TimelineRecord;

TimePoint at(double seconds) { return TimePoint{} + from_seconds(seconds); }

TEST_CASE("with a horizon bins are fixed; a stretch is shared among the bins it touches") {
  Timeline timeline(from_seconds(100), 10);
  CHECK(timeline.bin().count == from_seconds(10).count);
  timeline.add("rate", "1/s", at(0), at(10), 4, 10);
  timeline.add("rate", "1/s", at(10), at(15), 8, 5);
  // [15, 35): half of bin 1, all of bin 2, half of bin 3; bin 1 is 5 s of 8 and 5 s of 2.
  timeline.add("rate", "1/s", at(15), at(35), 2, 20);
  timeline.add("rate", "1/s", at(50), at(50), 99, 1);  // no time
  timeline.add("rate", "1/s", at(50), at(60), 99, 0);  // no weight
  const TimelineRecord record = timeline.record();
  const auto& values = record.series.at("rate").values;
  CHECK(record.bin_s == 10);
  REQUIRE(values.size() == 4);
  CHECK(values[0] == 4);
  CHECK(values[1] == doctest::Approx(5));
  CHECK(values[2] == 2);
  CHECK(values[3] == 2);
}

TEST_CASE("where nothing was seen there is no value, and peaks stay peaks") {
  Timeline timeline(from_seconds(40), 4);
  timeline.add("p99", "s", at(0), at(5), 1, 100, Combine::kMax);
  timeline.add("p99", "s", at(5), at(10), 3, 1, Combine::kMax);
  timeline.add("p99", "s", at(20), at(30), 2, 1, Combine::kMax);
  const auto values = timeline.record().series.at("p99").values;
  REQUIRE(values.size() == 3);
  CHECK(values[0] == 3);
  CHECK(std::isnan(values[1]));
  CHECK(values[2] == 2);
}

TEST_CASE("without a horizon neighbours merge, and integrals over time stay what they were") {
  Timeline timeline({}, 8);
  double expected = 0;
  for (int i = 0; i < 1000; ++i) {
    timeline.add("rate", "B/s", at(i), at(i + 1), i % 7, 1);
    timeline.add("peak", "s", at(i), at(i + 1), i == 333 ? 50 : 1, 1, Combine::kMax);
    expected += i % 7;
  }
  const TimelineRecord record = timeline.record();
  CHECK(record.bin_s == 128);  // 8 bins of 128 s hold 1,000 s; of 64 s they would not
  const auto& rate = record.series.at("rate").values;
  REQUIRE(rate.size() == 8);
  // The last bin is 1,000 - 7 x 128 = 104 s long.
  double integral = 0;
  for (std::size_t b = 0; b < 8; ++b) integral += rate[b] * (b < 7 ? 128 : 104);
  CHECK(integral == doctest::Approx(expected).epsilon(1e-9));
  const auto& peak = record.series.at("peak").values;
  for (std::size_t b = 0; b < 8; ++b) CHECK(peak[b] == (b == 333 / 128 ? 50 : 1));
}

/// Every read takes `read_s`, a step computes for 1 s.
probes::Record run_tiny(bool fails, double read_s) {
  scenario::Scenario s = tiny_training(2, 40, 60);
  s.horizon = from_seconds(51.2);
  s.training.at("j").compute = from_seconds(1);
  if (fails) {
    s.events = {{from_seconds(10), scenario::EventKind::kFailNode, "r", 1, from_seconds(4), 0}};
  }
  RunOptions options;
  options.make_engine = [&] { return engine::make_fixed_delay_engine(from_seconds(read_s)); };
  auto record = run(s, options);
  REQUIRE(record.ok());
  return std::move(record).value();
}

double integral(const probes::Record& record, const std::string& name) {
  double sum = 0;
  for (const double value : record.timeline.series.at(name).values) {
    if (std::isfinite(value)) sum += value * record.timeline.bin_s;
  }
  return sum;
}

TEST_CASE("over time the series of a run add up to its totals") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    // Reads of 4 s with two ahead: the job waits about half of its time.
    const probes::Record record = run_tiny(fails, 4);
    CHECK(record.timeline.bin_s == doctest::Approx(0.2));
    double origin = 0;
    for (const char* tier : {"front_end", "bifrost", "deltazero"}) {
      origin += static_cast<double>(record.bytes.at("dataset").at(tier));
    }
    CHECK(origin > 0);
    CHECK(integral(record, "bytes_per_second.origin.dataset") ==
          doctest::Approx(origin).epsilon(1e-9));
    if (!fails) {
      const double elapsed = 51.2;
      CHECK(record.metrics.at("train.j.goodput").value > 0.2);
      CHECK(record.metrics.at("train.j.goodput").value < 0.8);
      CHECK(integral(record, "train.j.goodput") / elapsed ==
            doctest::Approx(record.metrics.at("train.j.goodput").value).epsilon(0.001));
    }
  }
}

TEST_CASE("a failed node is seen in the series for as long as it is away, and marked") {
  const probes::Record calm = run_tiny(false, 0.01), failed = run_tiny(true, 0.01);
  CHECK(calm.marks.empty());
  CHECK(calm.timeline.series.count("fleet.nodes_down") == 0);
  // One node for 4 s.
  CHECK(integral(failed, "fleet.nodes_down") == doctest::Approx(4).epsilon(1e-6));
  REQUIRE(failed.marks.size() == 1);
  CHECK(failed.marks[0].at_s == 10);
  CHECK(failed.marks[0].until_s == 14);
  CHECK(failed.marks[0].label.find("node") != std::string::npos);
  const auto& down = failed.timeline.series.at("fleet.nodes_down").values;
  const auto& goodput = failed.timeline.series.at("train.j.goodput").values;
  for (std::size_t b = 51; b < 69; ++b) {  // within 10 s to 14 s
    CHECK(down.at(b) == doctest::Approx(1));
    CHECK(goodput.at(b) == 0);
  }
  CHECK(down.at(20) == 0);
  CHECK(goodput.at(100) > 0.5);
}

}  // namespace
}  // namespace fleetcache::world
