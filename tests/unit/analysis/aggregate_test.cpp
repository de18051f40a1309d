// Errors of means over jobs, intervals of shares, and what decides when the error is unknown.

#include <doctest/doctest.h>

#include <cmath>

#include "analysis/aggregate_terms.hpp"
#include "analysis/decide.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/headline.hpp"
#include "analysis/interval.hpp"
#include "analysis/io/json.hpp"
#include "analysis/io/result_report.hpp"

using namespace fleetcache::analysis;

namespace {

const ErrorTerm* term_of(const std::vector<ErrorTerm>& terms, const std::string& metric,
                         const std::string& component) {
  for (const ErrorTerm& term : terms) {
    if (term.metric == metric && term.component == component) return &term;
  }
  return nullptr;
}

/// Two jobs of which the first has three quarters of the time; only it has batches.
std::map<std::string, Metric> two_jobs() {
  std::map<std::string, Metric> figures;
  Metric a{0.80, "ratio"};
  for (int i = 0; i < 20; ++i) a.batches.push_back(i < 4 ? 0.4 : 0.9);
  figures["train.a.goodput"] = a;
  figures["train.b.goodput"] = {0.60, "ratio"};
  figures["train.goodput"] = {0.75, "ratio"};
  figures["train.a.weight"] = {0.75, "ratio"};
  figures["train.b.weight"] = {0.25, "ratio"};
  return figures;
}

}  // namespace

TEST_CASE("a mean over jobs has every component that its jobs have, by their share of the time") {
  const auto figures = two_jobs();
  const auto terms =
      error_vector(figures, {"train.a.goodput", "train.b.goodput", "train.goodput"}, Evidence{});
  const ErrorTerm* part = term_of(terms, "train.a.goodput", "warmup");
  const ErrorTerm* mean = term_of(terms, "train.goodput", "warmup");
  REQUIRE(part != nullptr);
  REQUIRE(mean != nullptr);
  REQUIRE(part->abs.has_value());
  CHECK(*part->abs > 0.05);
  CHECK(*mean->abs == doctest::Approx(0.75 * *part->abs));
  CHECK(mean->estimator.find("weighted over its jobs") == 0);
  // One of them does not know its spread: neither does the mean.
  CHECK_FALSE(term_of(terms, "train.b.goodput", "seed")->abs.has_value());
  CHECK_FALSE(term_of(terms, "train.goodput", "seed")->abs.has_value());
  // Its own batches show a planned stop: no warm-up, since the job that is all of it has none.
  std::map<std::string, Metric> stopped;
  Metric steady{0.9, "ratio"}, stops{0.9, "ratio"};
  for (int i = 0; i < 20; ++i) {
    steady.batches.push_back(0.9);
    stops.batches.push_back(i < 4 ? 0.0 : 0.9);
  }
  stopped["train.a.goodput"] = steady;
  stopped["train.goodput"] = stops;
  stopped["train.a.weight"] = {1, "ratio"};
  const auto planned = error_vector(stopped, {"train.a.goodput", "train.goodput"}, Evidence{});
  CHECK(*term_of(planned, "train.goodput", "warmup")->abs == doctest::Approx(0));
  // A single job's mean is the job: its error is no smaller.
  std::map<std::string, Metric> one = figures;
  one.erase("train.b.goodput");
  one["train.a.weight"].value = 1;
  const auto alone = error_vector(one, {"train.a.goodput", "train.goodput"}, Evidence{});
  CHECK(total_error(alone, "train.goodput") >= total_error(alone, "train.a.goodput"));
}

