#include "analysis/verdict.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "analysis/binding.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/headline.hpp"

using namespace fleetcache::analysis;

namespace {

const Evidence kClosedForm = [] {
  Evidence e;
  e.rung = "analytic";
  return e;
}();

Verdict judge(double value, double limit, bool less_than, double error, bool interrupted = false) {
  const std::map<std::string, Metric> metrics = {{"m", {value, "s", 0}}};
  const std::vector<ErrorTerm> errors = {{"seed", "m", error, "", false}};
  return draw_verdicts({{"m", less_than, limit}}, metrics, errors, interrupted).front();
}

}  // namespace

TEST_CASE("an objective is met or missed only by more than the error") {
  CHECK(judge(1.0, 1.5, true, 0.4).state == State::kMet);        // margin 0.5 > 0.4
  CHECK(judge(1.0, 1.5, true, 0.5).state == State::kUndecided);  // margin 0.5 = error
  CHECK(judge(2.0, 1.5, true, 0.4).state == State::kMissed);     // margin -0.5
  CHECK(judge(2.0, 1.5, true, 0.6).state == State::kUndecided);
  CHECK(judge(2.0, 1.5, false, 0.4).state == State::kMet);       // "at least" turns the sign
  CHECK(judge(1.5, 1.5, true, 0.0).state == State::kUndecided);  // on the limit
  CHECK(judge(1.0, 1.5, true, 0.4).margin == 0.5);
}

TEST_CASE(
    "failures that were drawn make a goodput of closed forms uncertain, few of them by their "
    "mean") {
  const auto failures = [](double stops, double down) {
    const std::map<std::string, Metric> metrics = {{"train.goodput", {0.9, "ratio", 0}},
                                                   {"train.random_stops", {stops, "1", 0}},
                                                   {"train.down_share", {down, "ratio", 0}},
                                                   {"train.failure_waste", {0.1, "ratio", 0}}};
    for (const ErrorTerm& term : error_vector(metrics, {"train.goodput"}, kClosedForm))
      if (term.component == "failures") return term.abs.value_or(-1);
    return -1.0;
  };
  CHECK(failures(50, 0.05) == doctest::Approx(1.96 * 0.05 * 0.2));  // sqrt(2 / 50) = 0.2
  CHECK(failures(0, 0) == doctest::Approx(0.09));                   // what they cost in the mean
  CHECK(failures(2, 0.01) == doctest::Approx(0.09));                // 0.0196 is less
  // Without checkpoints there is no cost in the mean; those that were drawn are uncertain still.
  const std::map<std::string, Metric> none = {{"train.goodput", {0.5, "ratio", 0}},
                                              {"train.random_stops", {2, "1", 0}},
                                              {"train.redone_share", {0.4, "ratio", 0}}};
  double bare = -1;
  for (const ErrorTerm& term : error_vector(none, {"train.goodput"}, kClosedForm))
    if (term.component == "failures") bare = term.abs.value_or(-1);
  CHECK(bare == doctest::Approx(1.96 * 0.4));
}

TEST_CASE("what moves the inputs of closed forms is a term of its own, for the figures it moves") {
  Evidence evidence = kClosedForm;
  evidence.moved["hits"]["train.stall"] = 0.03;
  evidence.moved["rates"]["train.stall"] = 0.02;
  evidence.moved["no such component"]["train.stall"] = 1;
  const std::map<std::string, Metric> metrics = {{"train.stall", {0.2, "ratio", 0}},
                                                 {"train.b.stall", {0.2, "ratio", 0}}};
  const auto terms = error_vector(metrics, {"train.stall", "train.b.stall"}, evidence);
  REQUIRE(terms.size() == 4);
  CHECK(terms[0].component == "model");
  CHECK(terms[1].component == "hits");
  CHECK(terms[1].abs == 0.03);
  CHECK(terms[2].component == "rates");
  CHECK(terms[3].component == "model");
  CHECK(total_error(terms, "train.stall") == doctest::Approx(0.02 + 0.03 + 0.02));
}

