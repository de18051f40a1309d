/// How much each assumed input moves a figure, by the closed forms.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "analysis/decide.hpp"

namespace fleetcache::cli {

/// Raises each number of kind `assumed` by a tenth (what several regions share, together) and asks
/// the closed forms for the metrics. Inputs that move none of them are left out, and so are metrics
/// that closed forms do not report. Cost: one load and one evaluation for each assumed input, about
/// a second for a fleet of three regions.
std::map<std::string, std::vector<analysis::Sensitivity>> assumed_sensitivities(
    const std::string& what, const std::vector<std::string>& settings,
    const std::set<std::string>& metrics);

}  // namespace fleetcache::cli
