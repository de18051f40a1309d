#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "analysis/io/format.hpp"
#include "analysis/io/json.hpp"
#include "analysis/io/result_report.hpp"
#include "analysis/io/timeline_plot.hpp"

namespace fleetcache::analysis::io {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// An hour of 256 bins: goodput falls to a quarter for an eighth of it.
Timeline sample() {
  Timeline timeline;
  timeline.bin_s = 3600.0 / 256;
  TimeSeries goodput{"ratio", {}}, ttft{"s", {}}, zero{"1/s", {}};
  for (int i = 0; i < 256; ++i) {
    goodput.values.push_back(i >= 128 && i < 160 ? 0.2 : 0.8);
    ttft.values.push_back(i < 64 ? kNothing : i == 130 ? 5.0 : 0.5);
    zero.values.push_back(0);
  }
  timeline.series = {{"train.a.goodput", goodput},
                     {"infer.chat.ttft_p99", ttft},
                     {"origin.throttled_per_second", zero}};
  timeline.marks = {{1800, 2250, "rack: nodes lost, 18 nodes"}, {1801, 0, "b"}, {3599, 0, "c"}};
  return timeline;
}

bool holds(const std::vector<std::string>& lines, const std::string& text) {
  for (const std::string& line : lines) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("a curve's height follows its values; nothing is a blank and zero the least mark") {
  // Of 16 levels: 0 is 1, a half 1 + floor(7.5 + 0.5) = 9, all 16.
  const auto lines = draw_curve({0, 0.5, 1, kNothing}, 1, Glyphs::kBlocks);
  CHECK(lines[0] == " ▁█ ");
  CHECK(lines[1] == "▁██ ");
  // Of 6: 1, 1 + floor(2.5 + 0.5) = 4, 6.
  const auto plain = draw_curve({0, 0.5, 1, kNothing}, 1, Glyphs::kAscii);
  CHECK(plain[0] == " .# ");
  CHECK(plain[1] == ".## ");
  CHECK(draw_curve({0, 0}, 0, Glyphs::kAscii)[1] == "..");
}

TEST_CASE("bins meet in columns by mean or by peak, and few bins are stretched") {
  const std::vector<double> bins = {1, 3, kNothing, 5};
  const auto few = to_columns(bins, false);
  CHECK(few.size() == kPlotColumns);
  CHECK(few[0] == 1);
  CHECK(few[16] == 3);
  CHECK(std::isnan(few[32]));
  CHECK(few[63] == 5);
  std::vector<double> many(256, 1);
  many[5] = 9;  // column 1 holds bins 4 to 7
  CHECK(to_columns(many, false)[1] == 3);
  CHECK(to_columns(many, true)[1] == 9);
}

TEST_CASE("blocks are drawn only where they will be read") {
  CHECK(glyphs_for(nullptr, "xterm-256color", "en_US.UTF-8") == Glyphs::kBlocks);
  CHECK(glyphs_for(nullptr, nullptr, "C.utf8") == Glyphs::kBlocks);
  CHECK(glyphs_for("", "xterm", "C.utf8") == Glyphs::kBlocks);  // an empty NO_COLOR is none
  CHECK(glyphs_for("1", "xterm", "en_US.UTF-8") == Glyphs::kAscii);
  CHECK(glyphs_for(nullptr, "dumb", "en_US.UTF-8") == Glyphs::kAscii);
  CHECK(glyphs_for(nullptr, "xterm", "C") == Glyphs::kAscii);
  CHECK(glyphs_for(nullptr, "xterm", nullptr) == Glyphs::kAscii);
}

TEST_CASE("the time line fits the page, marks events under their time and leaves out flat zeros") {
  for (const Glyphs glyphs : {Glyphs::kAscii, Glyphs::kBlocks}) {
    const Section section = timeline_section(sample(), glyphs);
    for (const std::string& line : section.verbatim) {
      CAPTURE(line);
      CHECK(2 + width(line) <= kPageWidth);
      if (glyphs == Glyphs::kAscii) CHECK(width(line) == line.size());
    }
    CHECK(holds(section.verbatim, "train.a.goodput: mean 72.5 %, 20.0 % to 80.0 %"));
    CHECK_FALSE(holds(section.verbatim, "throttled"));
    CHECK(holds(section.lines, "A  30.0 min to 37.5 min  rack: nodes lost, 18 nodes"));
    CHECK(holds(section.lines, "C  60.0 min  c"));
    // Half-way of 64 columns after a label of 12: the second one steps aside.
    const auto marks = section.verbatim[section.verbatim.size() - 2];
    CHECK(marks.substr(12 + 32, 2) == "AB");
    CHECK(marks.substr(12 + 34, 8) == "=====   ");  // to 2,250 s of 3,600: column 39
    CHECK(marks.back() == 'C');
    CHECK(marks.size() == 12 + 64);
  }
  // The dip lies under its mark: columns 32 to 39 are low, their neighbours high.
  const auto drawn = timeline_section(sample(), Glyphs::kAscii).verbatim;
  CHECK(drawn[1].substr(12 + 31, 10) == "#        #");
}

TEST_CASE("the axis is dotted where time was stepped over, and that is no curve") {
  Timeline timeline = sample();
  const auto whole = timeline_section(timeline, Glyphs::kAscii).verbatim;
  TimeSeries stepped{"ratio", std::vector<double>(256, 0)};
  for (std::size_t i = 128; i < 256; ++i) stepped.values[i] = 1;
  timeline.series["time.stepped_over"] = stepped;
  const Section section = timeline_section(timeline, Glyphs::kAscii);
  REQUIRE(section.verbatim.size() == whole.size());
  const std::string& axis = section.verbatim[section.verbatim.size() - 3];
  CHECK(axis == std::string(11, ' ') + "+" + std::string(32, '-') + std::string(32, '.'));
  CHECK(holds(section.lines, "dotted axis"));
  CHECK_FALSE(holds(timeline_section(sample(), Glyphs::kAscii).lines, "dotted axis"));
  CHECK(holds(section.lines, "1 more series"));  // the throttles that are all 0
}

TEST_CASE("means leave out the warm-up, which is marked on the axis") {
  Timeline timeline = sample();  // 0.8, and 0.2 in bins 128 to 159
  CHECK(holds(timeline_section(timeline, Glyphs::kAscii).verbatim, "goodput: mean 72.5 %"));
  TimeSeries warmup{"ratio", std::vector<double>(256, 0)};
  for (std::size_t i = 0; i < 128; ++i) warmup.values[i] = 1;
  warmup.values[128] = 0.5;  // partly: it is left out
  timeline.series["time.warmup"] = warmup;
  const Section section = timeline_section(timeline, Glyphs::kAscii);
  // 31 bins of 0.2 and 96 of 0.8: 65.4 %
  CHECK(holds(section.verbatim, "goodput: mean 65.4 %, 20.0 % to 80.0 %"));
  const std::string& axis = section.verbatim[section.verbatim.size() - 3];
  CHECK(axis == std::string(11, ' ') + "+" + std::string(32, '~') + std::string(32, '-'));
  CHECK(holds(section.lines, "~ warm-up: not in the means"));
  CHECK(holds(section.lines, "1 more series"));  // the throttles that are all 0
}

TEST_CASE("random failures are a row of counts, not marks") {
  Timeline timeline = sample();
  timeline.marks.clear();
  CHECK_FALSE(has_events(timeline));
  TimeSeries random{"1", std::vector<double>(256, 0)};
  random.values[0] = 2;
  random.values[3] = 1;     // the same column
  random.values[100] = 12;  // column 25
  timeline.series["events.random"] = random;
  CHECK(has_events(timeline));
  const Section section = timeline_section(timeline, Glyphs::kAscii);
  const std::string& row = section.verbatim[section.verbatim.size() - 2];
  CHECK(row == "  failures  3" + std::string(24, ' ') + "+");
  CHECK(holds(section.lines, "failures: 15 drawn at random"));
}

TEST_CASE("a scale is that of what is drawn: one bin of four does not flatten its curve") {
  Timeline timeline;
  timeline.bin_s = 1;
  TimeSeries bytes{"B/s", std::vector<double>(256, 1e9)};
  bytes.values[101] = 9e9;  // its column is the mean of four: 3 GB/s
  timeline.series["bytes_per_second.origin.dataset"] = bytes;
  const Section section = timeline_section(timeline, Glyphs::kAscii);
  CHECK(holds(section.verbatim, "mean 1.03 GB/s, 1.00 GB/s to 3.00 GB/s"));
  CHECK(holds(section.verbatim, " 3.00 GB/s |                         #"));
}

TEST_CASE("many jobs leave room for what they wait for, and the largest traffic comes first") {
  Timeline timeline;
  timeline.bin_s = 1;
  for (int job = 0; job < 10; ++job) {
    timeline.series["train.job" + std::to_string(job) + ".goodput"] = {"ratio", {0.5, 0.6}};
  }
  timeline.series["bytes_per_second.origin.checkpoint"] = {"B/s", {1, 1}};
  timeline.series["bytes_per_second.origin.dataset"] = {"B/s", {9, 9}};
  timeline.series["fleet.nodes_down"] = {"1", {0, 3}};
  const Section section = timeline_section(timeline, Glyphs::kAscii);
  std::vector<std::string> names;
  for (const std::string& line : section.verbatim) {
    const std::size_t colon = line.find(": mean");
    if (colon != std::string::npos) names.push_back(line.substr(0, colon));
  }
  const std::vector<std::string> expected = {"train.job0.goodput",
                                             "train.job1.goodput",
                                             "train.job2.goodput",
                                             "train.job3.goodput",
                                             "train.job4.goodput",
                                             "fleet.nodes_down",
                                             "bytes_per_second.origin.dataset",
                                             "bytes_per_second.origin.checkpoint"};
  CHECK(names == expected);
  CHECK(holds(section.lines, "5 more series"));
}

TEST_CASE("the report draws the time line when asked to, or something happened, in Markdown too") {
  Result result;
  result.scenario = "sample";
  result.timeline = sample();
  CHECK(to_text(describe(result, "x")).find("\nTIME LINE\n") != std::string::npos);
  result.timeline.marks.clear();
  Result random = result;
  random.timeline.series["events.random"] = {"1", {0, 2, 1}};
  CHECK(to_text(describe(random, "x")).find("\nTIME LINE\n") != std::string::npos);
  CHECK(to_text(describe(result, "x")).find("TIME LINE") == std::string::npos);
  DescribeOptions options;
  options.plot = true;
  CHECK(to_text(describe(result, "x", options)).find("\nTIME LINE\n") != std::string::npos);
  CHECK(to_markdown(describe(result, "x", options)).find("```text\ntrain.a.goodput") !=
        std::string::npos);
  result.timeline = {};
  CHECK(to_text(describe(result, "x", options)).find("TIME LINE") == std::string::npos);
}

TEST_CASE("the document carries version, series and marks, with null where nothing was seen") {
  Result result;
  CHECK_FALSE(to_json(result).contains("timeline"));
  result.timeline = sample();
  const auto document = nlohmann::json::parse(canonical(to_json(result)));
  const auto& timeline = document.at("timeline");
  CHECK(timeline.at("version") == 1);
  CHECK(timeline.at("bin_s") == 3600.0 / 256);
  CHECK(timeline.at("marks").at(0).at("label") == "rack: nodes lost, 18 nodes");
  const auto& ttft = timeline.at("series").at("infer.chat.ttft_p99");
  CHECK(ttft.at("unit") == "s");
  CHECK(ttft.at("values").size() == 256);
  CHECK(ttft.at("values").at(0).is_null());
  CHECK(ttft.at("values").at(130) == 5.0);
}

TEST_CASE("the CSV has a line a bin, empty cells where nothing was seen and every event once") {
  Timeline timeline;
  timeline.bin_s = 10;
  timeline.series = {{"a", {"ratio", {0.5, kNothing}}}, {"b", {"B/s", {1, 2.5}}}};
  timeline.marks = {{0, 0, "x, \"y\""}, {19.5, 0, "p"}, {20, 0, "q"}};
  CHECK(timeline_csv(timeline) ==
        "from_s,to_s,a [ratio],b [B/s],events\n"
        "0,10,0.5,1,\"x, \"\"y\"\"\"\n"
        "10,20,,2.5,p; q\n");
}

}  // namespace
}  // namespace fleetcache::analysis::io
