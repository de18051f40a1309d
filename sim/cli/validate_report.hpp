/// Results of validation experiments as JSON, a table or Markdown.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/validation/experiment.hpp"

namespace fleetcache::cli {

/// One experiment at one point, run here or in a child.
struct ValidationResult {
  std::string id;
  std::map<std::string, double, std::less<>> parameters;
  std::vector<validation::Case> cases;

  bool pass() const;
};

/// {id, params, expected, measured, se, tolerance, pass}; the four figures are numbers, or objects
/// by case when the experiment yields several.
nlohmann::json to_json(const ValidationResult& result);
/// The inverse. Throws nlohmann::json::exception when it is something else.
ValidationResult from_json(const nlohmann::json& document);

/// [{id, title, formula, params: {name: {unit, default, min, max}}, tolerance, tolerance_kind,
/// rung}].
nlohmann::json list_as_json();
std::string list_as_text(bool markdown, std::size_t width);

/// The error table: a row a case, and a last line that counts.
std::string error_table(const std::vector<ValidationResult>& results, bool markdown);

}  // namespace fleetcache::cli
