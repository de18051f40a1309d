/// What would decide an undecided verdict: the one component of the error to reduce, and to what;
/// and the one assumed input whose value the answer hangs on, and how well it must be known.
#pragma once

#include <string>
#include <vector>

#include "analysis/evidence.hpp"
#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// How much an assumed input moves a metric, by a model that is cheap to ask again.
struct Sensitivity {
  std::string input;     ///< scenario path; `*` for what several regions share
  std::string text;      ///< its value as written
  double slope = 0;      ///< change of the metric for a relative change of 1, d M / d ln x
  double range_low = 0;  ///< stated range relative to the value (0.5: half), 0: none stated
  double range_high = 0;
};

/// The component with the largest half width that, reduced alone, lets the margin exceed the sum;
/// those that a run of ours can reduce come first. Its `text` says by what. When none suffices
/// alone: the largest, and that it does not suffice. Where components are unknown, all of these
/// ("sample, tail") and what estimates them. Absent when nothing is unknown and the sum is zero.
/// Requires: an undecided verdict with a value.
std::optional<Decider> component_that_decides(const Verdict& verdict,
                                              const std::vector<ErrorTerm>& terms,
                                              const Evidence& evidence);

/// The input that moves the metric most over what is not known about it (its stated range, else
/// ±50 %), and the relative precision at which it can no longer turn the sign of the margin:
/// |margin| / |slope|; `text` also names the others that can. Absent when no input can turn it
/// within what is not known about it, and while the error is unknown, which alone leaves it
/// undecided.
std::optional<Decider> input_that_decides(const Verdict& verdict,
                                          const std::vector<Sensitivity>& sensitivities);

}  // namespace fleetcache::analysis
