/// "Did you mean": the nearest of a list of names.
#pragma once

#include <string>
#include <vector>

namespace fleetcache::cli {

/// The candidate of least edit distance (insert, delete, replace, swap of neighbours), the first
/// among equals; empty when none is within a third of the word, and at least two edits.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace fleetcache::cli
