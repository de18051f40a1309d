#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/end_to_end/binary.hpp"

namespace fleetcache::test {
namespace {

nlohmann::json answer(const std::string& arguments) {
  const Outcome outcome = invoke(arguments + " --format json");
  CAPTURE(outcome.err);
  CHECK(outcome.exit_code == 0);
  return nlohmann::json::parse(outcome.out);
}

TEST_CASE("validate --list says what each experiment takes") {
  const nlohmann::json list = answer("validate --list");
  REQUIRE(list.size() >= 26);
  for (const auto& e : list) {
    for (const char* key : {"id", "title", "params", "tolerance", "rung"}) CHECK(e.contains(key));
    for (const auto& [name, p] : e["params"].items()) {
      for (const char* key : {"unit", "default", "min", "max"}) CHECK(p.contains(key));
    }
  }
}

TEST_CASE("an experiment that yields one figure answers with numbers") {
  const nlohmann::json got = answer("validate V12 --set p=0.9 --set q=3");
  CHECK(got["id"] == "V12");
  CHECK(got["params"]["p"] == 0.9);
  CHECK(got["expected"].get<double>() == doctest::Approx(3.439));  // (1 - 0.9^4) / 0.1
  CHECK(got["se"].get<double>() <= got["tolerance"].get<double>() / 2);
  CHECK(std::fabs(got["measured"].get<double>() - got["expected"].get<double>()) <=
        std::max(got["tolerance"].get<double>(), 3 * got["se"].get<double>()));
  CHECK(got["pass"] == true);
}

TEST_CASE("an experiment that yields several answers by their names") {
  const nlohmann::json got = answer("validate V1");
  CHECK(got["measured"]["f1"].get<double>() == doctest::Approx(8e9 / 3));
  CHECK(got["expected"]["f2"].get<double>() == doctest::Approx(22e9 / 3));
}

TEST_CASE("several experiments on SimGrid run in one command, each in its process") {
  const nlohmann::json got = answer("validate V4 V5 V17");
  REQUIRE(got.size() == 3);
  CHECK(got[0]["id"] == "V4");
  for (const auto& each : got) CHECK(each["pass"] == true);
}

TEST_CASE("the same experiment answers with the same bytes") {
  const Outcome a = invoke("validate V13 --set N=100 --format json");
  const Outcome b = invoke("validate V13 --set N=100 --format json");
  CHECK(a.exit_code == 0);
  CHECK(a.out == b.out);
}

TEST_CASE("what validate cannot do it refuses with what is near") {
  const std::pair<const char*, const char*> wrong[] = {
      {"validate V99", "unknown experiment \"V99\""},
      {"validate v122", "did you mean \"V12"},
      {"validate V12 --set qq=3", "it takes p, q"},
      {"validate V12 --set p=1.5", "outside 0 to 1"},
      {"validate V12 --set p=-0.1", "outside 0 to 1"},
      {"validate V12 --set q=2.5", "whole"},
      {"validate V12 --set p=many", "not a number"},
      {"validate --set p=1", "needs the id"},
      {"validate V38 --set fetch=50MB", "fetch=50MB"},
  };
  for (const auto& each : wrong) {
    CAPTURE(each.first);
    const Outcome outcome = invoke(each.first);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find(each.second) != std::string::npos);
  }
}

}  // namespace
}  // namespace fleetcache::test
