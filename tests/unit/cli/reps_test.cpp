#include <doctest/doctest.h>

#include <cmath>

#include "analysis/statistics.hpp"
#include "policies/base/rng.hpp"
#include "sim/cli/study_companions.hpp"
#include "sim/cli/study_reps.hpp"

using namespace fleetcache;
using namespace fleetcache::cli;

TEST_CASE("a stop rule names a metric and a relative half width") {
  const auto rule = parse_stop_rule("rel_ci(train.goodput) < 2%");
  REQUIRE(rule);
  CHECK(rule->metric == "train.goodput");
  CHECK(rule->relative == doctest::Approx(0.02));
  CHECK(parse_stop_rule(" rel_ci( a.b )<0.5 ")->relative == 0.5);
  for (const char* bad : {"", "rel_ci(a)", "ci(a) < 2%", "rel_ci(a) > 2%", "rel_ci(a) < 0%",
                          "rel_ci(a) < 100%", "rel_ci() < 2%", "rel_ci(a) < 2% or so"}) {
    CHECK_FALSE(parse_stop_rule(bad));
  }
}

TEST_CASE("a rule is satisfied by five seeds at least, and never by a mean of zero") {
  analysis::Result result;
  analysis::Metric& m = result.metrics["m"];
  const StopRule rule{"m", 0.5};
  m.replicates = {1, 1, 1, 1};
  CHECK_FALSE(satisfied(rule, result));
  m.replicates = {1, 1, 1, 1, 1};
  CHECK(satisfied(rule, result));
  m.replicates = {0, 0, 0, 0, 0};
  CHECK_FALSE(satisfied(rule, result));
  CHECK_FALSE(satisfied({"absent", 0.5}, result));
  // 9, 10, 11, 10, 10: t(4) s / sqrt(5) = 2.776 x 0.7071 / 2.236 = 0.878 of 10
  m.replicates = {9, 10, 11, 10, 10};
  CHECK(satisfied({"m", 0.089}, result));
  CHECK_FALSE(satisfied({"m", 0.087}, result));
}

TEST_CASE("averaged figures are means, and the note says of what") {
  analysis::Result result;
  result.manifest.seeds = {1, 2};
  result.metrics["all"] = {1, "s"};
  result.metrics["all"].replicates = {1, 3};
  result.metrics["some"] = {5, "s"};  // one seed did not report it
  average(result);
  CHECK(result.metrics["all"].value == 2);
  CHECK(result.metrics["all"].averaged);
  CHECK(result.metrics["some"].value == 5);
  CHECK_FALSE(result.metrics["some"].averaged);
  CHECK(result.notes.size() == 1);
}

TEST_CASE("stopping at the first narrow interval costs coverage, as the header says") {
  // 4,000 studies of a normal figure with a standard deviation of 5 % of its mean, stopped at
  // ±3 %: t s / sqrt(n) < 0.03 holds from about 13 seeds on.
  constexpr int kStudies = 4'000;
  int covered = 0, fixed_covered = 0;
  for (int study = 0; study < kStudies; ++study) {
    Rng rng(7, "test/stopping", static_cast<std::uint64_t>(study));
    analysis::Result result;
    std::vector<double>& values = result.metrics["m"].replicates;
    const auto add = [&](std::uint32_t n) {
      for (std::uint32_t i = 0; i < n; ++i) values.push_back(1 + 0.05 * rng.normal());
    };
    const auto holds = [&] {
      return std::abs(analysis::mean(values) - 1) <= analysis::confidence_95(values);
    };
    add(kRepsFirst);
    while (!satisfied({"m", 0.03}, result)) add(kRepsStep);
    covered += holds() ? 1 : 0;
    values.clear();
    add(13);
    fixed_covered += holds() ? 1 : 0;
  }
  const double share = static_cast<double>(covered) / kStudies;
  const double fixed = static_cast<double>(fixed_covered) / kStudies;
  MESSAGE("coverage: stopped " << share << ", fixed number of seeds " << fixed);
  CHECK(fixed > 0.94);  // the rule's loss is seen against this
  CHECK(fixed < 0.96);
  CHECK(share < fixed);
  CHECK(share > 0.90);
}

TEST_CASE("companions differ from the base in what they are for and in nothing else") {
  world::RunOptions base;
  base.rung = world::Rung::kFleet;
  base.salt = 3;
  CHECK(companion_runs(base, analysis::Effort::kNone).empty());
  const auto quick = companion_runs(base, analysis::Effort::kQuick);
  REQUIRE(quick.size() == 4);
  for (std::size_t i = 0; i < quick.size(); ++i) {
    CHECK(quick[i].options.sample_factor == 0.25);
    CHECK(quick[i].options.representative_factor == 0.25);
    CHECK(quick[i].options.salt == 4 + i);  // none shares the base's sample
    CHECK(quick[i].options.epsilon == base.epsilon);
    CHECK(quick[i].options.rung == base.rung);
  }
  const auto full = companion_runs(base, analysis::Effort::kFull);
  CHECK(full.size() == 7);
  CHECK(refinement_flags(full[0].options) ==
        std::vector<std::string>{"--epsilon", "0.025", "--salt", "3"});
  base.rung = world::Rung::kBundled;
  REQUIRE(companion_runs(base, analysis::Effort::kQuick).size() == 1);
  CHECK(companion_runs(base, analysis::Effort::kQuick)[0].options.epsilon == 0.1);
  base.rung = world::Rung::kExact;
  CHECK(companion_runs(base, analysis::Effort::kFull).empty());
  CHECK(refinement_flags(world::RunOptions{}).empty());
}

TEST_CASE("a variant borrows only what it could not tell itself") {
  const std::vector<analysis::ErrorTerm> base = {{"sample", "m", 0.2, "salts", false},
                                                 {"seed", "m", 0.1, "spread", false}};
  std::vector<analysis::ErrorTerm> variant = {{"sample", "m", std::nullopt, "", false},
                                              {"seed", "m", 0.3, "batches", false},
                                              {"tail", "m", std::nullopt, "", false}};
  borrow_errors(base, variant);
  CHECK(*variant[0].abs == 0.2);
  CHECK(variant[0].estimator == "that of the base");
  CHECK(*variant[1].abs == 0.3);
  CHECK_FALSE(variant[2].abs.has_value());  // the base did not know it either
}
