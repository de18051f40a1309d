#include "analysis/io/result_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/binding.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/headline.hpp"
#include "analysis/interval.hpp"
#include "analysis/io/error_section.hpp"
#include "analysis/io/format.hpp"
#include "analysis/io/timeline_plot.hpp"
#include "analysis/io/work_tables.hpp"

namespace fleetcache::analysis::io {
namespace {

constexpr std::size_t kStationsShown = 6;
constexpr std::size_t kChangesShown = 4;

using Rows = std::vector<std::vector<std::string>>;
using Reasons = std::vector<std::pair<std::string, std::vector<std::string>>>;  // reason -> metrics

std::string plural(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string headline_verdict(const Result& r) {
  std::size_t met = 0, missed = 0, undecided = 0;
  for (const Verdict& v : r.verdict) {
    met += v.state == State::kMet ? 1U : 0U;
    missed += v.state == State::kMissed ? 1U : 0U;
    undecided += v.state == State::kUndecided ? 1U : 0U;
  }
  std::string text = r.interrupted ? "PARTIAL  " : "";
  if (!r.simulated) text += "NOT SIMULATED  ";
  text += r.scenario + ": ";
  if (r.verdict.empty()) return text + "no objectives asked";
  return text + std::to_string(met) + " met, " + std::to_string(missed) + " missed, " +
         std::to_string(undecided) + " undecided";
}

/// Of the fleet rung: how much of the time was simulated event by event.
std::string stepped_text(const Result& r) {
  const auto detailed = r.metrics.find("sim.detailed_s"), stepped = r.metrics.find("sim.stepped_s");
  if (detailed == r.metrics.end() || stepped == r.metrics.end()) return "";
  return ", " + quantity(detailed->second.value, "s") + " in detail and " +
         quantity(stepped->second.value, "s") + " stepped over";
}

void put_head(const Result& r, Report& report) {
  report.head.push_back(headline_verdict(r));
  std::string seeds;
  for (const std::uint64_t seed : r.manifest.seeds) seeds += " " + std::to_string(seed);
  std::string line = "fleetcache " + r.manifest.version + " · scenario " + r.scenario_digest +
                     " · policies " + r.manifest.policy_digest + " · rung " + r.rung;
  if (r.simulated) {
    line += " · seed" + seeds + " · " + quantity(r.simulated_seconds, "s") + " simulated" +
            stepped_text(r);
  }
  report.head.push_back(line);
  if (!r.simulated) {
    report.head.push_back(
        "Closed forms answered, nothing was simulated: confirm a part of the fleet at the exact "
        "rung before it decides a purchase.");
  }
  if (r.interrupted) {
    report.head.push_back(
        "Interrupted: figures cover the simulated time above only, and no "
        "verdict is drawn from them.");
  }
}

void put_tables(const Result& r, Report& report) {
  for (const Table& table : r.tables) {
    report.sections.push_back({table.title, table.columns, table.rows, table.notes});
  }
}

/// Two limits on one metric, or one reason for several metrics, are one line.
void put_reason(const Verdict& v, const std::string& reason, Reasons& reasons) {
  auto found = std::find_if(reasons.begin(), reasons.end(),
                            [&](const auto& known) { return known.first == reason; });
  if (found == reasons.end()) found = reasons.insert(reasons.end(), {reason, {}});
  std::vector<std::string>& metrics = found->second;
  if (std::find(metrics.begin(), metrics.end(), v.objective.metric) == metrics.end()) {
    metrics.push_back(v.objective.metric);
  }
}

/// "a share ends at 0 % and 100 %: ...", where ± reaches beyond; else none.
void put_clipped(const std::vector<std::string>& clipped, Section& section) {
  if (clipped.empty()) return;
  section.lines.push_back("shares end at 0 % and 100 %, and ± with them: " + joined(clipped));
}

/// The sum that the margin is compared with; a part of it may be unknown.
std::string error_of(const Result& r, const Verdict& v) {
  const bool unknown = has_unknown_error(r.error, v.objective.metric);
  if (!v.value || (unknown && v.error == 0)) return "?";
  return (unknown ? "> " : "") + quantity(possible_error(*v.value, v.unit, v.error), v.unit);
}

void put_objectives(const Result& r, Report& report) {
  if (r.verdict.empty()) return;
  Section section{"VERDICT", {"objective", "limit", "value", "± error", "margin", "state"}, {}, {}};
  Reasons reasons;  // each once, with whose
  std::vector<std::string> clipped;
  for (const Verdict& v : r.verdict) {
    const std::string unit = v.unit;
    const Interval interval = interval_of(v.value.value_or(0), unit, v.error);
    if (v.value && v.error_known && unit == "ratio" && interval.clipped) {
      add_once(v.objective.metric + " " + quantity(interval.low, unit) + " to " +
                   quantity(interval.high, unit),
               clipped);
    }
    section.rows.push_back(
        {v.objective.metric,
         (v.objective.less_than ? "< " : "> ") + quantity(v.objective.limit, unit),
         v.value ? quantity(*v.value, unit) : "-", error_of(r, v),
         v.value ? difference(0, v.margin, unit) : "-", name_of(v.state)});
    if (!v.reason.empty()) put_reason(v, v.reason, reasons);
    for (const Decider& decider : v.deciders) put_reason(v, decider.text, reasons);
  }
  for (const auto& [reason, metrics] : reasons) {
    section.lines.push_back(joined(metrics) + ": " + reason);
  }
  put_clipped(clipped, section);
  report.sections.push_back(section);
}

void put_bytes(const Result& r, Report& report) {
  if (r.bytes.empty()) return;
  Section section{"WHERE THE BYTES COME FROM", {"tier"}, {}, {}};
  std::set<std::string> tiers;
  std::map<std::string, std::uint64_t> totals;
  for (const auto& [traffic, row] : r.bytes) {
    section.columns.push_back(traffic);
    for (const auto& [tier, n] : row) {
      totals[traffic] += n;
      if (n > 0) tiers.insert(tier);
    }
  }
  // Nearest first, as a reader looks for them; a tier that is not listed here follows by name.
  std::vector<std::string> order;
  for (const char* tier : {"local_dram", "local_nvme", "peer_dram", "peer_nvme", "coalesced",
                           "remote_region", "front_end", "bifrost", "deltazero", "recompute"}) {
    if (tiers.erase(tier) > 0) order.emplace_back(tier);
  }
  order.insert(order.end(), tiers.begin(), tiers.end());
  for (const std::string& tier : order) {
    std::vector<std::string> row = {tier};
    for (const auto& [traffic, by_tier] : r.bytes) {
      const auto found = by_tier.find(tier);
      row.push_back(percent(found == by_tier.end() ? 0 : found->second, totals[traffic]));
    }
    section.rows.push_back(row);
  }
  std::vector<std::string> total = {"total"};
  for (const auto& [traffic, n] : totals) total.push_back(quantity(static_cast<double>(n), "B"));
  section.rows.push_back(total);
  report.sections.push_back(section);
}

std::string figure(const std::map<std::string, Metric>& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? "-" : quantity(found->second.value, found->second.unit);
}

std::vector<Objective> objectives_of(const Result& r) {
  std::vector<Objective> objectives;
  for (const Verdict& v : r.verdict) objectives.push_back(v.objective);
  return objectives;
}

bool differs(const Result& r, const std::string& name) {
  return std::any_of(r.variants.begin(), r.variants.end(), [&](const auto& variant) {
    const auto& metrics = variant.second.metrics;
    return metrics.count(name) > 0 && figure(metrics, name) != figure(r.metrics, name);
  });
}

/// Metrics that are not shown, and how many of them a variant moves.
std::string not_shown(const Result& r, const std::vector<std::string>& names) {
  std::size_t more = 0, moved = 0;
  for (const auto& [name, metric] : r.metrics) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    ++more;
    moved += differs(r, name) ? 1U : 0U;
  }
  if (more == 0) return "";
  return plural(more, "more metric") +
         (moved > 0 ? " (" + std::to_string(moved) + " of them changed by a variant)" : "") +
         " with --format json";
}

void put_figures(const Result& r, const std::vector<std::string>& names, Report& report) {
  Section section{
      r.variants.empty() ? "FIGURES" : "SIDE BY SIDE", {"metric", "base", "± error"}, {}, {}};
  for (const auto& [variant, v] : r.variants) {
    section.columns.push_back(variant);
    if (!v.failure.empty()) section.lines.push_back(variant + " has no answer: " + v.failure);
  }
  for (const std::string& name : names) {
    std::vector<std::string> row = {name, figure(r.metrics, name), summed_error(r, name)};
    for (const auto& [variant, v] : r.variants) row.push_back(figure(v.metrics, name));
    section.rows.push_back(row);
  }
  if (!r.variants.empty()) {
    std::string busiest = "busiest resource: base " + r.binding.resource;
    for (const auto& [variant, v] : r.variants) {
      if (v.failure.empty()) busiest += ", " + variant + " " + v.binding.resource;
    }
    section.lines.push_back(busiest);
  }
  if (const std::string more = not_shown(r, names); !more.empty()) section.lines.push_back(more);
  report.sections.push_back(section);
}

/// Objectives, then what else moved most, by its own size.
std::vector<std::string> largest_changes(const Result& r, const WhatIf& what_if) {
  struct Change {
    bool objective;
    double relative;
    std::string text;
  };
  constexpr double kSeen = 1e-4;
  const std::vector<Objective> objectives = objectives_of(r);
  std::vector<Change> changes;
  for (const std::string& name : headlines(r.metrics, objectives, r.simulated)) {
    const auto change = what_if.changes.find(name);
    if (change == what_if.changes.end()) continue;
    const auto [before, after] = change->second;
    const double size = std::max(std::abs(before), std::abs(after));
    const double relative = size > 0 ? std::abs(after - before) / size : 0;
    if (relative < kSeen) continue;
    const bool objective =
        std::any_of(objectives.begin(), objectives.end(),
                    [&, &metric = name](const Objective& o) { return o.metric == metric; });
    changes.push_back(
        {objective, relative, name + " " + difference(before, after, r.metrics.at(name).unit)});
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return a.objective != b.objective ? a.objective : a.relative > b.relative;
  });
  std::vector<std::string> parts;
  for (const Change& change : changes) {
    if (parts.size() < kChangesShown) parts.push_back(change.text);
  }
  return parts;
}

std::string what_if_line(const Result& r) {
  if (!r.binding.plus_10_percent) {
    return "+10 % of " + r.binding.resource + ": not known, " + r.binding.reason;
  }
  const WhatIf& what_if = *r.binding.plus_10_percent;
  const std::vector<std::string> parts = largest_changes(r, what_if);
  const std::string changes = parts.empty() ? "no headline figure moves" : joined(parts);
  return "+10 % (" + what_if.parameter + " " + what_if.from + " -> " + what_if.to +
         "): " + changes + "; by " + what_if.source;
}

/// A job may still wait now and then: the busiest of the data path is named beside the GPU.
std::string compute_line(const Result& r) {
  std::string line = "compute binds (" + r.binding.resource + "), nothing in the data path does";
  for (const std::string& name : busiest(r.stations, r.stations.size())) {
    if (is_compute(name)) continue;
    const Station& s = r.stations.at(name);
    return line + ": its busiest is " + name + ", " + quantity(s.utilization_mean, "ratio") +
           " on average, p99 " + quantity(s.utilization_p99, "ratio");
  }
  return line;
}

void put_bottlenecks(const Result& r, Report& report) {
  if (r.stations.empty()) return;
  Section section{"BOTTLENECKS", {"resource", "mean busy", "p99", "capacity"}, {}, {}};
  for (const std::string& name : busiest(r.stations, kStationsShown)) {
    const Station& s = r.stations.at(name);
    section.rows.push_back({name, quantity(s.utilization_mean, "ratio"),
                            quantity(s.utilization_p99, "ratio"), quantity(s.capacity, s.unit)});
  }
  if (is_compute(r.binding.resource)) section.lines.push_back(compute_line(r));
  section.lines.push_back(what_if_line(r));
  if (!r.no_effect.empty()) {
    section.lines.push_back("within the error: +10 % of " + joined(r.no_effect) +
                            " moved no objective by more than that objective's ±");
  }
  if (!r.idle.empty()) {
    section.lines.push_back("idle (under 1 % busy, not proof of no effect): " + joined(r.idle));
  }
  report.sections.push_back(section);
}

std::string limits_line(const Result& r) {
  std::vector<std::string> kinds;
  for (const auto& [kind, n] : r.assumptions) {
    if (n > 0) kinds.push_back(std::to_string(n) + " " + kind);
  }
  return "inputs: " + (kinds.empty() ? "none" : joined(kinds));
}

std::string conservation_line(const Result& r) {
  std::size_t ok = 0;
  std::vector<std::string> broken;
  for (const Conservation& check : r.conservation) {
    if (check.ok) {
      ++ok;
    } else {
      broken.push_back(check.check);
    }
  }
  std::string line = "conservation " + std::to_string(ok) + "/" +
                     std::to_string(r.conservation.size()) + " checks hold";
  return broken.empty() ? line : line + "; BROKEN: " + joined(broken);
}

void put_limits(const Result& r, Report& report) {
  if (!r.not_scaled.empty()) {
    report.sections.push_back({"WHAT DOES NOT SCALE", {}, {}, r.not_scaled});
  }
  Section section{"LIMITS", {}, {}, {limits_line(r)}};
  if (r.simulated) {
    section.lines.push_back("requests: " + grouped(r.requests.in) + " in, " +
                            grouped(r.requests.done) + " done, " + grouped(r.requests.failed) +
                            " failed, " + grouped(r.requests.unfinished) + " unfinished");
  }
  if (!r.conservation.empty()) section.lines.push_back(conservation_line(r));
  section.lines.insert(section.lines.end(), r.notes.begin(), r.notes.end());
  report.sections.push_back(section);
}

/// Of closed forms no more than of a simulation: their tables tell the rest, and the document all.
std::vector<std::string> figures_of(const Result& r) {
  std::vector<std::string> names = headlines(r.metrics, objectives_of(r), true);
  const auto told = [&](const std::string& name) {
    return is_part_of_time(name) &&
           std::none_of(r.verdict.begin(), r.verdict.end(),
                        [&](const Verdict& v) { return v.objective.metric == name; });
  };
  names.erase(std::remove_if(names.begin(), names.end(), told), names.end());
  return names;
}

}  // namespace

