// `policies`: every family of the policy core, with the parameters of each policy.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/io/format.hpp"
#include "policies/admission/admission.hpp"
#include "policies/eviction/eviction.hpp"
#include "policies/pacing/pacing.hpp"
#include "policies/placement/placement.hpp"
#include "policies/pooling/pooling.hpp"
#include "sim/cli/columns.hpp"
#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

constexpr std::size_t kWidth = 80;

struct Row {
  std::string family;
  std::string name;
  std::string summary;
  std::string source;
  std::vector<std::string> parameters;  ///< each "name=default: meaning"
};

std::vector<Row> all_policies() {
  std::vector<Row> rows;
  const auto add = [&](const char* family, const auto& policies) {
    for (const auto& p : policies) {
      Row row{family, std::string(p.name), std::string(p.summary), std::string(p.source), {}};
      if constexpr (requires { p.parameters; }) {
        for (const auto& parameter : p.parameters) row.parameters.emplace_back(parameter);
      }
      rows.push_back(std::move(row));
    }
  };
  add("eviction", eviction::policies());
  add("admission", admission::policies());
  add("pacing", pacing::policies());
  add("placement", placement::policies());
  add("pooling", pooling::policies());
  return rows;
}

/// `text` after `lead`, broken at blanks before column 80; further lines start at `indent`.
std::string wrapped(std::string lead, const std::string& text, std::size_t indent) {
  std::string out;
  std::string line = std::move(lead);
  bool fresh = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (!fresh && analysis::io::width(line) + 1 + analysis::io::width(word) > kWidth) {
      out += line + "\n";
      line = std::string(indent, ' ');
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    fresh = false;
  }
  return out + line + "\n";
}

/// A block a family; under each policy its parameters.
std::string list_text(const std::vector<Row>& rows) {
  std::string out;
  std::size_t indent = 0;
  for (const Row& row : rows) indent = std::max(indent, row.name.size() + 4);
  std::string family;
  for (const Row& row : rows) {
    if (row.family != family) out += (family.empty() ? "" : "\n") + row.family + "\n";
    family = row.family;
    const std::string lead = "  " + row.name + std::string(indent - row.name.size() - 2, ' ');
    out += wrapped(lead, row.summary, indent);
    for (const std::string& parameter : row.parameters) {
      out += wrapped(std::string(indent + 2, ' '), parameter, indent + 4);
    }
  }
  return out;
}

std::string list_markdown(const std::vector<Row>& rows) {
  Columns table;
  table.head = {"family", "name", "what", "parameters"};
  for (const Row& row : rows) {
    std::string parameters;
    for (const std::string& parameter : row.parameters) {
      parameters += (parameters.empty() ? "" : "; ") + parameter;
    }
    table.rows.push_back({row.family, row.name, row.summary, parameters});
  }
  return table.markdown();
}

std::string list_json(const std::vector<Row>& rows) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : rows) {
    out.push_back({{"family", row.family},
                   {"name", row.name},
                   {"summary", row.summary},
                   {"source", row.source},
                   {"parameters", row.parameters}});
  }
  return out.dump(2) + "\n";
}

}  // namespace

void add_policies(CLI::App& app, Session&) {
  auto* verb = app.add_subcommand("policies", "list the policies of every family");
  const auto format = std::make_shared<std::string>("table");
  verb->add_option("--format", *format, "table, md or json")
      ->check(CLI::IsMember({"table", "md", "json"}));
  verb->callback([format] {
    const std::vector<Row> rows = all_policies();
    const std::string text = *format == "json" ? list_json(rows)
                             : *format == "md" ? list_markdown(rows)
                                               : list_text(rows);
    std::fputs(text.c_str(), stdout);
  });
}

}  // namespace fleetcache::cli
