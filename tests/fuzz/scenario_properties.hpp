/// Properties that hold for every text that is read as a scenario, whatever its syntax.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fleetcache::fuzz {

/// Loads the text under the label. A refusal has a place and a reason; an acceptance gives a
/// stand-alone document that loads to the same digest.
std::string scenario_properties(std::string_view input, const std::string& label);
/// Small scenario files in JSON that load.
std::vector<std::string> json_scenarios();
/// Keys, values and marks of both syntaxes.
std::vector<std::string> scenario_words();

}  // namespace fleetcache::fuzz
