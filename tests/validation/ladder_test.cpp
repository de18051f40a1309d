// What the ladder counts as disagreement and as covered, on answers made by hand, and what it
// draws.
#include "sim/validation/ladder.hpp"

#include <doctest/doctest.h>

#include "sim/validation/ladder_scenario.hpp"

using namespace fleetcache::validation;

namespace {

LadderAnswer answer(double goodput, double ttft, std::map<std::string, double> bytes) {
  LadderAnswer a;
  a.figures = {{"train.goodput", goodput}, {"infer.c.ttft_mean", ttft}, {"cache.evictions", 7}};
  a.bytes["dataset"] = std::move(bytes);
  return a;
}

const Disagreement* named(const std::vector<Disagreement>& all, const std::string& figure) {
  for (const Disagreement& d : all) {
    if (d.figure == figure) return &d;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("shares differ in points, times relative, bytes by all of the class") {
  const auto below = answer(0.9, 2.0, {{"front_end", 30}, {"peer_nvme", 70}});
  const auto above = answer(0.88, 2.2, {{"front_end", 40}, {"peer_nvme", 60}});
  const auto all = compare(4, below, above);
  CHECK(named(all, "train.goodput")->difference == doctest::Approx(0.02));
  CHECK(named(all, "infer.c.ttft_mean")->difference == doctest::Approx(0.1));
  CHECK(named(all, "dataset front_end")->difference == doctest::Approx(0.1));
  CHECK(named(all, "cache.evictions") == nullptr);  // of no family
}

TEST_CASE("a figure is covered by its half width, and what is not estimated covers nothing") {
  const auto below = answer(0.9, 2.0, {{"front_end", 30}});
  auto above = answer(0.88, 2.2, {{"front_end", 30}});
  above.error = {{"train.goodput", 0.03}, {"infer.c.ttft_mean", 0.1}};
  above.own_error = {{"train.goodput", 0.01}};
  above.unknown = {{"infer.c.ttft_mean", true}};
  const auto all = compare(0, below, above);
  CHECK(named(all, "train.goodput")->covered());
  CHECK_FALSE(named(all, "train.goodput")->covered_by_own());
  CHECK_FALSE(named(all, "infer.c.ttft_mean")->covered());
  const LadderStep step = summarize("exact", "bundled", all);
  CHECK(step.figures == 2);
  CHECK(step.figures_covered == 1);
  CHECK(step.figures_unknown == 1);
  CHECK(step.covered == 0);  // one figure of the scenario is not
}

TEST_CASE("the worst figure of a family counts for a scenario") {
  std::vector<Disagreement> all;
  for (std::uint64_t i = 0; i < 10; ++i) {
    Disagreement d;
    d.scenario = i;
    d.figure = "small";
    d.difference = 0.001;
    all.push_back(d);
    d.figure = "large";
    d.difference = 0.01 * static_cast<double>(i);
    all.push_back(d);
  }
  const LadderRow row = summarize("bundled", "fleet", all).rows.at(0);
  CHECK(row.scenarios == 10);
  CHECK(row.most == doctest::Approx(0.09));
  CHECK(row.worst_figure == "large");
  CHECK(row.worst_scenario == 9);
}

TEST_CASE("a drawn scenario depends on seed and number alone") {
  CHECK(ladder_scenario(1, 3).text == ladder_scenario(1, 3).text);
  CHECK(ladder_scenario(1, 3).text != ladder_scenario(1, 4).text);
  CHECK(ladder_scenario(1, 3).text != ladder_scenario(2, 3).text);
}
