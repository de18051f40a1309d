#include <doctest/doctest.h>

#include "analysis/decide.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/sampled_terms.hpp"
#include "analysis/statistics.hpp"
#include "analysis/stored_errors.hpp"
#include "analysis/verdict.hpp"

using namespace fleetcache::analysis;

namespace {

const Metric kStall{0.10, "ratio"};
const std::string kName = "train.a.stall";

Evidence fleet(Effort effort) {
  Evidence e;
  e.rung = "fleet";
  e.effort = effort;
  return e;
}

std::vector<std::string> components_of(const std::vector<ErrorTerm>& terms) {
  std::vector<std::string> names;
  for (const ErrorTerm& term : terms) names.push_back(term.component);
  return names;
}

Verdict undecided(double margin, double error) {
  Verdict v;
  v.objective = {kName, true, 0.2};
  v.value = 0.1;
  v.unit = "ratio";
  v.margin = margin;
  v.error = error;
  return v;
}

}  // namespace

TEST_CASE("each rung has its own components, and none is left out in silence") {
  Metric m = kStall;
  m.replicates = {0.10, 0.11};
  const std::map<std::string, Metric> figures = {{kName, m}};
  const auto of = [&](Evidence e) { return components_of(error_vector(figures, {kName}, e)); };
  Evidence bundled;
  bundled.rung = "bundled";
  CHECK(of(Evidence{}) == std::vector<std::string>{"seed", "fluid"});
  CHECK(of(bundled) == std::vector<std::string>{"seed", "fluid", "bundle", "window"});
  Evidence full = fleet(Effort::kFull);
  CHECK(of(full) == std::vector<std::string>{"seed", "fluid", "bundle", "window", "placement",
                                             "sample", "representative"});
  full.stepped_s = 10;
  full.tails["a"] = {100, 1000};
  CHECK(of(full) == std::vector<std::string>{"seed", "fluid", "bundle", "window", "placement",
                                             "sample", "representative", "skip", "tail"});
  // Without companions each of them is unknown, and so is the sum.
  CHECK(has_unknown_error(error_vector(figures, {kName}, full), kName));
  for (const ErrorTerm& term : error_vector(figures, {kName}, fleet(Effort::kNone))) {
    if (term.component == "sample") CHECK_FALSE(term.abs.has_value());
  }
}

TEST_CASE("the threshold's error is linear: twice the difference to half of it, once to twice") {
  Evidence e;
  e.rung = "bundled";
  CHECK_FALSE(window_term(kName, kStall, e).abs.has_value());
  e.companions.epsilon_doubled = Figures{{kName, 0.104}};
  CHECK(*window_term(kName, kStall, e).abs == doctest::Approx(0.004));
  e.companions.epsilon_halved = Figures{{kName, 0.099}};
  CHECK(*window_term(kName, kStall, e).abs == doctest::Approx(0.002));  // the finer one counts
  // x(e) = x + 0.04 e: at e = 0.05 the error is 0.002, and the difference to 0.025 is half of it.
}

TEST_CASE("a sample's error comes from salts: all of the spread of full ones, half of quarters'") {
  Evidence e = fleet(Effort::kFull);
  e.companions.salts = {{{kName, 0.11}}, {{kName, 0.09}}, {{kName, 0.10}}, {{kName, 0.10}}};
  // Five values 0.10, 0.11, 0.09, 0.10, 0.10: s = 0.01 / sqrt(2); t(4) = 2.7764
  CHECK(*sample_term(kName, kStall, e).abs ==
        doctest::Approx(2.7764451 * 0.01 / 1.41421356).epsilon(1e-6));
  e.companions.samples_doubled = Figures{{kName, 0.15}};
  CHECK(*sample_term(kName, kStall, e).abs == doctest::Approx(0.10));  // 2 x 0.05 is larger
  Evidence quick = fleet(Effort::kQuick);
  quick.companions.quarters = {{{kName, 0.12}}, {{kName, 0.10}}, {{kName, 0.11}}, {{kName, 0.11}}};
  // s = 0.01 sqrt(2/3) = 0.0081650; t(3) = 3.1824; halved, since 1 / sqrt(4)
  CHECK(*sample_term(kName, kStall, quick).abs ==
        doctest::Approx(3.1824463 * 0.0081649658 / 2).epsilon(1e-6));
  // mean 0.11: C / (n/4) - C / n = 3 C / n = 0.01
  CHECK(*representative_term(kName, kStall, quick).abs == doctest::Approx(0.01 / 3));
}

TEST_CASE("Richardson finds a bias of C / n from 2 n") {
  // x(n) = 0.08 + 1.28 / 64 = 0.10, x(2n) = 0.09: the limit is 0.08
  Evidence e = fleet(Effort::kFull);
  e.companions.representatives_doubled = Figures{{kName, 0.09}};
  CHECK(*representative_term(kName, kStall, e).abs == doctest::Approx(0.02));
}

