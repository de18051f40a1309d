/// What is concluded of a study once all its runs have answered.
#pragma once

#include "sim/cli/study.hpp"

namespace fleetcache::cli {

/// Draws the verdicts of variants again, with the errors that only the base's companions told.
void judge_variants(StudyOutcome& out);

/// For what stayed undecided: the assumed input that it hangs on. Not for a companion, whose advice
/// nobody reads, and not for a partial answer. Cost: that of assumed_sensitivities.
void name_inputs(const StudyOptions& options, analysis::Result& result);

}  // namespace fleetcache::cli
