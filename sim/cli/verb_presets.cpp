#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/columns.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/presets.hpp"

namespace fleetcache::cli {

void add_presets(CLI::App& app, Session&) {
  auto* verb = app.add_subcommand("presets", "list scenarios and parts that are built in");
  const auto format = std::make_shared<std::string>("table");
  verb->add_option("--format", *format, "table, md or json")
      ->check(CLI::IsMember({"table", "md", "json"}));
  verb->callback([format] {
    Columns table;
    table.head = {"preset", "of", "what"};
    nlohmann::json rows = nlohmann::json::array();
    const auto add = [&](const std::string& name, const std::string& of, const std::string& what) {
      table.rows.push_back({name, of, what});
      rows.push_back({{"name", name}, {"of", of}, {"what", what}});
    };
    for (const auto& [name, description] : scenario::presets()) add(name, "scenario", description);
    for (const std::string& folder : scenario::part_folders()) {
      for (const std::string& name : scenario::part_presets(folder)) {
        add("preset:" + name, folder, scenario::part_summary(folder, name));
      }
    }
    if (*format == "json") {
      std::printf("%s\n", rows.dump(2).c_str());
    } else {
      std::fputs((*format == "md" ? table.markdown() : table.text(terminal_width())).c_str(),
                 stdout);
    }
  });
}

}  // namespace fleetcache::cli
