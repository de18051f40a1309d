#include "sim/cli/assemble.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/binding.hpp"
#include "analysis/decide.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/headline.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/build_info.hpp"
#include "sim/engine/flow_engine.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

/// The rest of `name` after `prefix`; empty when it starts otherwise.
std::string after(const std::string& name, const std::string& prefix) {
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : std::string();
}

/// Figures about the figures: "error.COMPONENT.METRIC" are half widths that the run found itself,
/// "tail.samples.JOB" and "tail.readers.JOB" what its slowest readers rest on.
bool copy_evidence(const std::string& name, double value, analysis::Evidence& evidence) {
  if (const std::string skip = after(name, "error.skip."); !skip.empty()) {
    evidence.skip[skip] = value;
  } else if (const std::string tail = after(name, "error.tail."); !tail.empty()) {
    evidence.tail[tail] = value;
  } else if (const std::string drawn = after(name, "tail.samples."); !drawn.empty()) {
    evidence.tails[drawn].samples = value;
  } else if (const std::string job = after(name, "tail.readers."); !job.empty()) {
    evidence.tails[job].readers = value;
  } else if (const std::string own = after(name, "error."); !own.empty()) {
    const std::size_t dot = own.find('.');
    evidence.moved[own.substr(0, dot)][own.substr(dot + 1)] = value;
  } else {
    return false;
  }
  return true;
}

void copy_figures(const probes::Record& record, analysis::Result& result) {
  for (const auto& [name, m] : record.metrics) {
    if (copy_evidence(name, m.value, result.evidence)) continue;
    if (name == "sim.stepped_s") result.evidence.stepped_s = m.value;
    result.metrics[name] = {m.value, m.unit, m.standard_error, m.batches, {}};
  }
  for (const auto& [name, s] : record.stations) {
    result.stations[name] = {s.utilization_mean, s.utilization_p99, s.capacity, s.unit,
                             s.parameter};
  }
  for (const probes::Check& check : record.conservation) {
    result.conservation.push_back({check.name, check.lhs, check.rhs, check.ok});
  }
  const probes::Requests& r = record.requests;
  result.requests = {r.in, r.done, r.failed, r.unfinished};
  result.bytes = record.bytes;
}

void copy_explanations(const probes::Record& record, analysis::Result& result) {
  for (const probes::Table& t : record.tables) {
    result.tables.push_back({t.title, t.columns, t.rows, t.notes});
  }
  for (const auto& [name, d] : record.derivations) {
    result.derivations[name] = {d.formula, d.steps, d.inputs};
  }
  result.notes = record.notes;
  result.timeline.bin_s = record.timeline.bin_s;
  for (const auto& [name, series] : record.timeline.series) {
    result.timeline.series[name] = {series.unit, series.values};
  }
  for (const probes::Mark& mark : record.marks) {
    result.timeline.marks.push_back({mark.at_s, mark.until_s, mark.label});
  }
}

/// How many resolved values rest on what kind of evidence. The user's own values carry no kind.
std::map<std::string, std::uint64_t> count_inputs(const scenario::Loaded& loaded) {
  std::map<std::string, std::uint64_t> counts = {
      {"measured", 0}, {"published", 0}, {"vendor", 0}, {"assumed", 0}};
  for (const auto& [path, provenance] : loaded.provenance) {
    ++counts[provenance.kind.empty() ? "stated" : provenance.kind];
  }
  return counts;
}

std::vector<analysis::Objective> objectives_of(const scenario::Loaded& loaded) {
  std::vector<analysis::Objective> objectives;
  for (const scenario::Objective& o : loaded.scenario.objectives) {
    objectives.push_back({o.metric, o.less_than, o.limit});
  }
  return objectives;
}

const nlohmann::json* at_path(const nlohmann::json& document, const std::string& path) {
  const nlohmann::json* node = &document;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    const auto found = node->find(path.substr(start, end - start));
    if (!node->is_object() || found == node->end()) return nullptr;
    node = &*found;
    start = end + 1;
  }
  return node;
}

/// As a scenario file would write it.
std::string written(double value, const std::string& unit) {
  if (unit == "B") return scenario::print_bytes(static_cast<std::uint64_t>(value));
  if (unit == "B/s") return scenario::print_bytes_per_second(value);
  if (unit == "ns") return scenario::print_duration(static_cast<std::int64_t>(value));
  if (unit == "1/s") return scenario::print_rate(value);
  return scenario::print_number(value);
}

}  // namespace

analysis::Result assemble(const scenario::Loaded& loaded, const probes::Record& record) {
  analysis::Result result;
  result.scenario = loaded.scenario.name;
  result.scenario_digest = loaded.digest;
  result.rung = record.rung;
  result.evidence.rung = record.rung;
  result.simulated = record.simulated;
  result.interrupted = record.interrupted;
  result.simulated_seconds = record.simulated_seconds;
  copy_figures(record, result);
  copy_explanations(record, result);
  result.assumptions = count_inputs(loaded);
  result.manifest.version = version();
  result.manifest.policy_digest = policy_digest();
  result.manifest.engine = record.simulated ? engine::simgrid_version() : "closed forms";
  result.manifest.seeds = {loaded.scenario.seed};
  result.manifest.fingerprint = record.fingerprint;
  result.not_scaled = loaded.scenario.not_scaled;
  return result;
}

void conclude(const scenario::Loaded& loaded, analysis::Result& result) {
  const auto objectives = objectives_of(loaded);
  const auto names = analysis::headlines(result.metrics, objectives, result.simulated);
  result.error = analysis::error_vector(result.metrics, names, result.evidence);
  result.verdict =
      analysis::draw_verdicts(objectives, result.metrics, result.error, result.interrupted);
  for (analysis::Verdict& verdict : result.verdict) {
    if (verdict.state != analysis::State::kUndecided || !verdict.value || result.interrupted)
      continue;
    auto decider = analysis::component_that_decides(verdict, result.error, result.evidence);
    if (decider) verdict.deciders.push_back(std::move(*decider));
  }
  if (result.binding.resource.empty()) result.binding = analysis::find_binding(result.stations);
  result.no_effect = analysis::without_effect(result, objectives);
  result.idle = analysis::idle_parameters(result.stations);
}

bool conserved(const analysis::Result& result) {
  return std::all_of(result.conservation.begin(), result.conservation.end(),
                     [](const analysis::Conservation& check) { return check.ok; });
}

std::optional<Raise> raise_by_tenth(const scenario::Loaded& loaded, const std::string& path) {
  const nlohmann::json* value = at_path(loaded.resolved, path);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto provenance = loaded.provenance.find(path);
  const std::string unit = provenance == loaded.provenance.end() ? "" : provenance->second.unit;
  const double before = value->get<double>();
  double after = before + before / 10;  // before * 1.1 would print 880.0000000000001
  if (unit == "ns") {
    after = std::floor(before / 1.1);
  } else if (unit == "B") {
    after = std::floor(after);
  } else if (unit.empty() && value->is_number_integer()) {
    after = before + std::max(1.0, std::round(before * 0.1));
  }
  if (before == after) return std::nullopt;
  Raise raise;
  raise.ratio = before != 0 ? after / before : 1;
  raise.from = written(before, unit);
  raise.to = written(after, unit);
  raise.setting = path + "=" + raise.to;
  return raise;
}

}  // namespace fleetcache::cli
