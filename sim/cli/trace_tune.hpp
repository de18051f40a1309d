/// `trace tune`.
#pragma once

#include <CLI/CLI.hpp>

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {

void add_trace_tune(CLI::App& trace, Session& session);

}  // namespace fleetcache::cli