Report describe(const Result& result, const std::string& reproduce,
                const DescribeOptions& options) {
  Report report;
  const auto names = figures_of(result);
  put_head(result, report);
  // A closed form's tables are its answer; those of a simulation are detail.
  if (!result.simulated) put_tables(result, report);
  put_objectives(result, report);
  const bool plot = options.plot || has_events(result.timeline);
  if (plot && !result.timeline.series.empty()) {
    report.sections.push_back(timeline_section(result.timeline, options.glyphs));
  }
  if (auto section = events_section(result)) report.sections.push_back(std::move(*section));
  if (auto section = time_section(result)) report.sections.push_back(std::move(*section));
  put_bytes(result, report);
  put_figures(result, names, report);
  put_bottlenecks(result, report);
  // The figures carry their sums; the parts are shown for what was judged.
  auto judged = names;
  judged.resize(std::min(judged.size(), std::max<std::size_t>(1, result.verdict.size())));
  if (auto section = error_section(result, result.verdict.empty() ? names : judged)) {
    report.sections.push_back(std::move(*section));
  }
  if (result.simulated) put_tables(result, report);
  put_limits(result, report);
  report.sections.push_back({"REPRODUCE", {}, {}, {reproduce}});
  return report;
}

}  // namespace fleetcache::analysis::io
