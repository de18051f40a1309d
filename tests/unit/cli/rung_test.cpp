#include <doctest/doctest.h>

#include <array>

#include "sim/cli/study_rung.hpp"
#include "sim/scenario/loader.hpp"

using namespace fleetcache;
using world::Rung;

namespace {

constexpr std::array kAll = {Rung::kExact, Rung::kBundled, Rung::kFleet};
const cli::Limits kLimits{24e9, 7200, "24GB", "2h"};

scenario::Scenario preset(const std::string& name, const std::vector<std::string>& settings = {}) {
  auto loaded = scenario::load(name, settings);
  REQUIRE(loaded);
  return std::move(loaded->scenario);
}

/// One run alone, without refinements.
Result<cli::RungChoice> choose_rung(const scenario::Scenario& s, const std::string& asked,
                                    const cli::Limits& limits, std::span<const Rung> built) {
  return cli::choose_rung(s, asked, cli::price_of_one(s, {}), limits, built);
}

}  // namespace

TEST_CASE("auto takes the most exact rung that is quickly done, and says why") {
  const auto choice = choose_rung(preset("mai-small"), "auto", kLimits, kAll);
  REQUIRE(choice);
  CHECK_FALSE(choice->analytic);
  CHECK(choice->rung == Rung::kExact);
  CHECK(choice->why.find("rung exact (auto") == 0);
  CHECK(choice->why.find('\n') == std::string::npos);
  // A fleet of 110,000 nodes for an hour is beyond exact and bundled.
  const auto fleet =
      choose_rung(preset("mai-2027", {"time.horizon=1h", "time.warmup=0s"}), "auto", kLimits, kAll);
  REQUIRE(fleet);
  CHECK(fleet->rung == Rung::kFleet);
}

TEST_CASE(
    "auto falls to closed forms only when they can answer, else it refuses with the estimate") {
  scenario::Scenario s = preset("mai-2027");
  const std::array exact_only = {Rung::kExact};
  s.events.clear();
  s.failures.enabled = false;
  for (auto& [name, service] : s.inference) service.arrivals.trace.clear();
  const auto closed = choose_rung(s, "auto", kLimits, exact_only);
  REQUIRE(closed);
  CHECK(closed->analytic);
  s.events.resize(1);
  const auto refused = choose_rung(s, "auto", kLimits, exact_only);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text().find("events") != std::string::npos);
  CHECK(refused.error().text().find("110,000 nodes") != std::string::npos);
}

TEST_CASE("a rung that was asked for is refused beyond the limits, with one that fits") {
  const scenario::Scenario s = preset("mai-2027", {"time.horizon=1h", "time.warmup=0s"});
  const auto exact = choose_rung(s, "exact", kLimits, kAll);
  REQUIRE_FALSE(exact);
  CHECK(exact.error().text().find("--rung fleet fits") != std::string::npos);
  cli::Limits tight = kLimits;
  tight.memory_bytes = 1e6;
  CHECK_FALSE(choose_rung(preset("mai-small"), "exact", tight, kAll));
  const std::array exact_only = {Rung::kExact};
  const auto unbuilt = choose_rung(s, "bundled", kLimits, exact_only);
  REQUIRE_FALSE(unbuilt);
  CHECK(unbuilt.error().text().find("does not simulate at rung bundled") != std::string::npos);
}

TEST_CASE("more samples cost more at the fleet rung and nothing at the exact one") {
  const scenario::Scenario s = preset("mai-2027", {"time.horizon=1h", "time.warmup=0s"});
  // The requests of services stay; those of training double.
  const auto requests = [&](double factor) {
    return world::estimate(s, Rung::kFleet, factor).requests;
  };
  CHECK(requests(1) > requests(0.5));
  CHECK(requests(2) - requests(1) ==
        doctest::Approx(2 * (requests(1) - requests(0.5))).epsilon(0.02));
  CHECK(world::estimate(s, Rung::kExact, 2).requests == world::estimate(s).requests);
}
