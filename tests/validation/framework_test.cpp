#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

Case figure(double expected, double measured, double se, double tolerance) {
  return {"", expected, measured, se, tolerance};
}

TEST_CASE("a figure passes within the tolerance or within three standard errors") {
  CHECK(passes(figure(10, 10.9, 0, 1)));
  CHECK_FALSE(passes(figure(10, 11.1, 0, 1)));
  // 3 x 0.45 = 1.35 > 1: a run that long may be off by so much by chance.
  CHECK(passes(figure(10, 11.3, 0.45, 1)));
  CHECK_FALSE(passes(figure(10, 11.4, 0.45, 1)));
}

TEST_CASE("a run that is too short to judge does not pass, however close") {
  CHECK(passes(figure(10, 10, 0.5, 1)));
  CHECK_FALSE(passes(figure(10, 10, 0.51, 1)));
}

TEST_CASE("an exact figure has no room and a figure that is not a number never passes") {
  CHECK(passes(figure(240'000, 240'000, 0, 0)));
  CHECK_FALSE(passes(figure(240'000, 240'001, 0, 0)));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(passes(figure(1, nan, 0, 1)));
  CHECK_FALSE(passes(figure(1, 1, nan, 1)));
}

TEST_CASE("every experiment has its own id, sound ranges and points within them") {
  std::set<std::string> ids;
  for (const Experiment& e : experiments()) {
    CAPTURE(e.id);
    CHECK(ids.insert(e.id).second);
    CHECK(find_experiment(e.id) == &e);
    CHECK((e.run != nullptr));
    CHECK_FALSE(e.title.empty());
    CHECK_FALSE(e.formula.empty());
    CHECK((e.rung == "core" || e.rung == "exact"));
    for (const Parameter& p : e.parameters) {
      CAPTURE(p.name);
      CHECK(p.min <= p.fallback);
      CHECK(p.fallback <= p.max);
    }
    CHECK(Parameters::make(e.id, e.parameters, {}).ok());
    for (const auto& point : e.points) CHECK(Parameters::make(e.id, e.parameters, point).ok());
  }
  CHECK(find_experiment("v7B")->id == "V7b");
  CHECK(find_experiment("V999") == nullptr);
}

TEST_CASE("the experiments of the main job are all there") {
  for (const char* id : {"V1",  "V3",   "V4",  "V5",  "V6",  "V7",  "V7b", "V10", "V11",
                         "V12", "V12b", "V13", "V16", "V17", "V18", "V19", "V20", "V21",
                         "V23", "V24",  "V25", "V28", "V32", "V34", "V38", "V39"}) {
    CAPTURE(id);
    CHECK(find_experiment(id) != nullptr);
  }
}

TEST_CASE("a setting is a number in the parameter's unit or a quantity with a unit") {
  const Experiment& v38 = *find_experiment("V38");
  CHECK(parse_setting("fetch=0.05", v38.parameters, "V38")->second == 0.05);
  CHECK(parse_setting("fetch=50ms", v38.parameters, "V38")->second == doctest::Approx(0.05));
  CHECK(parse_setting("rate=2k/s", v38.parameters, "V38")->second == 2000);
  CHECK(parse_setting("b=1GB/s", find_experiment("V20")->parameters, "V20")->second == 1e9);
}

TEST_CASE("a setting that is wrong is refused with what would be right") {
  const Experiment& v12 = *find_experiment("V12");
  for (const char* text : {"p", "=1", "p=", "p=x", "p=nan", "p=inf", "p=0.1x", "pp=0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_setting(text, v12.parameters, "V12").ok());
  }
  const auto unknown = parse_setting("pp=0.1", v12.parameters, "V12");
  CHECK(unknown.error().text().find("it takes p, q") != std::string::npos);
}

TEST_CASE("values outside their range are refused, and fractions where counts are meant") {
  const Experiment& v12 = *find_experiment("V12");
  const auto make = [&](const char* name, double value) {
    return Parameters::make("V12", v12.parameters, {{name, value}});
  };
  CHECK(make("p", 1).ok());
  CHECK_FALSE(make("p", 1.01).ok());
  CHECK_FALSE(make("p", std::numeric_limits<double>::quiet_NaN()).ok());
  CHECK_FALSE(make("q", 2.5).ok());
  CHECK(make("p", 1.01).error().text() == "V12 p: 1.01 is outside 0 to 1");
  CHECK((*make("q", 7))["q"] == 7);
  CHECK((*make("q", 7))["p"] == 0.5);  // its default
}

TEST_CASE("an estimate has the mean and the standard error of its values") {
  // 1, 2, 3, 4: variance 5/3, standard error sqrt(5/3/4) = 0.6455.
  Estimate four;
  for (const double x : {1.0, 2.0, 3.0, 4.0}) four.add(x);
  CHECK(four.mean() == 2.5);
  CHECK(four.standard_error() == doctest::Approx(std::sqrt(5.0 / 12)));
  // In pairs 1.5 and 3.5: variance 2, standard error 1.
  BatchEstimate pairs(2);
  for (const double x : {1.0, 2.0, 3.0, 4.0}) pairs.add(x);
  CHECK(pairs.batches().count() == 2);
  CHECK(pairs.batches().standard_error() == doctest::Approx(1));
}

}  // namespace
}  // namespace fleetcache::validation