TEST_CASE("an interrupted run, a missing metric and an unknown error decide nothing") {
  CHECK(judge(0.0, 1.5, true, 0.0, true).state == State::kUndecided);
  const auto missing = draw_verdicts({{"absent", true, 1.0}}, {}, {}, false).front();
  CHECK(missing.state == State::kUndecided);
  CHECK_FALSE(missing.value.has_value());
  const std::map<std::string, Metric> metrics = {{"m", {1.0, "s", 0}}};
  const std::vector<ErrorTerm> unknown = {{"seed", "m", std::nullopt, "", false}};
  CHECK(draw_verdicts({{"m", true, 100.0}}, metrics, unknown, false).front().state ==
        State::kUndecided);
}

TEST_CASE("exit codes under --fail-on slo: missed before undecided before met") {
  Verdict met, missed, undecided;
  met.state = State::kMet;
  missed.state = State::kMissed;
  CHECK(slo_exit_code({}) == 0);
  CHECK(slo_exit_code({met}) == 0);
  CHECK(slo_exit_code({met, undecided}) == 4);
  CHECK(slo_exit_code({undecided, missed, met}) == 1);
}

TEST_CASE(
    "the error vector of a simulated ratio adds seeds and fluid, of a closed form the model") {
  Metric goodput{0.9, "ratio", 0};
  goodput.replicates = {0.9, 0.92};
  const std::map<std::string, Metric> metrics = {{"g", goodput}, {"n", {12, "1", 0}}};
  const auto terms = error_vector(metrics, {"g", "n", "absent"}, Evidence{});
  REQUIRE(terms.size() == 3);
  CHECK(terms[0].component == "seed");
  // s = 0.02 / sqrt(2) = 0.01414; t(1) = 12.7062
  CHECK(*terms[0].abs == doctest::Approx(0.01414214 * 12.7062).epsilon(1e-6));
  CHECK(terms[1].component == "fluid");
  CHECK(*terms[1].abs == doctest::Approx(0.005));  // 5 % of the 10 % that is not useful
  CHECK(terms[1].external);
  CHECK(terms[2].metric == "n");  // a count has no fluid term, and here no seed estimate
  CHECK_FALSE(terms[2].abs.has_value());
  CHECK(has_unknown_error(terms, "n"));
  CHECK_FALSE(has_unknown_error(terms, "g"));
  CHECK(total_error(terms, "g") == doctest::Approx(0.01414214 * 12.7062 + 0.005).epsilon(1e-6));
  const auto closed = error_vector(metrics, {"g"}, kClosedForm);
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].component == "model");
}

TEST_CASE(
    "closed forms carry the disagreement with simulation that was measured for their family") {
  const std::map<std::string, Metric> metrics = {{"cache.byte_hit_ratio.dataset", {0.7, "ratio"}},
                                                 {"infer.chat.ttft_p99", {2.0, "s"}},
                                                 {"origin.bytes_per_second", {1e9, "B/s"}},
                                                 {"train.a.goodput", {0.8, "ratio"}},
                                                 {"train.a.stall", {0.195, "ratio"}},
                                                 {"train.b.stall", {0.0, "ratio"}},
                                                 {"train.c.goodput", {1.0, "ratio"}},
                                                 {"origin.throttled_ratio", {0.0, "ratio"}}};
  const auto error = [&](const std::string& name) {
    const auto terms = error_vector(metrics, {name}, kClosedForm);
    REQUIRE(terms.size() == 1);
    CHECK(terms[0].external);
    CHECK(terms[0].estimator.find("docs/validation.md") != std::string::npos);
    return terms[0].abs.value_or(-1);
  };
  CHECK(error("cache.byte_hit_ratio.dataset") == doctest::Approx(0.01));
  CHECK(error("infer.chat.ttft_p99") == doctest::Approx(1.3));        // 65 % of 2 s
  CHECK(error("origin.bytes_per_second") == doctest::Approx(1.2e8));  // 12 %
  CHECK(error("train.a.goodput") == doctest::Approx(0.02));           // 10 % of the other 20 %
  CHECK(error("train.a.stall") == doctest::Approx(0.0195));
  CHECK(error("train.b.stall") == doctest::Approx(0.015));  // floor
  CHECK(error("train.c.goodput") == doctest::Approx(0.015));
  CHECK(error("origin.throttled_ratio") == doctest::Approx(0.001));
}

