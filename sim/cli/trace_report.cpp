#include "sim/cli/trace_report.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::MissPoint;
using traces::ReplayReport;
using traces::ReplayRow;
using traces::TraceStats;

constexpr std::size_t kPlotCells = 50;

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

using Table = std::vector<std::vector<std::string>>;

/// Columns two blanks apart; all but the first flush right.
std::string aligned(const Table& table) {
  std::vector<std::size_t> width;
  for (const auto& row : table) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const auto& row : table) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(width[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string markdown(const Table& table) {
  std::string out;
  for (std::size_t r = 0; r < table.size(); ++r) {
    out += "|";
    for (const std::string& cell : table[r]) out += " " + cell + " |";
    out += "\n";
    if (r != 0) continue;
    for (std::size_t i = 0; i < table[0].size(); ++i) out += i == 0 ? "| --- |" : " ---: |";
    out += "\n";
  }
  return out;
}

const char* unit_name(const ReplayReport& report) {
  return report.unit_objects ? "objects" : "bytes";
}

ordered_json json_of(const ReplayReport& report, const ReplayRow& row) {
  ordered_json out = {{"policy", row.policy},        {"capacity", row.capacity},
                      {"unit", unit_name(report)},   {"requests", row.requests},
                      {"misses", row.misses},        {"bytes", row.bytes},
                      {"miss_bytes", row.miss_bytes}};
  if (row.partial) out["partial"] = true;
  return out;
}

std::string replay_json(const ReplayReport& report) {
  if (report.rows.size() == 1) return json_of(report, report.rows[0]).dump(2) + "\n";
  ordered_json rows = ordered_json::array();
  for (const ReplayRow& row : report.rows) rows.push_back(json_of(report, row));
  return rows.dump(2) + "\n";
}

std::string replay_csv(const ReplayReport& report) {
  std::string out = "policy,capacity,unit,requests,misses,bytes,miss_bytes";
  out += report.partial ? ",partial\n" : "\n";
  for (const ReplayRow& row : report.rows) {
    out += row.policy + "," + std::to_string(row.capacity) + "," + unit_name(report);
    for (const auto n : {row.requests, row.misses, row.bytes, row.miss_bytes}) {
      out += "," + std::to_string(n);
    }
    if (report.partial) out += row.partial ? ",true" : ",false";
    out += "\n";
  }
  return out;
}

std::string capacity_text(std::uint64_t capacity, bool objects) {
  return objects ? std::to_string(capacity) : scenario::print_bytes(capacity);
}

/// Four digits and a binary unit, for reading only.
std::string about_bytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit < 6) {
    value /= 1024;
    ++unit;
  }
  const int digits = unit == 0 || value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return fixed(value, digits) + kUnits[unit];
}

Table replay_table(const ReplayReport& report) {
  const bool bytes = !report.unit_objects;
  Table table = {{"policy", bytes ? "capacity" : "objects", "requests", "misses", "miss ratio"}};
  if (bytes) table[0].insert(table[0].end(), {"miss bytes", "byte miss ratio"});
  if (report.partial) table[0].push_back("");
  for (const ReplayRow& row : report.rows) {
    std::vector<std::string> line = {row.policy, capacity_text(row.capacity, !bytes),
                                     std::to_string(row.requests), std::to_string(row.misses),
                                     fixed(ratio(row.misses, row.requests), 4)};
    if (bytes) {
      line.push_back(std::to_string(row.miss_bytes));
      line.push_back(fixed(ratio(row.miss_bytes, row.bytes), 4));
    }
    if (row.partial) line.push_back("partial");
    table.push_back(std::move(line));
  }
  return table;
}

ordered_json points_json(const std::vector<MissPoint>& points, std::uint64_t requests) {
  ordered_json out = ordered_json::array();
  for (const MissPoint& point : points) {
    out.push_back({{"capacity", point.capacity},
                   {"misses", point.misses},
                   {"miss_ratio", ratio(point.misses, requests)}});
  }
  return out;
}

ordered_json quantiles_json(const traces::Quantiles& q) {
  return {{"min", q.min}, {"p50", q.p50}, {"p90", q.p90}, {"p99", q.p99}, {"max", q.max}};
}

