#include "sim/cli/verb.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <vector>

#include "sim/cli/build_info.hpp"
#include "sim/cli/child_jobs.hpp"
#include "sim/cli/nearest.hpp"

namespace fleetcache::cli {
namespace {

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The verb that the user named, however deep ("trace stats"); the app itself when there is none.
const CLI::App& chosen(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : chosen(*verbs.front());
}

std::string advice(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

/// What CLI11 says is enough but for words that it does not know.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = chosen(app);
  const auto unknown = app.remaining(true);
  const std::string where = &verb == &app ? "" : " of '" + verb.get_name() + "'";
  if (unknown.empty()) return error.what();
  std::string word = unknown.front();
  if (word.size() > 1 && word[0] == '-') {
    word = word.substr(0, word.find('='));
    return "unknown flag '" + word + "'" + where + advice(word, flag_names(verb));
  }
  if (!verb.get_subcommands({}).empty() && verb.get_subcommands().empty()) {
    return "unknown verb '" + word + "'" + where + advice(word, verb_names(verb));
  }
  return "'" + word + "' is one word too many" + where;
}

void build(CLI::App& app, Session& session) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("fleetcache ") + version());
  app.get_formatter()->column_width(30);
#define VERB(name, summary) add_##name(app, session);
#include "sim/cli/verbs.def"
#undef VERB
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"fleetcache: what a fleet-wide data cache does, before it is built", "fleetcache"};
  Session session;
  session.program = argc > 0 ? argv[0] : "fleetcache";
  if (argc > 0) remember_program(argv[0]);
  for (int i = 0; i < argc; ++i) session.command_line += (i > 0 ? " " : "") + std::string(argv[i]);
  build(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    std::string name;
    for (const CLI::App* verb = &chosen(app); verb != &app; verb = verb->get_parent()) {
      name = " " + verb->get_name() + name;
    }
    fail(session, kBadInput, explain(app, error));
    std::fprintf(stderr, "see 'fleetcache%s --help'\n", name.c_str());
  }
  return session.exit_code;
}

}  // namespace

void fail(Session& session, int exit_code, const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  session.exit_code = exit_code;
}

int command_line(int argc, char** argv) {
  int code = kInvariant;
  try {
    code = parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
    return kRefused;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "internal error: %s\n", error.what());
    return kInvariant;
  } catch (...) {
    std::fprintf(stderr, "internal error: unknown exception\n");
    return kInvariant;
  }
  // A full disk or a closed pipe behind stdout would otherwise pass for a whole answer.
  std::cout.flush();
  if (!std::cout || std::fflush(stdout) != 0) {
    std::fprintf(stderr, "error: cannot write to standard output\n");
    return code == kDone ? static_cast<int>(kRetry) : code;
  }
  return code;
}

}  // namespace fleetcache::cli
