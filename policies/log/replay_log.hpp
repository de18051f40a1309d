/// Re-executes a decision log on a fresh core.
#pragma once

#include <optional>
#include <string>

#include "policies/log/decision_log.hpp"

namespace fleetcache::log {

/// A record whose answer differs, and both states.
struct Difference {
  std::uint64_t record = 0;  ///< 1-based
  std::string call;          ///< what was asked, as text
  std::string logged;        ///< what the log says was answered
  std::string replayed;
  std::uint64_t agreed_until = 0;    ///< the last mark at which both states were equal; 0 none
  std::uint64_t agreed_state = 0;    ///< state hash there
  std::uint64_t logged_state = 0;    ///< state hash of the log's next mark; 0 when it has none
  std::uint64_t replayed_state = 0;  ///< state hash of the replay there, or at the record
  std::string replayed_summary;      ///< used space, entries and next victims of the replay
};

struct LogReport {
  Origin origin;
  std::uint64_t records = 0;  ///< re-executed
  std::uint64_t marks = 0;    ///< whose hashes and state were compared
  std::uint64_t gaps = 0;
  std::uint64_t lost = 0;             ///< records in gaps
  std::uint64_t unchecked = 0;        ///< records after the first gap
  std::uint64_t dropped_touches = 0;  ///< that the host dropped
  std::uint64_t inputs_hash = 0;
  std::uint64_t outputs_hash = 0;
  bool complete = false;  ///< the log has its end
  std::optional<Difference> difference;
};

/// Fails for a log that is damaged or of an unknown policy. A difference and a gap are results, not
/// errors; a log without an end (a node that died) is checked as far as it goes.
Result<LogReport> replay_log(const std::function<bool(void*, std::size_t)>& read);

}  // namespace fleetcache::log
