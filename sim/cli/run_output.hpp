/// What a `run` leaves: the text on stdout and the files of --out.
#pragma once

#include <chrono>
#include <string>

#include "analysis/result.hpp"
#include "policies/base/result.hpp"
#include "sim/cli/run_flags.hpp"
#include "sim/cli/study.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

/// The command that gives the same document again, with what was chosen for the user written out.
std::string reproduce(const RunFlags& flags, const StudyOptions& options);

/// The whole answer in the format asked for.
std::string output_text(const RunFlags& flags, const StudyOptions& options,
                        const analysis::Result& result);

/// Writes result.json, scenario.resolved.json, run.json and timeline.csv. Requires: `flags.out`.
/// Fails when the folder cannot take them.
Status write_out(const RunFlags& flags, const scenario::Loaded& loaded,
                 const analysis::Result& result, std::chrono::system_clock::time_point began,
                 int exit_code);

}  // namespace fleetcache::cli
