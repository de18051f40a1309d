/// What `trace replay` prints.
#pragma once

#include <string>

#include "sim/traces/replay.hpp"

namespace fleetcache::cli {

/// What was asked for besides the counts.
struct ReplayExtras {
  bool gap = false;
  /// Cost of a missed request and of 10^9 missed bytes, in any one unit; both 0: no costs.
  double miss_cost = 0;
  double gb_cost = 0;
  traces::WatchOptions watch;

  bool costs() const { return miss_cost > 0 || gb_cost > 0; }
};

/// `format` is table, json, md or csv (counts alone). JSON: one row is the object itself, several
/// are an array; what was asked for besides comes after the promised keys. Rows that an interrupt
/// cut short carry `partial`.
std::string render_replay(const traces::ReplayReport& report, const ReplayExtras& extras,
                          const std::string& format);

}  // namespace fleetcache::cli
