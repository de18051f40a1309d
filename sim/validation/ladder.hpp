/// The ladder: one scenario answered at neighbouring rungs with the same seed, and how far the
/// answers are apart, beside how far each rung said that it might be off.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fleetcache::validation {

/// What is compared in which measure.
enum class LadderFamily : std::uint8_t {
  kShares,      ///< goodput and stall: points
  kHitRatio,    ///< points
  kBytes,       ///< by tier: relative to all bytes of the class
  kTtftMean,    ///< relative
  kTtftP99,     ///< relative
  kOriginRate,  ///< relative
  kReadMean,    ///< of the origin: relative
  kReadP99,     ///< of the origin: relative
};
inline constexpr std::array<const char*, 8> kLadderFamilyNames = {
    "stall, goodput", "hit ratio",   "bytes by tier",    "TTFT mean",
    "TTFT p99",       "origin rate", "origin read mean", "origin read p99"};

/// The answer of one rung.
struct LadderAnswer {
  std::string rung;
  std::map<std::string, double> figures;
  std::map<std::string, std::map<std::string, double>> bytes;  ///< class -> tier -> bytes
  /// Half widths by figure: all components but the one for packets, which no rung simulates; and
  /// of these, the ones that say what this rung leaves out against the one below.
  std::map<std::string, double> error, own_error;
  /// Figures of which a component could not be estimated.
  std::map<std::string, bool> unknown;
  std::string saturated;  ///< stations busy over 95 % of the time, by name; empty: none
  std::string broken;     ///< conservation checks that failed
  double cpu_s = 0;
};

/// One figure of two rungs. Differences and half widths in the family's measure.
struct Disagreement {
  std::uint64_t scenario = 0;
  LadderFamily family = LadderFamily::kShares;
  std::string figure;
  double below = 0, above = 0;  ///< of the more exact rung, of the other one
  double difference = 0;
  bool has_error = false;  ///< byte tables have none
  double error = 0, own_error = 0;
  bool unknown = false;  ///< of a component; it counts as nothing
  bool covered() const { return difference <= error; }
  bool covered_by_own() const { return difference <= own_error; }
};

/// Figures that both answers hold and that belong to a family, in order of name. What is below a
/// floor on both rungs (`kSmall...`) is not compared in relative measure.
std::vector<Disagreement> compare(std::uint64_t scenario, const LadderAnswer& below,
                                  const LadderAnswer& above);

/// Over scenarios: the worst figure of a scenario in a family counts.
struct LadderRow {
  LadderFamily family = LadderFamily::kShares;
  std::size_t scenarios = 0;
  double median = 0, p90 = 0, most = 0;
  std::uint64_t worst_scenario = 0;
  std::string worst_figure;
  double target = -1;  ///< of the median; below 0: none is set
  std::size_t with_error = 0, covered = 0, covered_by_own = 0;  ///< scenarios, all their figures
};

struct LadderStep {
  std::string below, above;
  std::size_t scenarios = 0, covered = 0;  ///< with every figure covered
  std::size_t figures = 0, figures_covered = 0, figures_covered_by_own = 0, figures_unknown = 0;
  std::vector<LadderRow> rows;
};

/// `disagreements` of one pair of rungs.
LadderStep summarize(const std::string& below, const std::string& above,
                     const std::vector<Disagreement>& disagreements);

/// The design target of a family between two rungs; below 0 where there is none.
double ladder_target(const std::string& above, LadderFamily family);

/// Origin reads that took less than this are not compared in relative measure: 1 ms.
inline constexpr double kSmallTime_s = 0.001;
/// Nor is a rate that is less than this share of all bytes read a second: 1 %.
inline constexpr double kSmallRate = 0.01;

}  // namespace fleetcache::validation
