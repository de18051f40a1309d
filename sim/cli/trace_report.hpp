/// What `trace stats` prints.
#pragma once

#include <string>

#include "sim/traces/stats.hpp"

namespace fleetcache::cli {

/// `format` is table or json. The table ends with a plot of the LRU miss-ratio curve.
std::string render_stats(const traces::TraceStats& stats, const std::string& format);

}  // namespace fleetcache::cli
