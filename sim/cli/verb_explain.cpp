#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>

#include "sim/cli/columns.hpp"
#include "sim/cli/explain_result.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

namespace {

/// Lines of the help, each broken under its own beginning: "  type     " and what follows.
std::string fitted(const std::string& help) {
  constexpr std::size_t kLabel = 11;
  std::string out;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const bool labelled = line.size() > kLabel && line[kLabel - 1] == ' ' && line[kLabel] != ' ' &&
                          line.find("  ", indent) < kLabel;
    const std::size_t begin = labelled ? kLabel : indent;
    out += hanging(line.substr(0, begin), line.substr(begin), terminal_width());
  }
  return out;
}

}  // namespace

void add_explain(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("explain", "help on a scenario key, or how a result was reached");
  struct Flags {
    std::string what;
    std::string metric;
  };
  const auto flags = std::make_shared<Flags>();
  verb->add_option("what", flags->what, "a key (regions.*.blob.egress) or a result document")
      ->required();
  verb->add_option("--metric", flags->metric, "of a result: the metric whose derivation to print");
  verb->callback([flags, &session] {
    std::error_code ignored;
    if (!flags->metric.empty() || std::filesystem::exists(flags->what, ignored)) {
      explain_result(session, flags->what, flags->metric);
      return;
    }
    const auto help = scenario::explain_key(flags->what);
    if (!help) return fail(session, kBadInput, "explain: " + help.error().text());
    std::fputs(fitted(*help).c_str(), stdout);
  });
}

}  // namespace fleetcache::cli
