#include "analysis/io/work_tables.hpp"

#include <array>
#include <cmath>
#include <map>

#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

struct Part {
  const char* head;
  const char* metric;
};
/// All states of a job. The head of the last but one is what a job waits for that is not data.
constexpr std::array<Part, 6> kParts = {{{"compute", "goodput"},
                                         {"data stall", "stall"},
                                         {"checkpoint", "checkpoint_share"},
                                         {"restore", "restore_share"},
                                         {"nodes away", "down_share"},
                                         {"redone", "redone_share"}}};
/// Rounding of sums; closed forms take the parts from different models.
constexpr double kRounding = 1e-6, kFormsAgree = 0.01;

void put_shares(const Result& r, const std::string& name, const std::string& prefix,
                Section& section) {
  std::vector<std::string> row = {name};
  double sum = 0;
  for (const Part& part : kParts) {
    const auto found = r.metrics.find(prefix + part.metric);
    const double value = found == r.metrics.end() ? 0 : found->second.value;
    sum += value;
    row.push_back(value == 0 ? "-" : quantity(value, "ratio"));
  }
  section.rows.push_back(row);
  // No time at all: a job that ended within the warm-up.
  if (std::abs(sum - 1) > (r.simulated ? kRounding : kFormsAgree) && sum != 0) {
    section.lines.push_back(name + " adds up to " + quantity(sum, "ratio"));
  }
}

struct Cause {
  std::map<std::string, double> counts;  // by what

  double of(const char* what) const {
    const auto found = counts.find(what);
    return found == counts.end() ? 0 : found->second;
  }
};

/// "events.random.CAUSE.WHAT" or "events.planned.CAUSE.WHAT".
std::map<std::string, Cause> causes_of(const Result& r, const std::string& prefix) {
  std::map<std::string, Cause> causes;
  for (auto at = r.metrics.lower_bound(prefix); at != r.metrics.end(); ++at) {
    if (at->first.rfind(prefix, 0) != 0) break;
    const std::size_t dot = at->first.find('.', prefix.size());
    if (dot == std::string::npos) continue;
    const std::string cause = at->first.substr(prefix.size(), dot - prefix.size());
    causes[cause].counts[at->first.substr(dot + 1)] = at->second.value;
  }
  return causes;
}

std::string count(double n) { return n == 0 ? "-" : quantity(n, "1"); }

std::string drawn_line(const std::map<std::string, Cause>& causes, double random) {
  if (random == 0) return "random failures: none was drawn for this time";
  double in_vain = 0, stops = 0;
  std::string kinds;
  for (const auto& [name, cause] : causes) {
    kinds += (kinds.empty() ? "" : ", ") + count(cause.of("count")) + " " + name;
    in_vain += cause.of("without_work") + cause.of("away_already");
    stops += cause.of("jobs_stopped");
  }
  return "random failures: " + count(random) + " drawn (" + kinds + "), " +
         (in_vain == 0 ? "0" : count(in_vain)) + " of them found nothing to fail; jobs restarted " +
         (stops == 1 ? "once" : (stops == 0 ? "0" : count(stops)) + " times");
}

void put_rows(const std::map<std::string, Cause>& causes, const char* how, Section& section) {
  for (const auto& [name, cause] : causes) {
    section.rows.push_back({name + how, count(cause.of("count")), count(cause.of("without_work")),
                            count(cause.of("away_already")), count(cause.of("jobs_stopped"))});
  }
}

}  // namespace

bool is_part_of_time(const std::string& metric) {
  return metric.rfind("train.", 0) == 0 && metric.ends_with("_share");
}

std::optional<Section> time_section(const Result& r) {
  Section section{"WHERE THE TIME OF JOBS GOES", {"job"}, {}, {}};
  for (const Part& part : kParts) section.columns.emplace_back(part.head);
  const std::string prefix = "train.", last = ".checkpoint_share";
  for (auto at = r.metrics.lower_bound(prefix); at != r.metrics.end(); ++at) {
    const std::string& metric = at->first;
    if (metric.rfind(prefix, 0) != 0) break;
    if (metric.size() < prefix.size() + last.size() || !metric.ends_with(last)) continue;
    const std::string name =
        metric.substr(prefix.size(), metric.size() - prefix.size() - last.size());
    put_shares(r, name, prefix + name + ".", section);
  }
  if (section.rows.empty()) return std::nullopt;
  const bool all = section.rows.size() > 1 && r.metrics.count("train.checkpoint_share") > 0;
  if (all) put_shares(r, "all jobs", prefix, section);
  section.lines.emplace_back(
      "of the time since the warm-up, 100 % in all; redone: computed since the last checkpoint "
      "that was whole, and lost");
  return section;
}

std::optional<Section> events_section(const Result& r) {
  const auto planned = causes_of(r, "events.planned."), random = causes_of(r, "events.random.");
  const auto all_random = r.metrics.find("events.random");
  if (planned.empty() && all_random == r.metrics.end()) return std::nullopt;
  Section section{"EVENTS", {}, {}, {}};
  if (!planned.empty() || !random.empty()) {
    section.columns = {"event", "how many", "without work", "away already", "jobs stopped"};
    put_rows(planned, ", planned", section);
    put_rows(random, ", random", section);
    section.lines.emplace_back(
        "found nothing to fail: without work, on nodes of no job and no service; or all that it "
        "takes was away already");
  }
  if (all_random != r.metrics.end()) {
    section.lines.push_back(drawn_line(random, all_random->second.value));
  }
  return section;
}

}  // namespace fleetcache::analysis::io
