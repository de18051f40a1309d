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

  /// At the end of each window. Many windows become fewer, longer ones.
  void observe(TimePoint now, RunningFigures figures);
  /// Something happened: what was watched before does not count any more.
  void disturbed(TimePoint now, RunningFigures figures);
  /// How long a step may be, in lengths of what was watched; 0: none. Steady means that every
  /// figure passes test_steadiness over its windows. One with a trend may still go on as far as its
  /// slope moves it by less than it is allowed to.
  double step_ratio() const;
  /// What was watched: from here to the last window.
  TimePoint watched_since() const { return ends_.front().at; }
  /// Whether a watched window begins or ends there.
  bool is_end(TimePoint at) const;
  Duration window() const { return window_; }

 private:
  struct End {
    TimePoint at;
    RunningFigures figures;
  };
  std::vector<models::WindowedSeries> series() const;

  Duration window_;
  std::int64_t watched_least_;   // ns
  std::vector<End> ends_;        // of windows; the first is the start of the first
  std::uint64_t stride_ = 1;     // calls of `observe` to a window
  std::uint64_t since_end_ = 0;  // of these, since the last end
};

}  // namespace fleetcache::world