TEST_CASE("a simulated share of 0 or 100 % still has a fluid error") {
  for (const double value : {0.0, 1.0, 0.999}) {
    const std::map<std::string, Metric> metrics = {{"g", {value, "ratio"}}};
    const auto terms = error_vector(metrics, {"g"}, Evidence{});
    REQUIRE(terms.size() == 2);
    CHECK(terms[1].component == "fluid");
    CHECK(*terms[1].abs == doctest::Approx(0.001));
  }
}

TEST_CASE("the interval of one run has the degrees of its batches, and needs ten of them") {
  Metric metric{0, "1", 0.3};  // a standard error alone has no degrees of freedom
  CHECK_FALSE(seed_error(metric).has_value());
  for (int i = 0; i < 9; ++i) metric.batches.push_back(i % 2);
  CHECK_FALSE(seed_error(metric).has_value());
  const auto few = error_vector({{"m", metric}}, {"m"}, Evidence{});
  CHECK_FALSE(few.at(0).abs.has_value());
  CHECK(few.at(0).estimator.find("fewer than 10 batches") != std::string::npos);
  metric.batches.push_back(1);
  // Five 0 and five 1: s = sqrt(2.5 / 9) = 0.527046; t(9) = 2.262157; over sqrt(10).
  CHECK(*seed_error(metric) == doctest::Approx(0.527046 * 2.262157 / 3.162278).epsilon(1e-5));
}

TEST_CASE("what is left of the transient enters the error") {
  Metric metric{0, "s", 0};
  for (int i = 0; i < 20; ++i) metric.batches.push_back(i < 4 ? 5.0 : 1.0);
  // mean of all = (4 * 5 + 16) / 20 = 1.8; after the cut 1.0
  const auto terms = error_vector({{"m", metric}}, {"m"}, Evidence{});
  REQUIRE(terms.size() == 3);
  CHECK(terms[1].component == "warmup");
  CHECK(*terms[1].abs == doctest::Approx(0.8));
}

TEST_CASE("the station that is busiest on average binds, ties go to the p99 and then the name") {
  const std::map<std::string, Station> stations = {
      {"a", {0.5, 0.9, 1, "1", "p.a"}},   {"b", {0.6, 0.9, 1, "1", "p.b"}},
      {"c", {0.6, 0.9, 1, "1", "p.c"}},   {"d", {0.0, 0.005, 1, "1", "p.d"}},
      {"e", {0.0, 0.005, 1, "1", "p.a"}}, {"f", {0.6, 0.8, 1, "1", "p.f"}}};
  CHECK(find_binding(stations).resource == "b");
  CHECK(busiest(stations, 3) == std::vector<std::string>{"b", "c", "f"});
  // p.a sets an idle and a busy station: it is not idle.
  CHECK(idle_parameters(stations) == std::vector<std::string>{"p.d"});
  CHECK(find_binding({}).resource.empty());
  CHECK_FALSE(find_binding({}).reason.empty());
}

TEST_CASE("a burst does not bind, and a busy GPU means that compute does") {
  // Asynchronous checkpoints: the ingress is full while one is written and idle the rest of the
  // time.
  const std::map<std::string, Station> stations = {
      {"blob_ingress.eastus2", {0.11, 1.0, 1, "B/s", "p.ingress"}},
      {"gpu.flagship", {0.99, 0.99, 64, "nodes", "p.compute"}}};
  const Binding binding = find_binding(stations);
  CHECK(binding.resource == "gpu.flagship");
  CHECK(binding.p99_util == 0.99);
  CHECK(is_compute(binding.resource));
  CHECK_FALSE(is_compute("blob_ingress.eastus2"));
}

