/// SIGINT and SIGTERM as a flag that a run looks at between events.
#pragma once

#include <atomic>

namespace fleetcache::cli {

/// What a signal does.
enum class SignalAction {
  kFinish,  ///< the first: stop, finish the partial answer
  kAgain,   ///< too early to give that up: say so
  kEnd,     ///< end at once, without an answer
};

/// Of the `number`-th signal, 1 for the first, `since_first_s` after it. A second one within two
/// seconds is a key pressed twice or a signal sent to the group and to the process: only a third,
/// or one after that time, ends the process.
SignalAction signal_action(int number, double since_first_s);

/// Installs the handlers. Idempotent.
void catch_signals();
/// While it lives a signal ends the process at once: closed forms have no partial answer, and
/// nothing is written before they are whole.
class EndsAtOnce {
 public:
  EndsAtOnce();
  ~EndsAtOnce();
  EndsAtOnce(const EndsAtOnce&) = delete;
  EndsAtOnce& operator=(const EndsAtOnce&) = delete;
};
/// Set by the first signal.
const std::atomic<bool>& interrupted();
/// Exit code for what stopped the run: 130 after SIGINT, 75 (retry) after SIGTERM.
int interrupt_exit_code();

}  // namespace fleetcache::cli
