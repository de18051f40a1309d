/// SIGINT and SIGTERM as a flag that a run looks at between events. A second signal ends the
/// process at once.
#pragma once

#include <atomic>

namespace fleetcache::cli {

/// Installs the handlers. Idempotent.
void catch_signals();
/// Set by the first signal.
const std::atomic<bool>& interrupted();
/// Exit code for what stopped the run: 130 after SIGINT, 75 (retry) after SIGTERM.
int interrupt_exit_code();

}  // namespace fleetcache::cli
