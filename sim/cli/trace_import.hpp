/// `fleetcache trace import`: logs of other systems as traces of our own.
#pragma once

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {

/// Adds the subcommand `import` to `trace`.
void add_trace_import(CLI::App& trace, Session& session);

}  // namespace fleetcache::cli
