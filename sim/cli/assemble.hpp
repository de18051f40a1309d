/// From what a rung recorded to the result document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/result.hpp"
#include "sim/probes/record.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

/// Copies a record and the facts of its scenario; no verdicts, errors or variants yet.
analysis::Result assemble(const scenario::Loaded& loaded, const probes::Record& record);

/// Draws what follows from the figures: error vector, verdicts, binding resource, what is
/// idle and what had no effect. Call after replicates and the +10 % re-run are in.
void conclude(const scenario::Loaded& loaded, analysis::Result& result);

/// True when every conservation check holds.
bool conserved(const analysis::Result& result);

/// A parameter raised by a tenth: the `--set` text that does it and both values as people write
/// them. Times shrink by that factor instead (faster is more), and counts grow by at least one.
struct Raise {
  std::string setting;
  std::string from;
  std::string to;
  double ratio = 1;  ///< new value over old
};
/// Absent when the path is not a number of the resolved scenario.
std::optional<Raise> raise_by_tenth(const scenario::Loaded& loaded, const std::string& path);

}  // namespace fleetcache::cli
