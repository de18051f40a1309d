// What the command line says: of events that are not played, of slips in settings, of costs, and
// within 80 columns.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/end_to_end/binary.hpp"
#include "tests/end_to_end/tiny.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

const std::string kAlone = " --no-variants --no-what-if --seeds 1";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Without spaces and line ends: what a text says however it is broken.
std::string squeezed(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n') out += c;
  }
  return out;
}

std::size_t characters(const std::string& line) {
  std::size_t n = 0;
  for (const char c : line) n += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("events after the horizon are told by check, by run and in the answer") {
  const Scratch scratch;
  const std::string events =
      R"("events": [{"at": "30s", "fail": "node:east/1", "for": "1s"},
                    {"at": "5s", "throttle": "origin:east", "factor": 0.5, "for": "1s"},
                    {"at": "19s", "upgrade": "pool:east/train", "fraction": 0.25, "each": "10s"}],
         "slo")";
  const std::string file = scratch.file("t.jsonc", replaced(kTiny, "\"slo\"", events));
  const std::string late =
      "1 of 3 planned events comes after the horizon of 20s: "
      "fail node:east/1 at 30s";
  const std::string cut =
      "1 of 3 planned events ends after the horizon of 20s: "
      "upgrade pool:east/train at 19s";
  const Outcome check = invoke("check " + file + " --format json");
  REQUIRE(check.exit_code == 0);
  const json warnings = json::parse(check.out)[0]["warnings"];
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0]["what"] == late);
  CHECK(warnings[1]["what"] == cut);
  CHECK(mentions(warnings[0]["where"], "/time/horizon"));
  const Outcome run = invoke("run " + file + kAlone);
  CHECK_MESSAGE(mentions(run.err, "warning: "), run.err);
  CHECK_MESSAGE(mentions(run.err, late), run.err);
  CHECK(mentions(squeezed(run.out), squeezed(late)));
  CHECK(mentions(squeezed(run.out), squeezed(cut)));
  // Both played whole: nothing to say.
  const Outcome longer = invoke("check " + file + " --set time.horizon=2min --format json");
  CHECK(json::parse(longer.out)[0]["warnings"].empty());
}

TEST_CASE("check warns of a variant that asks for a rung of its own") {
  const Scratch scratch;
  const std::string file = scratch.file(
      "t.jsonc",
      replaced(kTiny, "\"variants\": {", "\"variants\": {\"b\": {\"rung\": \"bundled\"}, "));
  CHECK(mentions(invoke("check " + file + " --format json").out, "asks for rung bundled"));
}

TEST_CASE("slips in settings and events are answered with what was meant") {
  const Scratch scratch;
  const std::string file = scratch.file("t.jsonc", kTiny);
  const auto with = [&](const std::string& event) {
    return scratch.file("e.jsonc",
                        replaced(kTiny, "\"slo\"", "\"events\": [" + event + "], \"slo\""));
  };
  struct Line {
    std::string arguments;
    std::vector<std::string> must_say;
  };
  for (const Line& line : std::vector<Line>{
           {file + " --set events.0.at=5s",
            {"there is no entry 0 in the list \"events\", which is empty",
             "--set events='[{...}]'"}},
           {"storm-rack --set events.5.at=5s", {"there is no entry 5", "has 2, counted from 0"}},
           {"storm-rack --set events.x.at=5s", {"\"x\" is no number of an entry"}},
           {file + " --set fleet.smaples=3", {"did you mean \"samples_per_step\"?"}}}) {
    const Outcome check = invoke("check " + line.arguments);
    CHECK(check.exit_code == 2);
    for (const std::string& part : line.must_say)
      CHECK_MESSAGE(mentions(check.err, part), check.err);
  }
  for (const Line& line : std::vector<Line>{
           {R"({"at": "1s", "fail": "disk:east/3"})", {"did you mean \"drive\"?"}},
           {R"({"at": "1s", "fail": "rack:east/9"})", {"region \"east\" has only 3 racks"}},
           {R"({"at": "1s", "fail": "account:east/9"})", {"has only 2 accounts"}},
           {R"({"at": "1s", "fail": "drive:east/9"})", {"has only 6 nodes"}},
           {R"({"fail": "rack:east/1"})", {"the key \"at\" is missing", "e.g. \"83ms\""}},
           {R"({"at": "1s", "fail": "rack:east/1", "drain": "rack:east/1"})",
            {"this has 2: fail and drain"}},
           {R"({"at": "1s"})", {"this has 0"}}}) {
    const Outcome check = invoke("check " + with(line.arguments));
    CHECK(check.exit_code == 2);
    for (const std::string& part : line.must_say)
      CHECK_MESSAGE(mentions(check.err, part), check.err);
  }
}