TEST_CASE("a tail told from fewer than ten draws for each reader is flagged for its job alone") {
  Evidence e = fleet(Effort::kFull);
  e.tails["a"] = {9'999, 1'000};
  e.tails["b"] = {10'000, 1'000};
  CHECK(extrapolated_tail("train.a.stall", e) != nullptr);
  CHECK(extrapolated_tail("train.stall", e) != nullptr);  // of all jobs
  CHECK(extrapolated_tail("train.b.stall", e) == nullptr);
  CHECK(extrapolated_tail("infer.chat.ttft_p99", e) == nullptr);
  CHECK_FALSE(tail_term(kName, e).abs.has_value());
  e.tail[kName] = 0.03;
  CHECK(*tail_term(kName, e).abs == 0.03);
}

TEST_CASE("what was stepped over and not re-run is unknown, not zero") {
  Evidence e = fleet(Effort::kFull);
  e.stepped_s = 100;
  CHECK_FALSE(skip_term(kName, e).abs.has_value());
  e.skip[kName] = 0.001;
  CHECK(*skip_term(kName, e).abs == 0.001);
}

TEST_CASE("declared tables say that they were not measured") {
  CHECK(fluid_error() == 0.05);
  for (const FluidPattern& row : kFluidPatterns) {
    if (row.measured) continue;
    CHECK(fluid_source().find("not measured") != std::string::npos);
  }
  for (const Family family : {Family::kStall, Family::kHitRatio, Family::kTime, Family::kTailTime,
                              Family::kRate, Family::kOther}) {
    CHECK(row_of(kBundleErrors, family).family == family);
    CHECK(row_of(kFleetErrors, family).family == family);
  }
}

TEST_CASE("an averaged figure has the interval of its mean, a single one that of one run") {
  Metric m{10.0, "s"};
  m.replicates = {9, 10, 11, 10};
  const double s = standard_deviation(m.replicates);
  CHECK(*seed_error(m) == doctest::Approx(3.1824463 * s));
  m.averaged = true;
  CHECK(*seed_error(m) == doctest::Approx(3.1824463 * s / 2));
}

TEST_CASE("the component that decides is the largest that suffices alone, ours before external") {
  const Evidence e;
  // margin 0.03; sum 0.05: seed alone must come to 0.03 - 0.02 = 0.01, less 5 % to be past it
  const std::vector<ErrorTerm> terms = {{"seed", kName, 0.03, "", false},
                                        {"fluid", kName, 0.02, "", true}};
  const auto seed = component_that_decides(undecided(0.03, 0.05), terms, e);
  REQUIRE(seed.has_value());
  CHECK(seed->name == "seed");
  CHECK(*seed->needed == doctest::Approx(0.0095));
  CHECK(seed->text.find("--reps 12") != std::string::npos);  // (0.03 / 0.0095)^2 = 9.97; and 2
  // The verdict is then indeed drawn.
  CHECK(0.03 > *seed->needed + 0.02);
  // margin 0.015: fluid alone is more than that; no reduction of the seed error suffices, and
  // without fluid the seed error still is.
  const auto none = component_that_decides(undecided(0.015, 0.05), terms, e);
  REQUIRE(none.has_value());
  CHECK_FALSE(none->needed.has_value());
  CHECK(none->text.find("no component decides alone") == 0);
  // margin 0.025, seed small: only packets can tell.
  const std::vector<ErrorTerm> external = {{"seed", kName, 0.001, "", false},
                                           {"fluid", kName, 0.03, "", true}};
  const auto fluid = component_that_decides(undecided(0.025, 0.031), external, e);
  REQUIRE(fluid.has_value());
  CHECK(fluid->name == "fluid");
}

TEST_CASE("an unknown component is named with what estimates it") {
  Evidence e = fleet(Effort::kQuick);
  e.tails["a"] = {500, 1'000};
  const std::vector<ErrorTerm> terms = {{"seed", kName, 0.01, "", false},
                                        {"tail", kName, std::nullopt, "", false}};
  const auto decider = component_that_decides(undecided(0.5, 0.01), terms, e);
  REQUIRE(decider.has_value());
  CHECK(decider->name == "tail");
  CHECK(decider->text.find("--sample-factor 20") != std::string::npos);  // 10 x 1000 / 500
}

TEST_CASE("the input that decides moves the metric furthest over what is not known about it") {
  // +10 % of x changes the metric by 0.1 x slope: 0.04 / ln is d M / d ln x.
  const std::vector<Sensitivity> inputs = {{"blob.egress", "60Gbps", 0.04, 0, 0},
                                           {"blob.burst", "1s", 0.05, 0.98, 1.02},
                                           {"rtt", "1ms", 0.001, 0, 0}};
  const auto decider = input_that_decides(undecided(0.01, 0.05), inputs);
  REQUIRE(decider.has_value());
  CHECK(decider->name == "blob.egress");  // 0.5 x 0.04 > 0.02 x 0.05, whatever the slope alone says
  CHECK(*decider->needed == doctest::Approx(0.25));  // 0.01 / 0.04
  // Nothing reaches a margin of 0.03 within ±50 %.
  CHECK_FALSE(input_that_decides(undecided(0.03, 0.05), inputs).has_value());
}
