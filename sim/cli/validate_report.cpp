#include "sim/cli/validate_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "sim/cli/columns.hpp"

namespace fleetcache::cli {
namespace {

using validation::Case;
using validation::Experiment;
using Row = std::vector<std::string>;

std::string number(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

nlohmann::json figure(const ValidationResult& result, double Case::*member) {
  if (result.cases.size() == 1 && result.cases.front().name.empty()) {
    return result.cases.front().*member;
  }
  nlohmann::json by_case = nlohmann::json::object();
  for (const Case& c : result.cases) by_case[c.name] = c.*member;
  return by_case;
}

void read_figure(const nlohmann::json& document, std::vector<Case>& cases, double Case::*member) {
  if (document.is_number()) {
    cases.resize(1);
    cases.front().*member = document.get<double>();
    return;
  }
  for (const auto& [name, value] : document.items()) {
    auto found = std::find_if(cases.begin(), cases.end(),
                              [&key = name](const Case& c) { return c.name == key; });
    if (found == cases.end()) found = cases.insert(cases.end(), Case{name});
    *found.*member = value.get<double>();
  }
}

const char* kind_name(validation::Tolerance kind) {
  switch (kind) {
    case validation::Tolerance::kRelative:
      return "relative";
    case validation::Tolerance::kAbsolute:
      return "absolute";
    case validation::Tolerance::kExact:
      return "exact";
  }
  return "exact";
}

/// Columns as wide as their widest cell; the first row is the head.
std::string render(const std::vector<Row>& rows, bool markdown) {
  std::vector<std::size_t> width(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string pad(width[i] - rows[r][i].size(), ' ');
      line += markdown ? "| " + rows[r][i] + pad + " " : (i > 0 ? "  " : "") + rows[r][i] + pad;
    }
    while (!markdown && !line.empty() && line.back() == ' ') line.pop_back();
    out += line + (markdown ? "|\n" : "\n");
    if (r > 0) continue;
    for (std::size_t i = 0; i < width.size(); ++i) {
      out += markdown ? "|" + std::string(width[i] + 2, '-')
                      : (i > 0 ? "  " : "") + std::string(width[i], '-');
    }
    out += markdown ? "|\n" : "\n";
  }
  return out;
}

// Experiments that are numbered and not in this program.
constexpr const char* kNotBuilt =
    "Not built: V36 (an identity, no check: the efficiency of its servers was derived from the "
    "figure that it would give back) and V37 (SimGrid's older network model LV08, which no rung "
    "uses).";

std::string tolerance_text(const Experiment& e) {
  switch (e.kind) {
    case validation::Tolerance::kExact:
      return "exact";
    case validation::Tolerance::kRelative:
      return number(100 * e.tolerance, 6) + " %";
    case validation::Tolerance::kAbsolute:
      break;
  }
  return number(e.tolerance, 6);
}

/// "l1=1e+10[B/s], flows=2": names, defaults and units; counts and ratios have none.
std::string parameters_text(const Experiment& e) {
  std::string out;
  for (const validation::Parameter& p : e.parameters) {
    out += (out.empty() ? "" : ", ") + p.name + "=" + number(p.fallback, 6) +
           (p.unit.empty() || p.unit == "1" ? "" : "[" + p.unit + "]");
  }
  return out;
}

/// "N=4096 m=1e-05": what tells this point from the experiment's other ones.
std::string point_of(const ValidationResult& result) {
  const Experiment* experiment = validation::find_experiment(result.id);
  std::string out;
  if (experiment == nullptr) return out;
  for (const validation::Parameter& parameter : experiment->parameters) {
    bool varies = result.parameters.at(parameter.name) != parameter.fallback;
    for (const auto& point : experiment->points) {
      for (const auto& [name, value] : point) varies = varies || name == parameter.name;
    }
    if (!varies) continue;
    out += (out.empty() ? "" : " ") + parameter.name + "=" +
           number(result.parameters.at(parameter.name), 6);
  }
  return out;
}

}  // namespace

bool ValidationResult::pass() const {
  return !cases.empty() && std::all_of(cases.begin(), cases.end(), validation::passes);
}

nlohmann::json to_json(const ValidationResult& result) {
  return {{"id", result.id},
          {"params", result.parameters},
          {"expected", figure(result, &Case::expected)},
          {"measured", figure(result, &Case::measured)},
          {"se", figure(result, &Case::standard_error)},
          {"tolerance", figure(result, &Case::tolerance)},
          {"pass", result.pass()}};
}

ValidationResult from_json(const nlohmann::json& document) {
  ValidationResult result;
  result.id = document.at("id").get<std::string>();
  for (const auto& [name, value] : document.at("params").items()) {
    result.parameters[name] = value.get<double>();
  }
  read_figure(document.at("expected"), result.cases, &Case::expected);
  read_figure(document.at("measured"), result.cases, &Case::measured);
  read_figure(document.at("se"), result.cases, &Case::standard_error);
  read_figure(document.at("tolerance"), result.cases, &Case::tolerance);
  return result;
}

nlohmann::json list_as_json() {
  nlohmann::json list = nlohmann::json::array();
  for (const Experiment& e : validation::experiments()) {
    nlohmann::json parameters = nlohmann::json::object();
    for (const validation::Parameter& p : e.parameters) {
      parameters[p.name] = {
          {"unit", p.unit}, {"default", p.fallback}, {"min", p.min}, {"max", p.max}};
    }
    list.push_back({{"id", e.id},
                    {"title", e.title},
                    {"formula", e.formula},
                    {"params", parameters},
                    {"tolerance", e.tolerance},
                    {"tolerance_kind", kind_name(e.kind)},
                    {"rung", e.rung}});
  }
  return list;
}

std::string list_as_text(bool markdown, std::size_t width) {
  Columns table;
  table.head = {"id", "rung", "tolerance", "what"};
  if (markdown) table.head.emplace_back("parameters");
  std::vector<std::string> parameters;
  const auto add = [&](const Row& row, const std::string& list) {
    table.rows.push_back(row);
    if (markdown) table.rows.back().push_back(list);
    parameters.push_back(list);
  };
  for (const Experiment& e : validation::experiments()) {
    add({e.id, e.rung, tolerance_text(e), e.title}, parameters_text(e));
  }
  add({"ladder", "all", "per metric",
       "the rungs against one another on scenarios drawn by a seed, with common random numbers"},
      "--scenarios 3 (of each size), --first 0, --seed 1");
  if (markdown) return table.markdown() + "\n" + kNotBuilt + "\n";
  // Parameters stand under what they are of: a column of their own leaves no room for either.
  std::string out;
  std::istringstream lines(table.text(std::string::npos));
  std::string line;
  std::getline(lines, line);
  out += line + ", and its parameters=default[unit]\n";
  const std::size_t indent = line.find("what");
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    std::getline(lines, line);
    out += hanging(line.substr(0, indent), line.substr(indent), width);
    if (!parameters[i].empty()) out += hanging(std::string(indent, ' '), parameters[i], width);
  }
  return out + "\n" + hanging("", kNotBuilt, width);
}

std::string error_table(const std::vector<ValidationResult>& results, bool markdown) {
  std::vector<Row> rows{
      {"id", "at", "figure", "expected", "measured", "error", "se", "tolerance", "verdict"}};
  std::size_t figures = 0;
  std::size_t failed = 0;
  for (const ValidationResult& result : results) {
    for (const Case& c : result.cases) {
      const bool ok = validation::passes(c);
      ++figures;
      failed += ok ? 0 : 1;
      rows.push_back({result.id, point_of(result), c.name, number(c.expected, 7),
                      number(c.measured, 7), number(c.measured - c.expected, 2),
                      number(c.standard_error, 2), number(c.tolerance, 2), ok ? "ok" : "FAILED"});
    }
  }
  std::string out = render(rows, markdown);
  out += "\n" + std::to_string(figures) + " figures of " + std::to_string(results.size()) +
         " runs, " + (failed == 0 ? "all within tolerance" : std::to_string(failed) + " FAILED") +
         "\n";
  return out;
}

}  // namespace fleetcache::cli
