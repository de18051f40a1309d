/// What a whole command would take, before anything runs, and what is left of it meanwhile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/study.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

/// One run of the command.
struct StudyJob {
  std::string kind;  ///< "base", "variant", "companion", "seed", "+10 % re-run"
  double cpu_s = 0;
  double memory_bytes = 0;
};

/// All runs of a command at one rung. Two run at once, each a process.
struct StudyCost {
  world::Estimate base;
  std::vector<StudyJob> jobs;  ///< the base, then as they are queued; the re-run is the last
  bool raises = false;         ///< the last one is the re-run, which waits for the base
  bool at_least = false;       ///< --until may ask for more

  double cpu_s() const;
  /// Of the two largest runs.
  double memory_bytes() const;
};

/// Requires: `options.run.rung` is one at which the study simulates, and `base` its estimate. Cost:
/// loads and estimates every variant.
StudyCost cost_of(const scenario::Loaded& loaded, const StudyOptions& options,
                  const world::Estimate& base);

/// "all 8 runs (base, 2 variants, 4 seeds, +10 % re-run), two at once: 97.0 MB of memory and 5.40 s
/// of CPU"; empty when there is one run.
std::string whole_text(const StudyCost& cost);

/// CPU time of each run, for StudyOptions.
std::vector<double> weights_of(const StudyCost& cost);

/// Closed forms hang on jobs, policies and stops more than on size: between what they take for
/// mai-small and for mai-2027 (docs/performance.md), by the nodes.
inline double closed_form_cpu_s(std::uint64_t nodes) {
  return 1.0 + 3.5 * std::min(1.0, static_cast<double>(nodes) / 100'000);
}
inline constexpr double kClosedFormBytes = 50e6;

/// Wall time until all runs of a study are done, by how fast its base goes.
class TimeLeft {
 public:
  /// Expected cost of the runs, in any unit; the base first. `raises` as in StudyCost.
  TimeLeft(std::vector<double> weights, bool raises);

  /// `done`: finished share of each run, 0..1; runs beyond the weights cost as much as the base.
  /// `base_s`: how long the base has run or ran. Nothing before the base has done a hundredth.
  /// Plays what is left on two workers: one is with the base until that ends, then both take the
  /// next of the queue; the re-run starts when the base has ended.
  std::optional<double> seconds(const std::vector<double>& done, double base_s) const;
  std::size_t jobs() const { return weights_.size(); }
  /// Finished share of all work.
  double share(const std::vector<double>& done) const;

 private:
  double weight(std::size_t job) const;

  std::vector<double> weights_;
  bool raises_;
};

}  // namespace fleetcache::cli
