/// Decision logs as files: a trace replayed through a logging cache, and a log re-executed.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "policies/log/replay_log.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

struct RecordSpec {
  log::Origin origin;      ///< of the cache; `max_entries` 0: as many as the trace can need
  bool unit_size = false;  ///< every size is taken as 1
  bool overwrite = false;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double done)> progress;  ///< share done, 0..1
};
struct RecordReport {
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of the log
  std::uint64_t outputs_hash = 0;
};

/// Replays the trace at `path` through one logging cache and writes its log to `output`, whole or
/// not at all. Fails for what open_trace refuses, a bad cache, and a file that cannot be written.
Result<RecordReport> record_log(const std::string& path, const ReadOptions& options,
                                const RecordSpec& spec, const std::string& output);

/// Re-executes the log in a file, plain or .zst ("-" is standard input), in constant memory beside
/// the cache's own.
Result<log::LogReport> replay_log_file(const std::string& path,
                                       const std::function<void(double done)>& progress = {});

}  // namespace fleetcache::traces
