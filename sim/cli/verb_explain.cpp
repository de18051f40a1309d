#include <cstdio>
#include <filesystem>
#include <memory>

#include "sim/cli/explain_result.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

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
    std::fputs(help->c_str(), stdout);
  });
}

}  // namespace fleetcache::cli
