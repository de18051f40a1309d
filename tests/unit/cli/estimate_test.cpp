// The estimate of a run's cost against the run, at the exact rung.

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

using namespace fleetcache;

namespace {

/// CPU seconds of a run in a process of its own: SimGrid allows one engine a process.
double measured_cpu_s(const scenario::Scenario& scenario) {
  const pid_t child = fork();
  if (child == 0) _exit(world::run(scenario, {}) ? 0 : 1);
  int status = 0;
  rusage used{};
  REQUIRE(wait4(child, &status, 0, &used) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Point {
  const char* preset;
  std::vector<std::string> settings;
};

}  // namespace

TEST_CASE("the cost of a run is known within a factor of two before it starts") {
  const std::vector<Point> points = {
      {"mai-small", {}},
      {"mai-small", {"origin.path=bifrost"}},
      {"mai-small", {"cache.enabled=false"}},
      {"mai-small", {"time.horizon=12min"}},
      {"mai-small", {"workloads.flagship.bytes_per_step=256MB"}},
      {"kv-pool", {"time.horizon=30min"}},
      {"kv-pool", {"time.horizon=1h"}},
  };
  // Another machine is faster or slower as a whole: ratios are compared with their median.
  std::vector<double> ratios;
  for (const Point& point : points) {
    const auto loaded = scenario::load(point.preset, point.settings);
    REQUIRE(loaded);
    const double expected = world::estimate(loaded->scenario).cpu_seconds;
    const double measured = measured_cpu_s(loaded->scenario);
    MESSAGE(std::string(point.preset)
            << " " << (point.settings.empty() ? "" : point.settings[0]) << ": expected " << expected
            << " s, measured " << measured << " s");
    ratios.push_back(measured / expected);
  }
  std::vector<double> sorted = ratios;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    CAPTURE(i);
    CHECK(ratios[i] / median < 2);
    CHECK(ratios[i] / median > 0.5);
  }
  CHECK(median < 5);  // this is a machine on which the constants mean anything
  CHECK(median > 0.2);
}
