/// How far a run is, on stderr: a bar on a terminal, a line now and then otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fleetcache::cli {

enum class ProgressMode { kNone, kBar, kLine, kJson };

/// "auto" is a bar when stderr is a terminal and CI is not set, else a line every 30 s.
/// Requires: one of auto, bar, line, json, none.
ProgressMode progress_mode(const std::string& name);

/// "1:05", "2:03:09".
std::string clock_text(double seconds);

/// Progress of several jobs; safe to call from several threads.
class Progress {
 public:
  /// What is to be shown of the jobs: `share` is the finished part of all, 0..1; `left_s` the time
  /// that all of them still take, nothing while it cannot be told.
  struct Outlook {
    double share = 0;
    std::optional<double> left_s;
  };
  /// `done`: finished share of each job; `first_s`: how long the first has run, or ran.
  using Weigh = std::function<Outlook(const std::vector<double>& done, double first_s)>;

  /// Jobs of about the same size, all under way or waiting.
  Progress(ProgressMode mode, std::size_t jobs);
  Progress(ProgressMode mode, std::size_t jobs, Weigh weigh);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` is the finished share of a job, 0..1.
  void update(std::size_t job, double done);
  /// A line of its own, above the bar. Shown in every mode but none; not in json.
  void say(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  void show(const Outlook& outlook);
  void clear_bar();

  ProgressMode mode_;
  std::vector<double> done_;
  Weigh weigh_;
  double first_s_ = 0;
  Clock::time_point start_;
  Clock::time_point shown_;
  bool bar_on_screen_ = false;
  std::mutex mutex_;
};

}  // namespace fleetcache::cli