TEST_CASE("what failures cost is as uncertain as their number, and a handful tells nothing") {
  auto figures = two_jobs();
  const auto seed = [&](const char* name) {
    return *term_of(error_vector(figures, {name}, Evidence{}), name, "seed");
  };
  const double calm = *seed("train.a.goodput").abs;
  figures["train.a.random_stops"] = {50, "1"};
  figures["train.a.redone_share"] = {0.06, "ratio"};
  figures["train.a.restore_share"] = {0.04, "ratio"};
  // 1.96 x 0.1 x sqrt(2 / 50) = 0.0392, beside the batches
  CHECK(*seed("train.a.goodput").abs ==
        doctest::Approx(std::sqrt(calm * calm + 0.0392 * 0.0392)).epsilon(1e-6));
  figures["train.a.random_stops"].value = 3;
  CHECK_FALSE(seed("train.a.goodput").abs.has_value());
  figures["train.a.random_stops"].value = 0;  // of those that are drawn none came: not none at all
  CHECK_FALSE(seed("train.a.goodput").abs.has_value());
  // Nor does the mean over jobs know it then.
  figures["train.b.goodput"].batches = figures["train.a.goodput"].batches;
  CHECK_FALSE(seed("train.goodput").abs.has_value());
  // Seeds do.
  figures["train.a.goodput"].replicates = {0.8, 0.7, 0.9};
  CHECK(seed("train.a.goodput").abs.has_value());
}

TEST_CASE("only figures of all jobs are means of jobs") {
  auto figures = two_jobs();
  CHECK(parts_of("train.goodput", figures).size() == 2);
  CHECK(parts_of("train.goodput", figures).at("train.b.goodput") == 0.25);
  CHECK(parts_of("train.a.goodput", figures).empty());
  CHECK(parts_of("train.stall", figures).empty());  // the jobs do not report it
  CHECK(parts_of("kv.block_hit_ratio", figures).empty());
  figures["train.b.weight"].value = 0;  // ended within the warm-up
  CHECK(parts_of("train.goodput", figures).size() == 1);
}

TEST_CASE("known components are never smaller than what the parts imply, draws by their squares") {
  const auto part = [](const char* component, std::optional<double> abs) {
    return std::vector<ErrorTerm>{{component, "p", abs, "why", false}};
  };
  const auto combined = [&](const char* component, std::optional<double> own,
                            std::optional<double> a, std::optional<double> b) {
    return with_parts({{component, "m", own, "own", true}}, "m",
                      {{0.5, part(component, a)}, {0.5, part(component, b)}})
        .front();
  };
  CHECK(*combined("warmup", 0.01, 0.04, 0.02).abs == doctest::Approx(0.03));
  CHECK(combined("warmup", 0.01, 0.04, 0.02).estimator == "weighted over its jobs, each: why");
  CHECK(*combined("warmup", 0.05, 0.04, 0.02).abs == 0.05);
  CHECK(combined("warmup", 0.05, 0.04, 0.02).estimator == "own");
  CHECK(*combined("seed", 0.01, 0.06, 0.08).abs == doctest::Approx(0.05));  // root of 9 + 16
  CHECK(*combined("seed", std::nullopt, 0.06, 0.08).abs == doctest::Approx(0.07));
  CHECK_FALSE(combined("seed", std::nullopt, 0.06, std::nullopt).abs.has_value());
  CHECK(*combined("seed", 0.01, 0.06, std::nullopt).abs == doctest::Approx(0.03));
}

TEST_CASE("an interval ends where its figure does") {
  const Interval high = interval_of(0.9, "ratio", 0.3);
  CHECK(high.low == doctest::Approx(0.6));
  CHECK(high.high == 1);
  CHECK(high.clipped);
  CHECK(high.half_width(0.9) == doctest::Approx(0.3));
  const Interval all = interval_of(0.4, "ratio", 1.7);
  CHECK(all.low == 0);
  CHECK(all.high == 1);
  CHECK(all.half_width(0.4) == doctest::Approx(0.6));
  CHECK(interval_of(1.4, "ratio", 0.2).high == doctest::Approx(1.6));  // no share: a ratio
  CHECK(interval_of(2, "s", 3).low == 0);
  CHECK(interval_of(2, "s", 3).high == 5);
  CHECK_FALSE(interval_of(0.5, "ratio", 0.5).clipped);
}

