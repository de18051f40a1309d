/// From files to a Scenario: JSON with comments or YAML, one schema, units in values, `extends`,
/// `--set`. Every error names file:line:column, the path in the document, the value, what is
/// allowed and the nearest key.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/scenario/scenario.hpp"

namespace fleetcache::scenario {

/// Where a resolved value came from and how far to trust it.
struct Provenance {
  std::string origin;  ///< "file:line:column", "preset:NAME", "default", "--set"
  /// measured, published, vendor, assumed; "choice" for a number that the user decides; empty for
  /// names and switches.
  std::string kind;
  std::string source;  ///< citation; empty for the user's own values
  std::string text;    ///< as written, e.g. "200Gbps"
  std::string unit;    ///< of the resolved number: "B", "B/s", "ns", "1/s", "USD/GB", ""
};

struct Loaded {
  Scenario scenario;
  /// All keys resolved: quantities as plain numbers in base units, sorted, defaults filled in.
  nlohmann::json resolved;
  std::map<std::string, Provenance> provenance;  ///< by path, e.g. "regions.eastus2.blob.accounts"
  std::string digest;                            ///< 16 hex digits over the canonical resolved form
};

/// `what` is a file or a preset's name (a name with no '/' and no .json, .jsonc, .yaml, .yml is a
/// preset); `settings` are "path=value" strings in order. Fails with the first of `problems`.
Result<Loaded> load(const std::string& what, const std::vector<std::string>& settings);
/// The same for a text that is no file: `label` stands in its errors and ends in .yaml for YAML.
Result<Loaded> load_text(const std::string& text, const std::string& label);
/// Everything that is wrong with a scenario, in the order of the document; empty when it loads.
std::vector<Error> problems(const std::string& what, const std::vector<std::string>& settings);
/// The scenario as a stand-alone document: every key, quantities with units, nothing extended. Read
/// back, it has the same digest.
nlohmann::json standalone(const Loaded& loaded);

/// Names and one-line descriptions of embedded presets.
std::vector<std::pair<std::string, std::string>> presets();
/// The text of a preset's scenario, comments included; empty when there is none.
std::string preset_text(const std::string& name);
/// The JSON Schema of scenario files.
const nlohmann::json& schema();
/// Help on one key: description, unit, default, range, kind and source. Names of entities stand for
/// themselves: "regions.eastus2.blob.egress" and "regions.*.blob.egress" are the same key.
Result<std::string> explain_key(const std::string& path);

}  // namespace fleetcache::scenario
