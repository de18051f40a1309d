/// Whether a stretch of time may be stepped over, and how much of it: watches windowed figures of
/// the run since the last disturbance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/statistics/steadiness.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::world {

/// A figure as two running totals: its mean over a window is the ratio of their growths.
struct RunningFigure {
  double total = 0;
  double weight = 0;
  double shift_relative = 0.02;  ///< how much it may move and still count as steady
  double shift_absolute = 0;
};
using RunningFigures = std::map<std::string, RunningFigure>;

class Stepper {
 public:
  /// `window`: how often `observe` will be called. `period`: the longest cycle of the run (between
  /// checkpoints); a stretch that is stepped over was watched for at least two of them.
  Stepper(Duration window, Duration period);

  /// At the end of each window.
  void observe(TimePoint now, RunningFigures figures);
  /// Something happened: what was watched before does not count any more.
  void disturbed(TimePoint now, RunningFigures figures);
  /// Whether the watched stretch was steady: test_steadiness of every figure over its windows.
  bool steady() const;
  /// What was watched: from here to the last window.
  TimePoint watched_since() const;
  Duration window() const { return window_; }
  std::size_t windows() const { return ends_.size() - 1; }
  std::string last_reason() const { return reason_; }

 private:
  struct End {
    TimePoint at;
    RunningFigures figures;
  };
  std::vector<models::WindowedSeries> series() const;

  Duration window_;
  std::size_t windows_needed_;
  std::vector<End> ends_;  // of windows; the first is the start of the first
  mutable std::string reason_;
};

}  // namespace fleetcache::world
