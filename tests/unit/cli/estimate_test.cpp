// The estimate of a run's cost against the run, at each simulating rung.

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

using namespace fleetcache;

namespace {

struct Measured {
  double cpu_s = 0;
  double memory_bytes = 0;
};

/// A run in a process of its own: SimGrid allows one engine a process.
Measured measure(const scenario::Scenario& scenario, world::Rung rung) {
  world::RunOptions options;
  options.rung = rung;
  std::cout.flush();  // the child would print it again
  const pid_t child = fork();
  if (child == 0) _exit(world::run(scenario, options) ? 0 : 1);
  int status = 0;
  rusage used{};
  REQUIRE(wait4(child, &status, 0, &used) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<double>(used.ru_maxrss) * 1024};
}

struct Point {
  const char* preset;
  std::vector<std::string> settings;
};

/// Runs every point at a rung. Another machine, or one whose processors share a core with somebody,
/// is faster or slower as a whole: ratios of CPU time are compared with their median.
void check_costs(world::Rung rung, const std::vector<Point>& points) {
  std::vector<double> ratios;
  for (const Point& point : points) {
    const auto loaded = scenario::load(point.preset, point.settings);
    REQUIRE(loaded);
    const world::Estimate expected = world::estimate(loaded->scenario, rung);
    const Measured measured = measure(loaded->scenario, rung);
    MESSAGE(std::string(world::name_of(rung))
            << ", " << std::string(point.preset) << " "
            << (point.settings.empty() ? "" : point.settings[0]) << ": expected "
            << expected.cpu_seconds << " s and " << expected.memory_bytes / 1e6 << " MB, measured "
            << measured.cpu_s << " s and " << measured.memory_bytes / 1e6 << " MB");
    CHECK(measured.memory_bytes < 1.5 * expected.memory_bytes);  // what is refused depends on it
    ratios.push_back(measured.cpu_s / expected.cpu_seconds);
  }
  std::vector<double> sorted = ratios;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    CAPTURE(std::string(points[i].preset));
    CAPTURE(i);
    CHECK(ratios[i] / median < 2);
    CHECK(ratios[i] / median > 0.5);
  }
  CHECK(median < 5);  // this is a machine on which the constants mean anything
  CHECK(median > 0.2);
}

}  // namespace

TEST_CASE("the cost of an exact run is known within a factor of two before it starts") {
  check_costs(world::Rung::kExact, {{"mai-small", {}},
                                    {"mai-small", {"origin.path=bifrost"}},
                                    {"mai-small", {"cache.enabled=false"}},
                                    {"mai-small", {"time.horizon=12min"}},
                                    {"mai-small", {"workloads.flagship.bytes_per_step=256MB"}},
                                    {"kv-pool", {"time.horizon=30min"}},
                                    {"kv-pool", {"time.horizon=1h"}}});
}

TEST_CASE("the cost of a bundled run is known within a factor of two before it starts") {
  check_costs(world::Rung::kBundled, {{"mai-small", {}},
                                      {"mai-small", {"origin.path=bifrost"}},
                                      {"mai-small", {"cache.enabled=false"}},
                                      {"mai-small", {"time.horizon=12min"}},
                                      {"mai-small", {"time.horizon=1h"}},
                                      {"kv-pool", {"time.horizon=2h"}},
                                      {"storm-rack", {}},
                                      {"storm-restart", {}}});
}

TEST_CASE("the cost of a fleet run is known within a factor of two before it starts") {
  check_costs(world::Rung::kFleet,
              {{"mai-small", {}},
               {"mai-small", {"time.horizon=12min"}},
               {"mai-small", {"time.horizon=1h"}},
               {"kv-pool", {"time.horizon=30min"}},
               {"kv-pool", {"time.horizon=2h"}},
               {"mai-2027", {"time.horizon=2min", "time.warmup=30s"}},
               {"mai-2027", {"time.horizon=10min", "time.warmup=1min"}},
               {"mai-2027", {"time.horizon=10min", "time.warmup=1min", "cache.enabled=false"}}});
}
