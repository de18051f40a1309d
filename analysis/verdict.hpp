/// From figures and their errors to met, missed or undecided.
#pragma once

#include <vector>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

/// One verdict for each objective, in order. Undecided: the figure is missing, the run was
/// interrupted, a part of the error could not be estimated, or the margin is not larger than the
/// sum of the errors. A metric on its limit is undecided too.
std::vector<Verdict> draw_verdicts(const std::vector<Objective>& objectives,
                                   const std::map<std::string, Metric>& metrics,
                                   const std::vector<ErrorTerm>& errors, bool interrupted);

/// Exit code under `--fail-on slo`: 1 when an objective is missed, else 4 when one is undecided,
/// else 0. (DESIGN.md section 7.)
int slo_exit_code(const std::vector<Verdict>& verdicts);

}  // namespace fleetcache::analysis
