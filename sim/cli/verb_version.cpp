#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/cli/build_info.hpp"
#include "sim/cli/verb.hpp"
#include "sim/engine/flow_engine.hpp"

namespace fleetcache::cli {

void add_version(CLI::App& app, Session&) {
  auto* verb = app.add_subcommand("version", "version, engine and digest of the policy core");
  const auto format = std::make_shared<std::string>("table");
  verb->add_option("--format", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
  verb->callback([format] {
    if (*format == "json") {
      const nlohmann::json document = {{"version", version()},
                                       {"engine", engine::simgrid_version()},
                                       {"policy_digest", policy_digest()}};
      std::printf("%s\n", document.dump(2).c_str());
      return;
    }
    std::printf("fleetcache %s\nengine     %s\npolicies   %s\n", version(),
                engine::simgrid_version().c_str(), policy_digest());
  });
}

}  // namespace fleetcache::cli
