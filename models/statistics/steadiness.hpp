/// Whether a run has settled: before a stretch of simulated time may be stepped over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fleetcache::models {

/// One figure by consecutive, equally long windows of time.
struct WindowedSeries {
  std::string name;
  std::vector<double> means;  ///< of each window, oldest first
  /// How far the second half may lie from the first: a share of the mean of all windows, plus an
  /// amount in the unit of the series for figures that may be 0.
  double shift_relative = 0.02;
  double shift_absolute = 0;
};

enum class Unsteady : std::uint8_t {
  kNo,
  kTooFewWindows,  ///< below kWindowsMin
  kTrend,          ///< Mann-Kendall
  kShift,          ///< the halves differ by more than allowed
  kTooNoisy,       ///< they may differ by more than allowed: longer windows would tell
};
const char* name_of(Unsteady reason);

struct SteadinessOf {
  std::string name;
  Unsteady reason = Unsteady::kNo;
  double trend_p = 1;  ///< two-sided p of Mann-Kendall's test
  double shift = 0;    ///< mean of the second half less that of the first
  double shift_standard_error = 0;
  double shift_allowed = 0;
};

struct Steadiness {
  static constexpr std::size_t kWindowsMin = 8;

  bool steady = false;  ///< every series is
  std::vector<SteadinessOf> series;
  /// Chance, over all series together, that the trend test turns down a run without any trend.
  double false_trend_rate = 0;
  /// Chance, of each series, that it passes although its halves differ by more than allowed.
  double false_steady_rate = 0;
  std::string text() const;  ///< one sentence: steady, or which series is not and why
};

/// Two tests on each series; steady means that all pass.
///
/// *No trend*: Mann-Kendall at `false_trend_rate / series` each (Bonferroni), with its correction
/// for ties. *No shift*: an equivalence test; the burden of proof is on steadiness. The second half
/// must lie within the allowed shift by a margin of its standard error times the one-sided normal
/// quantile, widened as Student's t is, so that a series that did shift passes in at most
/// `false_steady_rate` of the runs, and a noisy one does not pass because nothing could be seen.
///
/// Requires: 0 < both rates < 0.5. Valid for: windows long against the correlation time of the
/// series (window means nearly independent). With windows correlated by 0.3 the trend test turns
/// down about twice as often as stated: stepping over then starts later, not wrongly.
/// Cost: O(windows^2) a series.
/// Source: Mann (1945), Kendall (1975) for the trend; Schuirmann (1987) for equivalence.
/// Checked by: tests/unit/models/statistics_steadiness_test.cpp.
Steadiness test_steadiness(const std::vector<WindowedSeries>& series,
                           double false_trend_rate = 0.05, double false_steady_rate = 0.05);

}  // namespace fleetcache::models
