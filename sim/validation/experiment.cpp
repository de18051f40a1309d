#include "sim/validation/experiment.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sim/scenario/quantity.hpp"

namespace fleetcache::validation {
namespace {

const Parameter* find(const std::vector<Parameter>& known, std::string_view name) {
  for (const Parameter& parameter : known) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

std::string names(const std::vector<Parameter>& known) {
  std::string out;
  for (const Parameter& parameter : known) out += (out.empty() ? "" : ", ") + parameter.name;
  return out.empty() ? "no parameters" : out;
}

std::string range(const Parameter& parameter) {
  return scenario::print_number(parameter.min) + " to " + scenario::print_number(parameter.max) +
         (parameter.unit == "1" ? "" : " " + parameter.unit) + (parameter.whole ? ", whole" : "");
}

Result<double> parse_with_unit(const std::string& text, const std::string& unit) {
  if (unit == "B") {
    const auto bytes = scenario::parse_bytes(text);
    if (!bytes) return bytes.error();
    return static_cast<double>(*bytes);
  }
  if (unit == "s") {
    const auto ns = scenario::parse_duration(text);
    if (!ns) return ns.error();
    return static_cast<double>(*ns) / 1e9;
  }
  if (unit == "B/s") return scenario::parse_bytes_per_second(text);
  if (unit == "1/s") return scenario::parse_rate(text);
  return Error{"", "\"" + text + "\" is not a number"};
}

}  // namespace

Result<Parameters> Parameters::make(const std::string& id, const std::vector<Parameter>& known,
                                    const std::vector<Setting>& settings) {
  Parameters out;
  for (const Parameter& parameter : known) out.values_[parameter.name] = parameter.fallback;
  for (const auto& [name, value] : settings) {
    const Parameter* parameter = find(known, name);
    if (parameter == nullptr) {
      return Error{id, "has no parameter \"" + name + "\"; it takes " + names(known)};
    }
    if (!std::isfinite(value)) return Error{id + " " + name, "is not a finite number"};
    const bool inside = value >= parameter->min && value <= parameter->max;
    if (!inside || (parameter->whole && value != std::floor(value))) {
      return Error{id + " " + name,
                   scenario::print_number(value) + " is outside " + range(*parameter)};
    }
    out.values_[name] = value;
  }
  return out;
}

double Parameters::operator[](std::string_view name) const {
  const auto found = values_.find(name);
  FLEETCACHE_CHECK(found != values_.end(), "an experiment reads a parameter it did not declare");
  return found->second;
}

std::uint64_t Parameters::count(std::string_view name) const {
  return static_cast<std::uint64_t>((*this)[name]);
}

Result<Setting> parse_setting(const std::string& text, const std::vector<Parameter>& known,
                              const std::string& id) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Error{"--set " + text, "want name=value"};
  }
  const std::string name = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  const Parameter* parameter = find(known, name);
  if (parameter == nullptr) {
    return Error{id, "has no parameter \"" + name + "\"; it takes " + names(known)};
  }
  double number = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failure == std::errc{} && end == value.data() + value.size()) {
    if (!std::isfinite(number)) return Error{"--set " + text, "\"" + value + "\" is not finite"};
    return Setting{name, number};
  }
  const Result<double> quantity = parse_with_unit(value, parameter->unit);
  if (!quantity) return Error{"--set " + text, quantity.error().what};
  return Setting{name, *quantity};
}

bool passes(const Case& result) {
  const double difference = std::fabs(result.measured - result.expected);
  const bool close = difference <= std::max(result.tolerance, 3 * result.standard_error);
  return close && result.standard_error <= result.tolerance / 2;
}

Result<std::vector<Case>> run(const Experiment& experiment, const Parameters& parameters,
                              const Environment& environment) {
  Result<std::vector<Case>> cases = experiment.run(parameters, environment);
  if (!cases) return cases;
  for (Case& c : *cases) {
    if (c.tolerance >= 0) continue;
    c.tolerance = experiment.kind == Tolerance::kRelative
                      ? experiment.tolerance * std::fabs(c.expected)
                      : experiment.tolerance;
  }
  return cases;
}

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {
#define EXPERIMENT(name) name(),
#include "sim/validation/experiments.def"
#undef EXPERIMENT
  };
  return all;
}

const Experiment* find_experiment(std::string_view id) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  for (const Experiment& experiment : experiments()) {
    if (std::equal(id.begin(), id.end(), experiment.id.begin(), experiment.id.end(),
                   [&](char a, char b) { return lower(a) == lower(b); })) {
      return &experiment;
    }
  }
  return nullptr;
}

}  // namespace fleetcache::validation
