// Five events in each of which one thing binds: what docs/events.md says of them is what the
// commands print, at the exact and at the bundled rung, and lies within a stated distance of the
// arithmetic. With FLEETCACHE_UPDATE_DOCS set the page is rewritten instead.

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/binary.hpp"
#include "tests/end_to_end/page.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

constexpr const char* kFlags = " --no-variants --no-what-if --seeds 1 --quiet";
constexpr const char* kRungs[] = {"exact", "bundled", "fleet"};

// -------------------------------------------------------------------------- figures of a document

double metric(const json& d, const char* name) {
  return d.at("metrics").at(name).at("value").get<double>();
}

/// Bytes of a class that came through the front end, in GB.
double from_origin_gb(const json& d, const char* traffic) {
  return d.at("bytes").at(traffic).at("front_end").get<double>() * 1e-9;
}

/// Seconds after `since_s` in which a curve of the time line is above a half: to a bin.
double above_half_s(const json& d, const char* series, double since_s) {
  const json& timeline = d.at("timeline");
  const double bin_s = timeline.at("bin_s").get<double>();
  const json& values = timeline.at("series").at(series).at("values");
  double bins = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool after = static_cast<double>(i) * bin_s >= since_s;
    if (after && values[i].is_number() && values[i].get<double>() > 0.5) bins += 1;
  }
  return bins * bin_s;
}

double measured_s(const json& d) { return d.at("simulated_seconds").get<double>(); }

// ------------------------------------------------------------------------------- the expectations

struct Figure {
  const char* name;
  const char* unit;
  double expected;
  double tolerance;  ///< relative; of an expected 0 absolute
  std::function<double(const json&)> measure;
  double in_groups =
      -1;  ///< what bundled and fleet say instead, where they are known not to see a limit
};

struct Storm {
  const char* id;       ///< of its table in the page
  const char* command;  ///< after "fleetcache run"
  std::vector<Figure> figures;
};

constexpr double kData_gb = 262.144;
constexpr const char* kEgress = "busy.blob_egress.east";

// Tolerances: 5 % for a share of the keys that placement draws (500 of 2,048 objects, 3.8 % is two
// standard deviations) and for what is read off bins of 0.9 s to 1.4 s; else as the page explains.
std::vector<Storm> storms() {
  const auto dataset = [](const json& d) { return from_origin_gb(d, "dataset"); };
  const auto checkpoint = [](const json& d) { return from_origin_gb(d, "checkpoint"); };
  const auto restore = [](const json& d) { return metric(d, "train.job-1.restore_s"); };
  const auto busy_after = [](double since_s) {
    return [since_s](const json& d) { return above_half_s(d, kEgress, since_s); };
  };
  // A share of the time after the warm-up.
  const auto stall_s = [](double warmup_s) {
    return
        [warmup_s](const json& d) { return metric(d, "train.stall") * (measured_s(d) - warmup_s); };
  };
  return {
      {"rack",
       "storm-rack",
       {{"read again", "GB", kData_gb / 4, 0.05, dataset},
        {"origin busy", "s", kData_gb / 4 / 2, 0.05, busy_after(150)},
        {"job stands still", "s", kData_gb / 4 / 2 - 16, 0.10, stall_s(150)}}},
      {"upgrade-cold",
       "storm-upgrade",
       {{"duration", "s", 64.0 / 8 * 36, 1e-9,
         [](const json& d) { return metric(d, "events.last_return") - 60; }},
        {"nodes away", "", 8, 0, [](const json& d) { return metric(d, "events.nodes_away_max"); }},
        {"read again", "GB", kData_gb * 15 / 8, 0.01, dataset}}},
      {"upgrade-in-place",
       "storm-upgrade --variant in-place",
       {{"read again", "GB", kData_gb * 7 / 8, 0.01, dataset}}},
      {"cold",
       "storm-cold",
       {{"staged in bulk", "s", kData_gb / 2, 0.01,
         [](const json& d) { return metric(d, "prestage.clips_time"); }},
        {"origin busy after the event", "s", kData_gb / 2, 0.02, busy_after(175)},
        {"read twice in all", "GB", 2 * kData_gb, 1e-9,
         [](const json& d) {
           return from_origin_gb(d, "dataset") + from_origin_gb(d, "prestage");
         }}}},
      {"restart",
       "storm-restart",
       {{"read", "GB", 8 * 64, 1e-9, checkpoint}, {"each job restores", "s", 64, 0.03, restore}}},
      {"restart-one",
       "storm-restart --variant one-rack",
       {{"read", "GB", 64, 1e-9, checkpoint}, {"the job restores", "s", 8, 0.15, restore}}},
      {"herd-on",
       "storm-herd",
       {{"read", "GB", 1, 1e-9, dataset}, {"job stands still", "s", 0, 0.01, stall_s(90)}}},
      {"herd-off",
       "storm-herd --variant each-for-itself",
       {{"read", "GB", 64, 1e-9, dataset},
        {"origin busy", "s", 32, 0.05, busy_after(90)},
        // Nodes of a job share one group of links unless exact: the owner's NIC does not bind.
        {"job stands still", "s", 32 + 3.2 - 20, 0.03, stall_s(90), 32 - 20}}},
  };
}

