/// `trace log` and `trace replay-log`: decision logs written and re-executed.
#pragma once

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {

/// Adds both subcommands to `trace`.
void add_trace_log(CLI::App& trace, Session& session);

}  // namespace fleetcache::cli
