#include "analysis/io/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "analysis/interval.hpp"

namespace fleetcache::analysis::io {
namespace {

using nlohmann::json;

template <class T>
json optional_number(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

void write_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// Numbers only: they stand in one line, however many.
bool is_row(const json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const json& item) {
           return item.is_number() || item.is_null();
         });
}

void write(const json& value, std::size_t indent, std::string& out) {
  const std::string inner(indent + 2, ' ');
  if (value.is_structured() && value.empty()) {
    out += value.is_object() ? "{}" : "[]";
  } else if (value.is_object()) {
    const char* separator = "{\n";
    for (const auto& [key, item] : value.items()) {
      out += separator + inner + json(key).dump() + ": ";
      write(item, indent + 2, out);
      separator = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (is_row(value)) {
    const char* separator = "[";
    for (const json& item : value) {
      out += separator;
      write(item, indent, out);
      separator = ", ";
    }
    out += "]";
  } else if (value.is_array()) {
    const char* separator = "[\n";
    for (const json& item : value) {
      out += separator + inner;
      write(item, indent + 2, out);
      separator = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "]";
  } else if (value.is_number_float()) {
    write_number(value.get<double>(), out);
  } else {
    out += value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

json metrics_json(const std::map<std::string, Metric>& metrics) {
  json out = json::object();
  for (const auto& [name, metric] : metrics) {
    out[name] = {{"value", metric.value}, {"unit", metric.unit}};
    if (metric.standard_error > 0) out[name]["standard_error"] = metric.standard_error;
    if (!metric.replicates.empty()) out[name]["replicates"] = metric.replicates;
    if (metric.averaged) out[name]["mean_over_seeds"] = true;
  }
  return out;
}

json deciders_json(const std::vector<Decider>& deciders) {
  json out = json::array();
  for (const Decider& d : deciders) {
    out.push_back({{"kind", d.kind},
                   {"name", d.name},
                   {"now", optional_number(d.now)},
                   {"needed", optional_number(d.needed)},
                   {"text", d.text}});
  }
  return out;
}

json verdict_json(const std::vector<Verdict>& verdicts) {
  json out = json::array();
  for (const Verdict& v : verdicts) {
    json ci = nullptr;
    if (v.value && v.ci) {
      const Interval seeds = interval_of(*v.value, v.unit, *v.ci);
      ci = {seeds.low, seeds.high};
    }
    json within = nullptr;
    bool clipped = false;
    if (v.value && v.error_known) {
      const Interval all = interval_of(*v.value, v.unit, v.error);
      within = {all.low, all.high};
      clipped = all.clipped;
    }
    out.push_back({{"objective", v.objective.metric},
                   {"relation", v.objective.less_than ? "<" : ">"},
                   {"limit", v.objective.limit},
                   {"state", name_of(v.state)},
                   {"value", optional_number(v.value)},
                   {"unit", v.unit},
                   {"ci", ci},
                   {"margin", v.margin},
                   {"error", v.error},
                   {"interval", within},
                   {"interval_clipped", clipped},
                   {"reason", v.reason},
                   {"decided_by", deciders_json(v.deciders)}});
  }
  return out;
}

json binding_json(const Binding& b) {
  json what_if = nullptr;
  if (b.plus_10_percent) {
    json changes = json::object();
    for (const auto& [name, change] : b.plus_10_percent->changes) {
      changes[name] = {{"before", change.first}, {"after", change.second}};
    }
    what_if = {{"parameter", b.plus_10_percent->parameter},
               {"from", b.plus_10_percent->from},
               {"to", b.plus_10_percent->to},
               {"source", b.plus_10_percent->source},
               {"changes", changes}};
  }
  return {{"resource", b.resource},   {"p99_util", b.p99_util},     {"mean_util", b.mean_util},
          {"parameter", b.parameter}, {"plus_10_percent", what_if}, {"reason", b.reason}};
}

json stations_json(const std::map<std::string, Station>& stations) {
  json out = json::object();
  for (const auto& [name, s] : stations) {
    out[name] = {{"p99_util", s.utilization_p99},
                 {"mean_util", s.utilization_mean},
                 {"capacity", s.capacity},
                 {"unit", s.unit},
                 {"parameter", s.parameter}};
  }
  return out;
}

json error_json(const std::vector<ErrorTerm>& terms) {
  json out = json::array();
  for (const ErrorTerm& term : terms) {
    out.push_back({{"component", term.component},
                   {"metric", term.metric},
                   {"abs", optional_number(term.abs)},
                   {"estimator", term.estimator},
                   {"external", term.external}});
  }
  return out;
}

json conservation_json(const std::vector<Conservation>& checks) {
  json out = json::array();
  for (const Conservation& check : checks) {
    out.push_back(
        {{"check", check.check}, {"lhs", check.lhs}, {"rhs", check.rhs}, {"ok", check.ok}});
  }
  return out;
}

json tables_json(const std::vector<Table>& tables) {
  json out = json::array();
  for (const Table& table : tables) {
    out.push_back({{"title", table.title},
                   {"columns", table.columns},
                   {"rows", table.rows},
                   {"notes", table.notes}});
  }
  return out;
}

json derivations_json(const std::map<std::string, Derivation>& derivations) {
  json out = json::object();
  for (const auto& [name, d] : derivations) {
    out[name] = {{"formula", d.formula}, {"steps", d.steps}, {"inputs", d.inputs}};
  }
  return out;
}

json variants_json(const std::map<std::string, Variant>& variants) {
  json out = json::object();
  for (const auto& [name, v] : variants) {
    out[name] = {{"metrics", metrics_json(v.metrics)},
                 {"bytes", v.bytes},
                 {"binding", binding_json(v.binding)},
                 {"verdict", verdict_json(v.verdict)},
                 {"failure", v.failure}};
  }
  return out;
}

json timeline_json(const Timeline& timeline) {
  json series = json::object();
  for (const auto& [name, s] : timeline.series) {
    series[name] = {{"unit", s.unit}, {"values", s.values}};
  }
  json marks = json::array();
  for (const Mark& mark : timeline.marks) {
    marks.push_back({{"at_s", mark.at_s}, {"until_s", mark.until_s}, {"label", mark.label}});
  }
  return {{"version", Timeline::kVersion},
          {"bin_s", timeline.bin_s},
          {"series", series},
          {"marks", marks}};
}

json manifest_json(const Manifest& m) {
  return {{"version", m.version},
          {"policy_digest", m.policy_digest},
          {"engine", m.engine},
          {"seeds", m.seeds},
          {"fingerprint", m.fingerprint}};
}

}  // namespace

std::string canonical(const json& value) {
  std::string out;
  write(value, 0, out);
  return out + "\n";
}

json to_json(const analysis::Result& r) {
  json out = {{"schema", kResultSchema},
              {"scenario", r.scenario},
              {"scenario_digest", r.scenario_digest},
              {"rung", r.rung},
              {"simulated", r.simulated},
              {"interrupted", r.interrupted},
              {"simulated_seconds", r.simulated_seconds},
              {"verdict", verdict_json(r.verdict)},
              {"metrics", metrics_json(r.metrics)},
              {"bytes", r.bytes},
              {"requests",
               {{"in", r.requests.in},
                {"done", r.requests.done},
                {"failed", r.requests.failed},
                {"unfinished", r.requests.unfinished}}},
              {"stations", stations_json(r.stations)},
              {"binding", binding_json(r.binding)},
              {"no_effect", r.no_effect},
              {"idle", r.idle},
              {"error", error_json(r.error)},
              {"conservation", conservation_json(r.conservation)},
              {"assumptions", r.assumptions},
              {"manifest", manifest_json(r.manifest)},
              {"tables", tables_json(r.tables)},
              {"derivations", derivations_json(r.derivations)},
              {"variants", variants_json(r.variants)},
              {"notes", r.notes},
              {"not_scaled", r.not_scaled}};
  if (!r.timeline.series.empty()) out["timeline"] = timeline_json(r.timeline);
  return out;
}

}  // namespace fleetcache::analysis::io