std::string stats_json(const TraceStats& s) {
  ordered_json out;
  out["format"] = traces::format_name(s.info.format);
  out["requests"] = s.requests;
  out["dropped"] = s.dropped;
  out["objects"] = s.objects;
  out["once"] = s.once;
  out["top_1_percent_requests"] = s.top_1_percent;
  if (s.info.has_times) out["span_ns"] = s.span_ns;
  if (s.info.has_sizes) {
    out["bytes"] = s.bytes;
    out["working_set_bytes"] = s.object_bytes;
    out["object_size"] = quantiles_json(s.sizes);
  }
  if (s.requests > s.objects) out["stack_depth"] = quantiles_json(s.depths);
  if (s.zipf_ranks >= 5) {
    out["zipf"] = {{"exponent", s.zipf_exponent}, {"r2", s.zipf_r2}, {"ranks", s.zipf_ranks}};
  }
  out["lru"]["objects"] = points_json(s.lru_objects, s.requests);
  if (s.info.has_sizes) out["lru"]["bytes"] = points_json(s.lru_bytes, s.requests);
  if (s.partial) out["partial"] = true;
  return out.dump(2) + "\n";
}

std::string plot(const std::vector<MissPoint>& points, std::uint64_t requests, bool objects) {
  Table table;
  for (const MissPoint& point : points) {
    const double r = ratio(point.misses, requests);
    const auto cells = static_cast<std::size_t>(r * kPlotCells + 0.5);
    table.push_back({objects ? std::to_string(point.capacity) : about_bytes(point.capacity),
                     fixed(r, 4), std::string(cells, '#') + std::string(kPlotCells - cells, '.')});
  }
  return aligned(table);
}

std::string spread(const traces::Quantiles& q) {
  return "p50 " + std::to_string(q.p50) + ", p90 " + std::to_string(q.p90) + ", p99 " +
         std::to_string(q.p99) + ", max " + std::to_string(q.max);
}

std::string stats_table(const TraceStats& s) {
  std::vector<std::pair<std::string, std::string>> lines = {
      {"trace", s.info.name + " (" + std::string(traces::format_name(s.info.format)) + ")"},
      {"requests", std::to_string(s.requests)},
      {"objects", std::to_string(s.objects)},
      {"asked for once", fixed(100 * ratio(s.once, s.objects), 1) + " % of objects"},
      {"top 1 % of objects", fixed(100 * ratio(s.top_1_percent, s.requests), 1) + " % of requests"},
      {"best hit ratio",
       fixed(ratio(s.requests - s.objects, s.requests), 4) + " (unlimited cache)"}};
  if (s.info.has_times) lines.emplace_back("span", scenario::print_duration(s.span_ns));
  if (s.info.has_sizes) {
    lines.emplace_back("bytes asked for", about_bytes(s.bytes));
    lines.emplace_back("working set", about_bytes(s.object_bytes));
    lines.emplace_back("object size", spread(s.sizes) + " B");
  }
  if (s.requests > s.objects) lines.emplace_back("LRU stack depth", spread(s.depths) + " objects");
  lines.emplace_back("Zipf exponent",
                     s.zipf_ranks >= 5 ? fixed(s.zipf_exponent, 2) + " (r2 " + fixed(s.zipf_r2, 3) +
                                             " over " + std::to_string(s.zipf_ranks) + " ranks)"
                                       : "too few objects are asked for 10 times to say");
  if (s.partial) lines.emplace_back("partial", "interrupted before the end of the trace");
  std::string out;
  for (const auto& [name, value] : lines) {
    out += name + std::string(20 - name.size(), ' ') + value + "\n";
  }
  out += "\nLRU miss ratio by capacity in objects\n" + plot(s.lru_objects, s.requests, true);
  // Where all sizes are equal the second curve would repeat the first.
  if (!s.lru_bytes.empty() && s.sizes.min != s.sizes.max) {
    out += "\nLRU miss ratio by capacity in bytes (stack model)\n" +
           plot(s.lru_bytes, s.requests, false);
  }
  return out;
}

}  // namespace

std::string render_replay(const ReplayReport& report, const std::string& format) {
  if (format == "json") return replay_json(report);
  if (format == "csv") return replay_csv(report);
  const Table table = replay_table(report);
  const std::string text = format == "md" ? markdown(table) : aligned(table);
  return report.partial ? text + "\npartial: interrupted before the end of the trace\n" : text;
}

std::string render_stats(const TraceStats& stats, const std::string& format) {
  return format == "json" ? stats_json(stats) : stats_table(stats);
}

}  // namespace fleetcache::cli
