// What a run reports can be asked for: by objectives and by --until.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "sim/analytic/analytic.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

using namespace fleetcache;

namespace {

/// Names that are reported and cannot be asked for, one a line.
std::string unknown(const scenario::Scenario& s, const probes::Record& record) {
  const auto names = cli::metric_names(s);
  std::string out;
  for (const auto& [name, metric] : record.metrics) {
    // What a run says of itself, and not of the fleet.
    const bool inner =
        name.rfind("sim.", 0) == 0 || name.rfind("tail.", 0) == 0 || name.rfind("error.", 0) == 0;
    if (!inner && std::find(names.begin(), names.end(), name) == names.end()) out += name + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("every metric that a run reports is one that can be asked for") {
  for (const char* preset : {"mai-small", "storm-rack", "storm-upgrade", "storm-cold"}) {
    CAPTURE(preset);
    const auto loaded = scenario::load(preset, {});
    REQUIRE(loaded);
    world::RunOptions options;
    options.rung = world::Rung::kFleet;
    options.native_solver = true;
    const auto played = world::run(loaded->scenario, options);
    REQUIRE(played);
    CHECK(unknown(loaded->scenario, *played) == "");
    const auto solved = analytic::solve(loaded->scenario);
    REQUIRE(solved);
    CHECK(unknown(loaded->scenario, *solved) == "");
  }
}
