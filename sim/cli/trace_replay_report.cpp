#include "sim/cli/trace_replay_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "sim/cli/trace_text.hpp"
#include "sim/traces/oracle_gap.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::ordered_json;
using traces::GroupCounts;
using traces::OracleGap;
using traces::ReplayReport;
using traces::ReplayRow;

/// Tenants and classes that a table shows; JSON has them all.
constexpr std::size_t kMostGroups = 20;

const char* unit_name(const ReplayReport& report) {
  return report.unit_objects ? "objects" : "bytes";
}

struct View {
  const ReplayReport& report;
  const ReplayExtras& extras;
  std::vector<OracleGap> gaps;  ///< by row, or empty
};

std::string group_name(const std::vector<std::string>& names, std::uint32_t group) {
  if (group == 0) return "-";
  return group < names.size() ? names[group] : std::to_string(group);
}

double cost_ratio(const ReplayExtras& extras, const ReplayRow& row) {
  const auto cost = [&](std::uint64_t requests, std::uint64_t bytes) {
    return extras.miss_cost * static_cast<double>(requests) +
           extras.gb_cost * static_cast<double>(bytes) / 1e9;
  };
  const double whole = cost(row.requests, row.bytes);
  return whole > 0 ? cost(row.misses, row.miss_bytes) / whole : 0;
}

ordered_json groups_json(const char* key, const std::vector<std::string>& names,
                         const std::vector<GroupCounts>& groups) {
  ordered_json out = ordered_json::array();
  for (const GroupCounts& g : groups) {
    out.push_back({{key, group_name(names, g.group)},
                   {"requests", g.requests},
                   {"misses", g.misses},
                   {"bytes", g.bytes},
                   {"miss_bytes", g.miss_bytes}});
  }
  return out;
}

/// Pairs of the bucket's exclusive upper bound and its count.
ordered_json histogram_json(const traces::Log2Histogram& histogram) {
  ordered_json out = ordered_json::array();
  for (std::size_t k = 0; k < histogram.counts.size(); ++k) {
    if (histogram.counts[k] == 0) continue;
    const std::uint64_t bound = k < 64 ? std::uint64_t{1} << k : UINT64_MAX;
    out.push_back({bound, histogram.counts[k]});
  }
  return out;
}

ordered_json ages_json(const traces::Ages& a, bool times) {
  ordered_json out = {{"evicted", a.evicted},
                      {"evicted_dead", a.evicted_dead},
                      {"resident", a.resident},
                      {"resident_dead", a.resident_dead},
                      {"hit_requests", histogram_json(a.hit_requests)},
                      {"evict_requests", histogram_json(a.evict_requests)}};
  if (times) {
    out["hit_ms"] = histogram_json(a.hit_ms);
    out["evict_ms"] = histogram_json(a.evict_ms);
  }
  return out;
}

ordered_json json_of(const View& view, std::size_t k) {
  const ReplayRow& row = view.report.rows[k];
  ordered_json out = {{"policy", row.policy},           {"capacity", row.capacity},
                      {"unit", unit_name(view.report)}, {"requests", row.requests},
                      {"misses", row.misses},           {"bytes", row.bytes},
                      {"miss_bytes", row.miss_bytes}};
  if (row.partial) out["partial"] = true;
  if (view.extras.costs()) out["cost_miss_ratio"] = cost_ratio(view.extras, row);
  if (!view.gaps.empty()) {
    const OracleGap& g = view.gaps[k];
    out["gap"] = {{"compulsory", g.compulsory},
                  {"capacity", g.capacity},
                  {"policy", g.policy},
                  {"compulsory_bytes", g.compulsory_bytes},
                  {"capacity_bytes", g.capacity_bytes},
                  {"policy_bytes", g.policy_bytes}};
  }
  const traces::TraceInfo& info = view.report.info;
  if (view.extras.watch.tenants) {
    out["tenants"] = groups_json("tenant", info.tenants, row.watched.tenants);
  }
  if (view.extras.watch.classes) {
    out["classes"] = groups_json("class", info.classes, row.watched.classes);
  }
  if (view.extras.watch.ages) out["ages"] = ages_json(row.watched.ages, info.has_times);
  return out;
}

