/// How far a run is, on stderr: a bar on a terminal, a line now and then otherwise.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace fleetcache::cli {

enum class ProgressMode { kNone, kBar, kLine, kJson };

/// "auto" is a bar when stderr is a terminal and CI is not set, else a line every 30 s.
/// Requires: one of auto, bar, line, json, none.
ProgressMode progress_mode(const std::string& name);

/// "1:05", "2:03:09".
std::string clock_text(double seconds);

/// Progress of several jobs of about the same size; safe to call from several threads.
class Progress {
 public:
  Progress(ProgressMode mode, std::size_t jobs);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` is the finished share of a job, 0..1.
  void update(std::size_t job, double done);
  /// A line of its own, above the bar. Shown in every mode but none; not in json.
  void say(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void show(double share);
  void clear_bar();

  ProgressMode mode_;
  std::vector<double> done_;
  Clock::time_point start_;
  Clock::time_point shown_;
  bool bar_on_screen_ = false;
  std::mutex mutex_;
};

}  // namespace fleetcache::cli
