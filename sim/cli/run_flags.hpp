/// Flags of `run`, and what each of them means where.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::cli {

struct RunFlags {
  std::string what;
  std::vector<std::string> settings;
  std::string seed;
  std::string rung;
  std::string format = "table";
  std::string out;
  std::string fail_on;
  std::string variant;
  std::string seeds = "auto";
  std::string progress = "auto";
  std::string max_memory = "24GiB";
  std::string max_time = "2h";
  bool overwrite = false;
  bool no_variants = false;
  bool no_what_if = false;
  bool quiet = false;
  bool plot = false;
  bool single = false;  ///< this process is a companion of another run
  std::string reps;
  std::string until;
  std::uint32_t reps_max = 64;
  std::string error = "quick";
  world::RunOptions run;  ///< refinements of the sampled rungs
  bool no_step_over = false;
  std::string command_line;
  std::set<std::string> given;  ///< "--salt": what the user wrote, not what stands at its default
};

/// Adds every flag to the verb; `flags` must outlive it.
void add_run_flags(CLI::App& verb, RunFlags& flags);

/// Fills `given` from a parsed verb.
void note_given(const CLI::App& verb, RunFlags& flags);

/// Values out of range, and flags that mean nothing without another one or beside it: before a
/// scenario is read. The first that is wrong, or nothing.
Status check_run_flags(const RunFlags& flags);

/// Flags that were given and do nothing at a rung ("exact", ..., "analytic"): a line each, which
/// names the flag, the rung, why, and the rungs at which it means something. In the order of the
/// help.
std::vector<std::string> idle_flags(const RunFlags& flags, const std::string& rung);

}  // namespace fleetcache::cli