TEST_CASE("a job that waits is held up by the data path, however busy its GPUs are") {
  // 15 % of one job's time is lost to an origin that is full half of the time.
  const std::map<std::string, Station> stations = {
      {"blob_egress.east", {0.52, 1.0, 1, "B/s", "p.egress"}},
      {"gpu.flagship", {0.99, 0.99, 40, "nodes", "p.flagship"}},
      {"gpu.video", {0.85, 0.85, 10, "nodes", "p.video"}},
      {"prefill.chat", {0.12, 0.12, 8, "slots", "p.prefill"}}};
  CHECK(find_binding(stations).resource == "blob_egress.east");
}

TEST_CASE("no effect is claimed only for what a +10 % re-run did not move beyond the error") {
  Result r;
  r.stations["nic"] = {0.003, 0.003, 1, "B/s", "p.nic"};  // idle, and still it may matter
  r.metrics = {{"ttft", {1.0, "s", 0}}, {"other", {1.0, "s", 0}}};
  r.error = {{"seed", "ttft", 0.1, "", false}};
  const std::vector<Objective> judged = {{"ttft", true, 2}, {"absent", true, 2}};
  CHECK(without_effect(r, judged).empty());  // nothing was raised
  r.binding.plus_10_percent = WhatIf{"p.nic", "1", "2", "a re-run", {{"other", {1.0, 0.5}}}};
  CHECK(without_effect(r, judged) == std::vector<std::string>{"p.nic"});
  CHECK(without_effect(r, {}).empty());                      // nothing was judged
  r.binding.plus_10_percent->changes["ttft"] = {1.0, 0.95};  // 0.05 <= 0.1
  CHECK(without_effect(r, judged) == std::vector<std::string>{"p.nic"});
  r.simulated = false;  // closed forms have no noise: 0.05 is a change
  CHECK(without_effect(r, judged).empty());
  r.simulated = true;
  r.binding.plus_10_percent->changes["ttft"] = {1.0, 0.85};  // 0.15 > 0.1
  CHECK(without_effect(r, judged).empty());
  r.binding.plus_10_percent->changes["ttft"] = {1.0, 0.95};
  r.error.push_back({"warmup", "ttft", std::nullopt, "", false});
  CHECK(without_effect(r, judged).empty());  // the error is not known
}

TEST_CASE("changed metrics lists what moved, with before and after") {
  const std::map<std::string, Metric> before = {{"same", {1, "s"}}, {"moved", {2, "s"}}};
  const std::map<std::string, Metric> after = {{"same", {1 + 1e-12, "s"}}, {"moved", {3, "s"}}};
  const auto changes = changed_metrics(before, after);
  REQUIRE(changes.size() == 1);
  CHECK(changes.at("moved") == std::pair<double, double>{2, 3});
}

TEST_CASE("headlines start with the objectives and name nothing twice") {
  const std::map<std::string, Metric> metrics = {{"train.goodput", {0.9, "ratio"}},
                                                 {"train.a.goodput", {0.9, "ratio"}},
                                                 {"kv.block_hits", {9, "1"}},
                                                 {"kv.block_hit_ratio", {0.9, "ratio"}}};
  const std::vector<Objective> objectives = {{"kv.block_hit_ratio", false, 0.5}};
  CHECK(headlines(metrics, objectives, true) ==
        std::vector<std::string>{"kv.block_hit_ratio", "train.a.goodput", "train.goodput"});
  CHECK(headlines(metrics, objectives, false).size() == 4);
}

TEST_CASE("a verdict that only the transient leaves open says what would decide it") {
  const std::vector<Objective> objectives = {{"m", true, 1.0}};
  const std::map<std::string, Metric> metrics = {{"m", {2.0, "s", 0}}};
  std::vector<ErrorTerm> errors = {{"seed", "m", 0.2, "", false}, {"warmup", "m", 1.5, "", false}};
  auto verdicts = draw_verdicts(objectives, metrics, errors, false);
  CHECK(verdicts[0].state == State::kUndecided);
  CHECK(verdicts[0].reason.find("time.warmup") != std::string::npos);
  errors = {{"seed", "m", 1.5, "", false}, {"warmup", "m", 0.2, "", false}};
  verdicts = draw_verdicts(objectives, metrics, errors, false);
  CHECK(verdicts[0].reason.find("time.warmup") == std::string::npos);
}