TEST_CASE("check prices every rung, one run and all runs, and says what auto takes") {
  const json d = json::parse(invoke("check mai-2027 --format json").out)[0];
  const json& rungs = d["rungs"];
  for (const char* rung : {"exact", "bundled", "fleet", "analytic"}) {
    CAPTURE(std::string(rung));
    const json& p = rungs.at(rung);
    CHECK(p["cpu_seconds"].get<double>() > 0);
    CHECK(p["memory_bytes"].get<double>() > 0);
    CHECK(p["runs"].get<int>() >= 4);  // two variants and the re-run beside the base
    CHECK(p["all_cpu_seconds"].get<double>() > 3 * p["cpu_seconds"].get<double>());
  }
  CHECK(rungs["fleet"]["runs"] == 8);  // four companions more
  CHECK(rungs["fleet"]["beyond"] == "");
  CHECK(rungs["exact"]["beyond"] == "> 2,000 nodes");
  CHECK(rungs["analytic"]["beyond"] == "events by arithmetic");
  CHECK(d["auto"]["rung"] == "fleet");
  CHECK(d["rung"] == "analytic");
  // The same prices as the run's own.
  const Outcome refused = invoke("run mai-2027 --rung fleet --max-time 1s");
  CHECK(refused.exit_code == 3);
  CHECK(mentions(refused.err, "all 8 runs (base, 2 variants, 4 companions, +10 % re-run)"));
  CHECK(mentions(invoke("check mai-2027").out, "--rung auto takes fleet"));
}

TEST_CASE("listings fit 80 columns and lose nothing") {
  const Scratch scratch;
  REQUIRE(invoke("run mai-2027 --out " + scratch.path("out")).exit_code == 0);
  for (const std::string& arguments :
       {std::string("show mai-2027"), std::string("presets"), std::string("validate --list"),
        std::string("check mai-2027"), std::string("check mai-small"),
        std::string("explain regions.*.blob.egress"), std::string("explain cache.scope"),
        "explain " + scratch.path("out") + " --metric train.goodput"}) {
    const Outcome listing = invoke(arguments);
    CHECK(listing.exit_code == 0);
    std::istringstream lines(listing.out);
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(characters(line) <= 80, arguments << ": " << line);
    }
  }
  const std::string presets = squeezed(invoke("presets").out);
  for (const json& row : json::parse(invoke("presets --format json").out)) {
    CHECK(mentions(presets, squeezed(row["name"])));
  }
  const std::string shown = squeezed(invoke("show mai-2027").out);
  for (const json& row : json::parse(invoke("show mai-2027 --format json").out)["values"]) {
    for (const char* key : {"path", "text", "source"}) CHECK(mentions(shown, squeezed(row[key])));
  }
}

TEST_CASE("validate --list has the ladder, units of parameters, and what is not built") {
  const std::string list = invoke("validate --list").out;
  CHECK(mentions(list, "\nladder "));
  CHECK(mentions(list, "l1=1e+10[B/s]"));
  CHECK(mentions(list, "Not built: V36"));
  CHECK(mentions(list, "V37"));
  const std::string flat = squeezed(list);
  for (const json& e : json::parse(invoke("validate --list --format json").out)) {
    CHECK(mentions(flat, squeezed(e["title"])));
    for (const auto& [name, p] : e["params"].items()) CHECK(mentions(flat, name + "="));
  }
}