/// The distance from what was expected: relative, of 0 absolute.
double distance(double expected, double value) {
  return expected != 0 ? value / expected - 1 : value;
}

std::string text(double value, const char* unit) {
  std::array<char, 40> out{};
  std::snprintf(out.data(), out.size(), "%.4g%s%s", value, *unit != '\0' ? " " : "", unit);
  return out.data();
}

std::string row(const Figure& figure, const std::vector<double>& values) {
  std::string line = std::string("| ") + figure.name + " | " + text(figure.expected, figure.unit);
  for (const double value : values) {
    std::array<char, 40> off{};
    // "+ 0.0" turns a negative zero into zero.
    const double percent = std::round(1000 * distance(figure.expected, value)) / 10 + 0.0;
    std::snprintf(off.data(), off.size(), "%+.1f %%", percent);
    line += " | " + text(value, figure.unit) + " | " +
            (figure.expected != 0 ? std::string(off.data()) : std::string("-"));
  }
  return line + " |";
}

std::vector<std::string> table(const Storm& storm) {
  std::vector<std::string> lines = {
      "| `run " + std::string(storm.command) + "` | expected | exact | | bundled | | fleet | |",
      "|---|---|---|---|---|---|---|---|"};
  std::vector<json> documents;
  for (const char* rung : kRungs) {
    const Outcome run =
        invoke("run " + std::string(storm.command) + " --rung " + rung + " --format json" + kFlags);
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    documents.push_back(json::parse(run.out));
  }
  for (const Figure& figure : storm.figures) {
    std::vector<double> values;
    for (const json& document : documents) {
      values.push_back(figure.measure(document));
      const bool other = figure.in_groups >= 0 && document.at("rung") != "exact";
      const double expected = other ? figure.in_groups : figure.expected;
      INFO(std::string(storm.command), " ", std::string(figure.name), ": ", values.back());
      CHECK(std::abs(distance(expected, values.back())) <= figure.tolerance);
    }
    lines.push_back(row(figure, values));
  }
  return lines;
}

const std::string kPage = std::string(FLEETCACHE_SOURCE_DIR) + "/docs/events.md";

bool updates() { return std::getenv("FLEETCACHE_UPDATE_DOCS") != nullptr; }

/// The lines after "<!-- figures: ID -->", up to the next blank one.
std::pair<std::size_t, std::size_t> place_of(const std::vector<std::string>& page, const char* id) {
  const std::string marker = std::string("<!-- figures: ") + id + " -->";
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (page[i] != marker) continue;
    std::size_t end = i + 1;
    while (end < page.size() && !page[end].empty()) ++end;
    return {i + 1, end};
  }
  FAIL("the page has no table ", id);
  return {};
}

}  // namespace

TEST_CASE("figures of events on the page are those of the runs, and near their arithmetic") {
  std::vector<std::string> page = lines_of(read_file(kPage));
  for (const Storm& storm : storms()) {
    const std::vector<std::string> fresh = table(storm);
    const auto [from, to] = place_of(page, storm.id);
    if (updates()) {
      const auto at =
          page.erase(page.begin() + static_cast<long>(from), page.begin() + static_cast<long>(to));
      page.insert(at, fresh.begin(), fresh.end());
      continue;
    }
    for (std::size_t i = 0; i < std::max(fresh.size(), to - from); ++i) {
      CHECK((from + i < to ? page[from + i] : "") == (i < fresh.size() ? fresh[i] : ""));
    }
  }
  if (updates()) rewrite(kPage, page, {});
}

TEST_CASE("time lines of events on the page are those of the runs, at most 80 columns wide") {
  const Scratch scratch;
  const std::vector<std::string> page = lines_of(read_file(kPage));
  const std::vector<Command> commands = commands_of(page);
  REQUIRE(commands.size() >= 6);
  std::vector<std::pair<Command, std::string>> results;
  for (const Command& command : commands) {
    int status = 0;
    results.emplace_back(command, run_shell(scratch.path(""), command.line, status));
    const std::string& got = results.back().second;
    CHECK(status == 0);
    for (const std::string& line : lines_of(got)) {
      std::size_t columns = 0;
      for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      CHECK_MESSAGE(columns <= 80, line);
    }
    if (!updates()) CHECK_MESSAGE(same(command.expected, got), "$ ", command.line, "\n", got);
  }
  if (updates()) rewrite(kPage, page, results);
}

// Negative control: when the thing that binds is not what the arithmetic says, it is seen.
TEST_CASE("a storm with another limit is far from its arithmetic") {
  const auto busy = [](const std::string& settings) {
    const Outcome run = invoke("run storm-herd --variant each-for-itself --format json" +
                               std::string(kFlags) + settings);
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    return above_half_s(json::parse(run.out), kEgress, 90);
  };
  CHECK(busy("") == doctest::Approx(32).epsilon(0.05));
  CHECK(busy(" --set regions.east.blob.egress=32Gbps") < 0.6 * 32);
  CHECK(busy(" --set events=[]") == 0);
}
