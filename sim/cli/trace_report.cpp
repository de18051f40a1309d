#include "sim/cli/trace_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/cli/trace_text.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::MissPoint;
using traces::TraceStats;

constexpr std::size_t kPlotCells = 50;

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

std::string render_stats(const TraceStats& stats, const std::string& format) {
  return format == "json" ? stats_json(stats) : stats_table(stats);
}

}  // namespace fleetcache::cli
