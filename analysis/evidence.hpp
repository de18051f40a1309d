/// What is known about a simulated answer beside its figures: how it was refined, what runs of the
/// same scenario with other refinements said, and what the run itself says about what it left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fleetcache::analysis {

/// Values by name of metric, each in the metric's own unit.
using Figures = std::map<std::string, double>;

/// How much is spent on the error of an answer.
enum class Effort : std::uint8_t {
  kNone,   ///< no companion runs: what they would tell is unknown
  kQuick,  ///< companions that together cost about as much as the run itself
  kFull,   ///< for publication: each refinement by itself, four salts
};

/// Runs with the seed of the base (common random numbers), each with one thing changed. Absent or
/// empty: not made, or without an answer.
struct Companions {
  std::optional<Figures> epsilon_doubled;          ///< quick, rung bundled
  std::optional<Figures> epsilon_halved;           ///< full
  std::optional<Figures> samples_doubled;          ///< full, rung fleet
  std::optional<Figures> representatives_doubled;  ///< full, rung fleet
  std::vector<Figures> salts;                      ///< full, rung fleet: other samples, same size
  /// Quick, rung fleet: a quarter of the samples and representatives, each with a salt of its own.
  std::vector<Figures> quarters;
};

/// The slowest of `readers` was told from `samples` draws.
struct TailSample {
  double samples = 0;
  double readers = 0;
};

struct Evidence {
  std::string rung = "exact";  ///< exact, bundled, fleet or analytic
  Effort effort = Effort::kQuick;
  double epsilon = 0.05;   ///< of the bundles
  std::uint32_t reps = 1;  ///< seeds that the figures are means of
  double stepped_s = 0;    ///< simulated seconds that were stepped over
  Companions companions;
  Figures skip;  ///< half widths that the run measured on re-run stretches
  Figures tail;  ///< half widths of extrapolated figures, where the run estimated them
  std::map<std::string, TailSample> tails;  ///< by job
  /// Analytic: by component, half widths of figures when what goes into them is moved by its error.
  std::map<std::string, Figures> moved;
};

}  // namespace fleetcache::analysis
