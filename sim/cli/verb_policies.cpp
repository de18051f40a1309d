#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "policies/admission/admission.hpp"
#include "policies/eviction/eviction.hpp"
#include "policies/placement/placement.hpp"
#include "sim/cli/columns.hpp"
#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

struct Row {
  std::string family;
  std::string name;
  std::string summary;
  std::string source;
  std::vector<std::string> parameters;
};

std::vector<Row> all_policies() {
  std::vector<Row> rows;
  for (const auto& p : eviction::policies()) {
    Row row{"eviction", std::string(p.name), std::string(p.summary), std::string(p.source), {}};
    for (const std::string_view parameter : p.parameters) row.parameters.emplace_back(parameter);
    rows.push_back(std::move(row));
  }
  const auto add = [&](const char* family, const auto& policies) {
    for (const auto& p : policies) {
      rows.push_back(
          {family, std::string(p.name), std::string(p.summary), std::string(p.source), {}});
    }
  };
  add("admission", admission::policies());
  add("placement", placement::policies());
  return rows;
}

}  // namespace

void add_policies(CLI::App& app, Session&) {
  auto* verb = app.add_subcommand("policies", "list eviction, admission and placement policies");
  const auto format = std::make_shared<std::string>("table");
  verb->add_option("--format", *format, "table, md or json")
      ->check(CLI::IsMember({"table", "md", "json"}));
  verb->callback([format] {
    Columns table;
    table.head = {"family", "name", "what", "parameters"};
    nlohmann::json rows = nlohmann::json::array();
    for (const Row& row : all_policies()) {
      std::string parameters;
      for (const std::string& parameter : row.parameters) {
        parameters += (parameters.empty() ? "" : "; ") + parameter;
      }
      table.rows.push_back({row.family, row.name, row.summary, parameters});
      rows.push_back({{"family", row.family},
                      {"name", row.name},
                      {"summary", row.summary},
                      {"source", row.source},
                      {"parameters", row.parameters}});
    }
    if (*format == "json") {
      std::printf("%s\n", rows.dump(2).c_str());
    } else {
      std::fputs((*format == "md" ? table.markdown() : table.text()).c_str(), stdout);
    }
  });
}

}  // namespace fleetcache::cli
