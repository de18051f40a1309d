/// Inputs that once broke the YAML reader; found by tests/fuzz.
#include <doctest/doctest.h>

#include "sim/scenario/loader.hpp"

using namespace fleetcache;

TEST_CASE("a stray bracket after a YAML document is an error, not an endless loop") {
  for (const char* text : {"{a: 1}}\nb: 2\n", "{\"a\": 1}},\n \"c\"ain", "[1]]"}) {
    CAPTURE(text);
    CHECK_FALSE(scenario::load_text(text, "s.yaml").ok());
  }
}

TEST_CASE("YAML text that is not UTF-8 is an error before it reaches the result") {
  for (const char* text : {"name: \xc1\xbf\n", "\"\xff\": 1\n", "description: \xed\xa0\x80\n"}) {
    CAPTURE(text);
    const auto loaded = scenario::load_text(text, "s.yaml");
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().text().find("UTF-8") != std::string::npos);
  }
}

TEST_CASE("a setting that is not UTF-8 is an error") {
  const auto loaded = scenario::load("mai-small", {"name=\xc1\xbf"});
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().where == "--set");
}
