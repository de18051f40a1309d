/// Presets inside the binary: whole scenarios (configs/scenarios) and parts of one
/// (configs/presets: VM sizes, origins). A name says which file; the text keeps its comments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/document.hpp"

namespace fleetcache::scenario {

/// Folders of part presets: "bifrost", "blob", "skus".
std::vector<std::string> part_folders();
/// Names of the presets of one folder, sorted.
std::vector<std::string> part_presets(const std::string& folder);
/// One of them as a tree. Fails for an unknown name.
Result<Node> read_part_preset(const std::string& folder, const std::string& name);

/// The first comment of a part's file, as one line.
std::string part_summary(const std::string& folder, const std::string& name);

/// Names of scenario presets, sorted.
std::vector<std::string> scenario_presets();
/// True when there is one of that name.
bool is_scenario_preset(const std::string& name);
/// One of them as a tree, `extends` not followed. Requires: is_scenario_preset(name).
Result<Node> read_scenario_preset(const std::string& name);

}  // namespace fleetcache::scenario
