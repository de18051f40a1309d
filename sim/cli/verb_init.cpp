#include <cstdio>
#include <memory>

#include "sim/cli/nearest.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

void add_init(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("init", "print a preset as a scenario file to start from");
  const auto name = std::make_shared<std::string>("mai-small");
  verb->add_option("preset", *name, "which one (see `presets`)")->capture_default_str();
  verb->callback([name, &session] {
    const std::string text = scenario::preset_text(*name);
    if (!text.empty()) {
      std::fputs(text.c_str(), stdout);
      return;
    }
    std::vector<std::string> names;
    for (const auto& [preset, description] : scenario::presets()) names.push_back(preset);
    std::string all;
    for (const std::string& preset : names) all += (all.empty() ? "" : ", ") + preset;
    const std::string near = nearest(*name, names);
    fail(session, kBadInput,
         "no preset '" + *name + "'; there are " + all +
             (near.empty() ? "" : "; did you mean '" + near + "'?"));
  });
}

}  // namespace fleetcache::cli
