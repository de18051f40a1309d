/// Verbs of the command line. A verb is one file `verb_NAME.cpp` with `add_NAME` and one line in
/// verbs.def.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace fleetcache::cli {

/// DESIGN.md section 7, exit codes.
enum Exit : int {
  kDone = 0,
  kMissed = 1,
  kBadInput = 2,
  kRefused = 3,
  kPartial = 4,
  kInvariant = 5,
  kRetry = 75,
  kInterrupted = 130,
};

/// Shared by all verbs of one process.
struct Session {
  int exit_code = kDone;
  std::string program;       ///< argv[0]
  std::string command_line;  ///< all words as given, for run.json
};

/// Prints "error: text" to stderr and remembers the exit code.
void fail(Session& session, int exit_code, const std::string& text);

/// Parses the command line, runs the verb and returns the exit code of the process. No exception
/// leaves it: what no verb expected is an internal error (5).
int command_line(int argc, char** argv);

/// Adds a subcommand whose callback does the work and sets session.exit_code.
#define VERB(name, summary) void add_##name(CLI::App& app, Session& session);
#include "sim/cli/verbs.def"
#undef VERB

}  // namespace fleetcache::cli
