#include "analysis/io/timeline_plot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

constexpr std::size_t kLabelWidth = 10;
constexpr std::size_t kMarksListed = 16;
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Range {
  double least = 0, most = 0, mean = 0, bins = 0;
};

Range range_of(const TimeSeries& series) {
  Range r;
  for (const double value : series.values) {
    if (!std::isfinite(value)) continue;
    r.least = r.bins == 0 ? value : std::min(r.least, value);
    r.most = r.bins == 0 ? value : std::max(r.most, value);
    r.mean += value;
    r.bins += 1;
  }
  if (r.bins > 0) r.mean /= r.bins;
  return r;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// What an event shows in first; the others are in the document.
std::size_t place_of(const std::string& name) {
  if (name.rfind("train.", 0) == 0 && ends_with(name, ".goodput")) return 0;
  if (ends_with(name, ".ttft_p99")) return 1;
  if (name == "fleet.nodes_down") return 2;
  if (name.rfind("cache.byte_hit_ratio.", 0) == 0) return 3;
  if (name.rfind("bytes_per_second.origin.", 0) == 0) return 4;
  if (name == "origin.throttled_per_second") return 5;
  if (name.rfind("bytes_per_second.peer.", 0) == 0) return 6;
  return 7;
}

bool is_traffic(const std::string& name) { return name.rfind("bytes_per_second.", 0) == 0; }

/// The curves to draw, in order of place: at most two of a place while another place has one left,
/// so that ten jobs do not hide what they wait for. Jobs by name, traffic the largest first.
std::vector<std::string> shown(const Timeline& timeline) {
  struct Candidate {
    std::string name;
    std::size_t place = 0, rank = 0;  // rank within the place
    double mean = 0;
  };
  std::vector<Candidate> all;
  for (const auto& [name, series] : timeline.series) {
    const Range range = range_of(series);
    if (range.most > 0) all.push_back({name, place_of(name), 0, range.mean});
  }
  // Names come sorted: equals keep that order.
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    if (a.place != b.place) return a.place < b.place;
    return is_traffic(a.name) && is_traffic(b.name) && a.mean > b.mean;
  });
  for (std::size_t i = 1; i < all.size(); ++i) {
    all[i].rank = all[i].place == all[i - 1].place ? all[i - 1].rank + 1 : 0;
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank / 2 < b.rank / 2; });
  all.resize(std::min(all.size(), kSeriesDrawn));
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.place < b.place; });
  std::vector<std::string> names;
  for (const Candidate& candidate : all) names.push_back(candidate.name);
  return names;
}

std::string padded_left(const std::string& text, std::size_t to) {
  return std::string(to > width(text) ? to - width(text) : 0, ' ') + text;
}

void put_curve(const std::string& name, const TimeSeries& series, Glyphs glyphs,
               std::vector<std::string>& out) {
  const Range range = range_of(series);
  out.push_back(name + ": mean " + quantity(range.mean, series.unit) + ", " +
                quantity(range.least, series.unit) + " to " + quantity(range.most, series.unit));
  // A percentile's peak is what is looked for; of a mean the mean.
  const auto lines = draw_curve(to_columns(series.values, series.unit == "s"), range.most, glyphs);
  out.push_back(padded_left(quantity(range.most, series.unit), kLabelWidth) + " |" + lines[0]);
  out.push_back(padded_left("0", kLabelWidth) + " |" + lines[1]);
}

/// The letter of each mark under its column; one that finds no room within three columns has none.
std::string mark_line(const Timeline& timeline, double span_s) {
  std::string line(kPlotColumns, ' ');
  for (std::size_t i = 0; i < std::min(timeline.marks.size(), kLetters.size()); ++i) {
    const double share = span_s > 0 ? timeline.marks[i].at_s / span_s : 0;
    if (share < 0 || share > 1) continue;
    auto column = static_cast<std::size_t>(share * static_cast<double>(kPlotColumns - 1) + 0.5);
    for (int tries = 0; tries < 3 && column < kPlotColumns; ++tries, ++column) {
      if (line[column] != ' ') continue;
      line[column] = kLetters[i];
      break;
    }
  }
  return line;
}

void put_axis(const Timeline& timeline, double span_s, std::vector<std::string>& out) {
  const std::string indent(kLabelWidth + 2, ' ');
  out.push_back(std::string(kLabelWidth + 1, ' ') + "+" + std::string(kPlotColumns, '-'));
  if (!timeline.marks.empty()) {
    std::string marks = indent + mark_line(timeline, span_s);
    marks.erase(marks.find_last_not_of(' ') + 1);
    out.push_back(marks);
  }
  const std::string middle = quantity(span_s / 2, "s"), end = quantity(span_s, "s");
  std::string scale = "0";
  scale += std::string(kPlotColumns / 2 - scale.size() - middle.size() / 2, ' ') + middle;
  scale += padded_left(end, kPlotColumns - scale.size());
  out.push_back(indent + scale);
}

void put_legend(const Timeline& timeline, Section& section) {
  const std::size_t listed = std::min(timeline.marks.size(), kMarksListed);
  for (std::size_t i = 0; i < listed; ++i) {
    const Mark& mark = timeline.marks[i];
    std::string when = quantity(mark.at_s, "s");
    if (mark.until_s > mark.at_s) when += " to " + quantity(mark.until_s, "s");
    section.lines.push_back(std::string(1, kLetters[i]) + "  " + when + "  " + mark.label);
  }
  if (listed < timeline.marks.size()) {
    section.lines.push_back("and " + std::to_string(timeline.marks.size() - listed) +
                            " more events with --format json");
  }
}

std::string number(double value) {
  if (!std::isfinite(value)) return "";
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::size_t bins_of(const Timeline& timeline) {
  std::size_t bins = 0;
  for (const auto& [name, series] : timeline.series) bins = std::max(bins, series.values.size());
  return bins;
}

}  // namespace

Section timeline_section(const Timeline& timeline, Glyphs glyphs) {
  Section section;
  const std::vector<std::string> names = shown(timeline);
  const double span_s = static_cast<double>(bins_of(timeline)) * timeline.bin_s;
  section.title = "TIME LINE";
  for (const std::string& name : names) {
    put_curve(name, timeline.series.at(name), glyphs, section.verbatim);
  }
  put_axis(timeline, span_s, section.verbatim);
  put_legend(timeline, section);
  section.lines.push_back("bins of " + quantity(timeline.bin_s, "s") + "; " +
                          std::to_string(timeline.series.size() - names.size()) +
                          " more series with --format json or --out");
  return section;
}

std::string timeline_csv(const Timeline& timeline) {
  std::string out = "from_s,to_s";
  for (const auto& [name, series] : timeline.series) {
    out += "," + csv_cell(name + " [" + series.unit + "]");
  }
  out += ",events\n";
  const std::size_t bins = bins_of(timeline);
  std::size_t mark = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    const double from = static_cast<double>(i) * timeline.bin_s;
    const double to = static_cast<double>(i + 1) * timeline.bin_s;
    out += number(from) + "," + number(to);
    for (const auto& [name, series] : timeline.series) {
      out += "," + number(i < series.values.size() ? series.values[i]
                                                   : std::numeric_limits<double>::quiet_NaN());
    }
    std::string labels;
    while (mark < timeline.marks.size() && (timeline.marks[mark].at_s < to || i + 1 == bins)) {
      labels += (labels.empty() ? "" : "; ") + timeline.marks[mark++].label;
    }
    out += "," + csv_cell(labels) + "\n";
  }
  return out;
}

}  // namespace fleetcache::analysis::io
