#include <cstdio>
#include <nlohmann/json.hpp>

#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {

void add_schema(CLI::App& app, Session&) {
  auto* verb = app.add_subcommand("schema", "print the JSON Schema of scenario files");
  verb->callback([] { std::printf("%s\n", scenario::schema().dump(2).c_str()); });
}

}  // namespace fleetcache::cli
