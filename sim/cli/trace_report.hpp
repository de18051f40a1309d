/// What `trace stats` and `trace replay` print.
#pragma once

#include <string>

#include "sim/traces/replay.hpp"
#include "sim/traces/stats.hpp"

namespace fleetcache::cli {

/// `format` is table, json, md or csv. JSON: one row is the object itself, several are an array.
/// Rows that an interrupt cut short carry `partial`.
std::string render_replay(const traces::ReplayReport& report, const std::string& format);

/// `format` is table or json. The table ends with a plot of the LRU miss-ratio curve.
std::string render_stats(const traces::TraceStats& stats, const std::string& format);

}  // namespace fleetcache::cli
