/// `trace regions`: one trace over several regions, mode by mode of pooling.
#pragma once

#include <string>

#include "sim/cli/verb.hpp"
#include "sim/traces/regions.hpp"

namespace fleetcache::cli {

/// Adds the subcommand to `trace`.
void add_trace_regions(CLI::App& trace, Session& session);

/// `format` is table, json or md. No line of the table is wider than 80 columns.
std::string render_regions(const traces::RegionsReport& report, const traces::RegionWorld& world,
                           const std::string& format);

}  // namespace fleetcache::cli