TEST_CASE("neither the page nor the document has a share that is off by more than it can be") {
  Result r;
  r.metrics["train.goodput"] = {0.4, "ratio"};
  r.error = {{"seed", "train.goodput", 1.3, "spread of 2 seeds", false},
             {"fluid", "train.goodput", 0.4, "declared", true}};
  Verdict v{{"train.goodput", false, 0.9}, State::kUndecided, 0.4, "ratio", 1.3, -0.5, 1.7, ""};
  r.verdict = {v};
  const std::string text = io::to_text(io::describe(r, "x"));
  CHECK(text.find("130 %") == std::string::npos);
  CHECK(text.find("170 %") == std::string::npos);
  CHECK(text.find("60.0 %") != std::string::npos);
  CHECK(text.find("train.goodput 0 % to 100 %") != std::string::npos);
  const auto verdict = io::to_json(r)["verdict"][0];
  CHECK(verdict["ci"][0] == 0);
  CHECK(verdict["ci"][1] == 1);
  CHECK(verdict["interval"][0] == 0);
  CHECK(verdict["interval"][1] == 1);
  CHECK(verdict["interval_clipped"] == true);
  CHECK(verdict["error"] == 1.7);  // the sum of its components, as they are
  // Half widths survive a document as long as one end is not clipped.
  r.verdict[0].ci = 0.5;
  CHECK(*io::read_result(io::canonical(io::to_json(r)))->verdict.at(0).ci == doctest::Approx(0.5));
}

TEST_CASE("where the error was not measured all that is unknown is named, and no input") {
  Evidence e;
  e.rung = "fleet";
  e.effort = Effort::kNone;
  Verdict v;
  v.objective = {"train.a.stall", true, 0.2};
  v.value = 0.1;
  v.margin = 0.1;
  v.error = 0.02;
  v.error_known = false;
  const std::vector<ErrorTerm> terms = {
      {"seed", "train.a.stall", std::nullopt, "", false},
      {"fluid", "train.a.stall", 0.02, "", true},
      {"sample", "train.a.stall", std::nullopt, "", false},
      {"representative", "train.a.stall", std::nullopt, "", false}};
  const auto decider = component_that_decides(v, terms, e);
  REQUIRE(decider.has_value());
  CHECK(decider->name == "seed, sample, representative");
  CHECK(decider->text ==
        "decided if components seed, sample and representative are estimated (the error was not "
        "measured: --error none): --reps 5, or a longer time.horizon, and --error quick or full");
  const std::vector<Sensitivity> inputs = {{"blob.egress", "60Gbps", 0.4, 0, 0}};
  CHECK_FALSE(input_that_decides(v, inputs).has_value());
  v.error_known = true;
  CHECK(input_that_decides(v, inputs).has_value());
}

TEST_CASE("every input that can turn the sign is named, the one that moves most first") {
  Verdict v;
  v.objective = {"train.a.stall", true, 0.2};
  v.margin = 0.01;
  const std::vector<Sensitivity> inputs = {
      {"a", "1s", 0.04, 0, 0}, {"b", "2s", 0.1, 0, 0}, {"c", "3s", 0.001, 0, 0}};
  const auto decider = input_that_decides(v, inputs);
  REQUIRE(decider.has_value());
  CHECK(decider->name == "b");
  CHECK(decider->text.find("within ±10 %; less so on a (±25 %)") != std::string::npos);
}

TEST_CASE("headlines: whole words, and shares of the job's time that are not zero") {
  std::map<std::string, Metric> figures;
  for (const char* name : {"train.a.stall", "train.a.slow_read_stall", "train.stall",
                           "train.a.redone_share", "origin.read_p99"}) {
    figures[name] = {0.1, "ratio"};
  }
  figures["train.a.restore_share"] = {0, "ratio"};
  CHECK(headlines(figures, {}, true) == std::vector<std::string>{"train.a.stall", "train.stall",
                                                                 "train.a.redone_share",
                                                                 "origin.read_p99"});
}
