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

/// No figures of the fleet: the share of each bin that was not played, that which belongs to the
/// warm-up, and how many random failures fell into it.
constexpr const char* kSteppedOver = "time.stepped_over";
constexpr const char* kWarmup = "time.warmup";
constexpr const char* kRandom = "events.random";

bool is_curve(const std::string& name) {
  return name != kSteppedOver && name != kWarmup && name != kRandom;
}

const std::vector<double>& values_of(const Timeline& timeline, const char* name) {
  static const std::vector<double> none;
  const auto found = timeline.series.find(name);
  return found == timeline.series.end() ? none : found->second.values;
}

struct Range {
  double least = 0, most = 0, mean = 0, bins = 0;
};

Range range_of(const std::vector<double>& values) {
  Range r;
  for (const double value : values) {
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
  // Copies that are staged miss by intention.
  if (name.rfind("cache.byte_hit_ratio.", 0) == 0) return ends_with(name, ".prestage") ? 9 : 3;
  if (name.rfind("busy.", 0) == 0) return 4;
  if (name.rfind("bytes_per_second.origin.", 0) == 0) return 5;
  if (name == "origin.throttled_per_second") return 6;
  if (name.rfind("bytes_per_second.peer.", 0) == 0) return 7;
  return 8;
}

/// Of these the largest first.
bool is_traffic(const std::string& name) {
  return name.rfind("bytes_per_second.", 0) == 0 || name.rfind("busy.", 0) == 0;
}

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
    const Range range = range_of(series.values);
    if (range.most > 0 && is_curve(name)) all.push_back({name, place_of(name), 0, range.mean});
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

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

/// What is left without the bins of the warm-up; all when they are all of it.
std::vector<double> after_warmup(const Timeline& timeline, const std::vector<double>& values) {
  const std::vector<double>& warmup = values_of(timeline, kWarmup);
  std::vector<double> rest;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool measured = i >= warmup.size() || !(warmup[i] > 0);
    if (measured) rest.push_back(values[i]);
  }
  return rest.empty() ? values : rest;
}

void put_curve(const Timeline& timeline, const std::string& name, Glyphs glyphs,
               std::vector<std::string>& out) {
  const TimeSeries& series = timeline.series.at(name);
  // A percentile's peak is what is looked for; of a mean the mean. The scale is that of what is
  // drawn, so that bytes that all arrive within one bin do not flatten the rest.
  const std::vector<double> columns = to_columns(series.values, series.unit == "s");
  const Range drawn = range_of(columns);
  const Range measured = range_of(after_warmup(timeline, series.values));
  out.push_back(name + ": mean " +
                (measured.bins > 0 ? quantity(measured.mean, series.unit) : "-") + ", " +
                quantity(drawn.least, series.unit) + " to " + quantity(drawn.most, series.unit));
  const auto lines = draw_curve(columns, drawn.most, glyphs);
  out.push_back(
      trimmed(padded_left(quantity(drawn.most, series.unit), kLabelWidth) + " |" + lines[0]));
  out.push_back(trimmed(padded_left("0", kLabelWidth) + " |" + lines[1]));
}

std::size_t column_of(double at_s, double span_s) {
  const double share = span_s > 0 ? std::clamp(at_s / span_s, 0.0, 1.0) : 0;
  return static_cast<std::size_t>(share * static_cast<double>(kPlotColumns - 1) + 0.5);
}

/// The letter of each mark under its column, and a line for as long as it lasts; one that finds no
/// room within three columns has none.
std::string mark_line(const Timeline& timeline, double span_s) {
  std::string line(kPlotColumns, ' ');
  const std::size_t marks = std::min(timeline.marks.size(), kLetters.size());
  for (std::size_t i = 0; i < marks; ++i) {
    if (timeline.marks[i].at_s < 0 || timeline.marks[i].at_s > span_s) continue;
    std::size_t column = column_of(timeline.marks[i].at_s, span_s);
    for (int tries = 0; tries < 3 && column < kPlotColumns; ++tries, ++column) {
      if (line[column] != ' ') continue;
      line[column] = kLetters[i];
      break;
    }
  }
  for (std::size_t i = 0; i < marks; ++i) {
    const Mark& mark = timeline.marks[i];
    const std::size_t last = column_of(mark.until_s, span_s);
    for (std::size_t c = column_of(mark.at_s, span_s); c < last; ++c) {
      if (line[c] == ' ') line[c] = '=';
    }
  }
  return line;
}

