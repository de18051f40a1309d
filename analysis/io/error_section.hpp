/// How far the figures of an answer may be off, as the page shows it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/io/report.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis::io {

/// The half width that a figure can have: a share of 90 % is off by 90 points at most.
double possible_error(double value, const std::string& unit, double half_width);

/// The summed error of a base figure; "> " when a part of it is not known, "?" when nothing is.
std::string summed_error(const Result& result, const std::string& metric);

/// The components of the errors of `names`, and how each was reached. Absent without errors.
std::optional<Section> error_section(const Result& result, const std::vector<std::string>& names);

/// Appends a word that is not there yet.
void add_once(const std::string& word, std::vector<std::string>& words);

}  // namespace fleetcache::analysis::io