std::string replay_json(const View& view) {
  if (view.report.rows.size() == 1) return json_of(view, 0).dump(2) + "\n";
  ordered_json rows = ordered_json::array();
  for (std::size_t k = 0; k < view.report.rows.size(); ++k) rows.push_back(json_of(view, k));
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

Table replay_table(const View& view) {
  const ReplayReport& report = view.report;
  const bool bytes = !report.unit_objects;
  Table table = {{"policy", bytes ? "capacity" : "objects", "requests", "misses", "miss ratio"}};
  if (bytes) table[0].insert(table[0].end(), {"miss bytes", "byte miss ratio"});
  if (view.extras.costs()) table[0].push_back("cost miss ratio");
  if (!view.gaps.empty()) {
    table[0].insert(table[0].end(), {"= compulsory", "+ capacity", "+ policy"});
  }
  if (report.partial) table[0].push_back("");
  for (std::size_t k = 0; k < report.rows.size(); ++k) {
    const ReplayRow& row = report.rows[k];
    std::vector<std::string> line = {row.policy, capacity_text(row.capacity, !bytes),
                                     std::to_string(row.requests), std::to_string(row.misses),
                                     fixed(ratio(row.misses, row.requests), 4)};
    if (bytes) {
      line.push_back(std::to_string(row.miss_bytes));
      line.push_back(fixed(ratio(row.miss_bytes, row.bytes), 4));
    }
    if (view.extras.costs()) line.push_back(fixed(cost_ratio(view.extras, row), 4));
    if (!view.gaps.empty()) {
      const double all = static_cast<double>(std::max<std::uint64_t>(row.requests, 1));
      line.push_back(fixed(static_cast<double>(view.gaps[k].compulsory) / all, 4));
      line.push_back(fixed(static_cast<double>(view.gaps[k].capacity) / all, 4));
      line.push_back(fixed(static_cast<double>(view.gaps[k].policy) / all, 4));
    }
    if (row.partial) line.push_back("partial");
    table.push_back(std::move(line));
  }
  return table;
}

/// The groups with most requests, each with its share and miss ratios in every row.
std::string groups_table(const View& view, const std::string& what,
                         const std::vector<std::string>& names,
                         std::vector<GroupCounts> traces::Watched::*groups,
                         const std::string& format) {
  Table table = {{what, "policy", "capacity", "requests", "share", "miss ratio"}};
  if (!view.report.unit_objects) table[0].push_back("byte miss ratio");
  std::size_t left_out = 0;
  for (const ReplayRow& row : view.report.rows) {
    std::vector<GroupCounts> order = row.watched.*groups;
    std::stable_sort(order.begin(), order.end(), [](const GroupCounts& a, const GroupCounts& b) {
      return a.requests > b.requests;
    });
    if (order.size() > kMostGroups) {
      left_out = order.size() - kMostGroups;
      order.resize(kMostGroups);
    }
    for (const GroupCounts& g : order) {
      table.push_back({group_name(names, g.group), row.policy,
                       capacity_text(row.capacity, view.report.unit_objects),
                       std::to_string(g.requests),
                       fixed(100 * ratio(g.requests, row.requests), 1) + " %",
                       fixed(ratio(g.misses, g.requests), 4)});
      if (!view.report.unit_objects) {
        table.back().push_back(fixed(ratio(g.miss_bytes, g.bytes), 4));
      }
    }
  }
  std::string out = "\n" + rendered(table, format);
  if (left_out > 0) {
    out += "\n" + std::to_string(left_out) + " smaller ones are left out; --format json has all\n";
  }
  return out;
}

std::string ages_text(const View& view) {
  std::string out;
  for (const ReplayRow& row : view.report.rows) {
    const traces::Ages& a = row.watched.ages;
    out += "\n" + row.policy + " at " + capacity_text(row.capacity, view.report.unit_objects) +
           ": " + std::to_string(a.evicted) + " evicted, " +
           fixed(100 * ratio(a.evicted_dead, a.evicted), 1) + " % of them never hit;\n  " +
           std::to_string(a.resident) + " resident at the end, " +
           fixed(100 * ratio(a.resident_dead, a.resident), 1) + " % not hit\n";
    const std::string pad(16, ' ');
    out += pad + "  age at hit, in requests" + std::string(7, ' ') + "age at eviction\n" +
           plot_ages(a.hit_requests, a.evict_requests, "");
    if (view.report.info.has_times) {
      out += pad + "  age at hit, in time" + std::string(11, ' ') + "age at eviction\n" +
             plot_ages(a.hit_ms, a.evict_ms, " ms");
    }
  }
  return out;
}

}  // namespace

std::string render_replay(const ReplayReport& report, const ReplayExtras& extras,
                          const std::string& format) {
  View view{report, extras, {}};
  if (extras.gap && !report.partial) view.gaps = traces::oracle_gaps(report);
  if (format == "json") return replay_json(view);
  if (format == "csv") return replay_csv(report);
  std::string out = rendered(replay_table(view), format);
  if (!view.gaps.empty() && !report.unit_objects) {
    out += "\nBelady's MIN is the optimum where sizes are equal; here it is a reference\n";
  }
  const traces::TraceInfo& info = report.info;
  if (extras.watch.tenants) {
    out += groups_table(view, "tenant", info.tenants, &traces::Watched::tenants, format);
  }
  if (extras.watch.classes) {
    out += groups_table(view, "class", info.classes, &traces::Watched::classes, format);
  }
  if (extras.watch.ages) out += ages_text(view);
  if (report.partial) out += "\npartial: interrupted before the end of the trace\n";
  return out;
}

}  // namespace fleetcache::cli