void draw_where(const std::vector<double>& shares, char sign, std::string& rule) {
  if (shares.empty()) return;
  const auto columns = to_columns(shares, false);
  for (std::size_t c = 0; c < kPlotColumns; ++c) {
    if (columns[c] > 0.5) rule[c] = sign;
  }
}

/// Dots where most of a column was stepped over, waves where it was warm-up.
std::string rule_of(const Timeline& timeline) {
  std::string rule(kPlotColumns, '-');
  draw_where(values_of(timeline, kSteppedOver), '.', rule);
  draw_where(values_of(timeline, kWarmup), '~', rule);
  return rule;
}

/// Random failures by column: a digit, '+' for ten and more. Empty when there are none.
std::string random_row(const Timeline& timeline) {
  const std::vector<double>& bins = values_of(timeline, kRandom);
  std::vector<double> columns(kPlotColumns, 0);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (std::isfinite(bins[i])) columns[i * kPlotColumns / bins.size()] += bins[i];
  }
  std::string row(kPlotColumns, ' ');
  bool any = false;
  for (std::size_t c = 0; c < kPlotColumns; ++c) {
    if (columns[c] <= 0) continue;
    any = true;
    row[c] = columns[c] > 9 ? '+' : static_cast<char>('0' + static_cast<int>(columns[c]));
  }
  return any ? row : "";
}

void put_axis(const Timeline& timeline, double span_s, std::vector<std::string>& out) {
  const std::string indent(kLabelWidth + 2, ' ');
  out.push_back(std::string(kLabelWidth + 1, ' ') + "+" + rule_of(timeline));
  if (!timeline.marks.empty()) {
    out.push_back(trimmed(indent + mark_line(timeline, span_s)));
  }
  if (const std::string row = random_row(timeline); !row.empty()) {
    out.push_back(trimmed(padded_left("failures", kLabelWidth) + "  " + row));
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

bool has_goodput(const Timeline& timeline) {
  return std::any_of(timeline.series.begin(), timeline.series.end(), [](const auto& series) {
    return std::string_view(series.first).ends_with(".goodput");
  });
}

/// What the signs mean, of those that are there.
void put_keys(const Timeline& timeline, double span_s, Section& section) {
  const std::string rule = rule_of(timeline);
  if (rule.find('.') != std::string::npos) {
    section.lines.push_back("dotted axis: stepped over as steady, only caches played");
  }
  if (rule.find('~') != std::string::npos) {
    section.lines.push_back("~ warm-up: not in the means");
  }
  const std::vector<double>& random = values_of(timeline, kRandom);
  const double failures = range_of(random).mean * range_of(random).bins;
  if (failures > 0) {
    section.lines.push_back("failures: " + quantity(std::round(failures), "1") +
                            " drawn at random, so many in each column (+: ten or more)");
  }
  if ((failures > 0 || !timeline.marks.empty()) && has_goodput(timeline)) {
    section.lines.push_back(
        "goodput over time holds steps that a later failure undoes; the tables leave them out");
  }
  section.lines.push_back("a column is " +
                          quantity(span_s / static_cast<double>(kPlotColumns), "s") + " (bins of " +
                          quantity(timeline.bin_s, "s") +
                          "); bytes of copies and restores count while they move, others when they "
                          "have arrived");
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
    put_curve(timeline, name, glyphs, section.verbatim);
  }
  put_axis(timeline, span_s, section.verbatim);
  put_legend(timeline, section);
  put_keys(timeline, span_s, section);
  const auto curves = std::count_if(timeline.series.begin(), timeline.series.end(),
                                    [](const auto& series) { return is_curve(series.first); });
  section.lines.push_back(std::to_string(static_cast<std::size_t>(curves) - names.size()) +
                          " more series with --format json or --out");
  return section;
}

bool has_events(const Timeline& timeline) {
  return !timeline.marks.empty() || range_of(values_of(timeline, kRandom)).most > 0;
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
