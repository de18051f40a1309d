#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/columns.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {
namespace {

struct ShowFlags {
  std::string what;
  std::vector<std::string> settings;
  std::string path;
  std::string format = "table";
};

/// What stands at a dotted path; null when there is nothing.
const nlohmann::json* at_path(const nlohmann::json& document, const std::string& path) {
  const nlohmann::json* at = &document;
  std::size_t start = 0;
  while (start < path.size()) {
    // Names may have dots themselves (objectives), so the longest key that is there wins.
    std::size_t end = path.size();
    while (end != std::string::npos && end > start) {
      const std::string key = path.substr(start, end - start);
      if (at->is_object() && at->contains(key)) {
        at = &at->at(key);
        break;
      }
      if (at->is_array() && key.find_first_not_of("0123456789") == std::string::npos &&
          key.size() < 7 && std::stoul(key) < at->size()) {
        at = &at->at(std::stoul(key));
        break;
      }
      end = path.rfind('.', end - 1);
      if (end < start) end = std::string::npos;
    }
    if (end == std::string::npos || end <= start) return nullptr;
    start = end + 1;
  }
  return at;
}

bool under(const std::string& path, const std::string& prefix) {
  return prefix.empty() || path == prefix || path.rfind(prefix + ".", 0) == 0;
}

std::string as_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A table where it fits the terminal; else two lines or more for each value, the second one with
/// its kind, where it stands and its source.
std::string listing(const Columns& table) {
  const std::size_t width = terminal_width();
  if (table.width() <= width) return table.text();
  std::string out;
  for (const auto& row : table.rows) {
    // A value is spelt with its unit; the unit of its plain number is in the other formats.
    out += hanging("", row[0] + " = " + row[1], width);
    std::string from = row[3];
    for (std::size_t i = 4; i < row.size(); ++i) {
      if (!row[i].empty()) from += (from.empty() ? "" : ", ") + row[i];
    }
    if (!from.empty()) out += hanging("    ", from, width);
  }
  return out;
}

void show(const ShowFlags& flags, Session& session) {
  const auto loaded = scenario::load(flags.what, flags.settings);
  if (!loaded) return fail(session, kBadInput, loaded.error().text());
  const nlohmann::json document = scenario::standalone(*loaded);
  if (flags.format == "scenario") {
    std::printf("%s\n",
                document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return;
  }
  Columns table;
  table.head = {"path", "value", "unit", "kind", "origin", "source"};
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& [path, from] : loaded->provenance) {
    if (!under(path, flags.path)) continue;
    const nlohmann::json* spelt = at_path(document, path);
    const nlohmann::json* value = at_path(loaded->resolved, path);
    if (spelt == nullptr || value == nullptr) continue;
    table.rows.push_back({path, as_text(*spelt), from.unit, from.kind, from.origin, from.source});
    rows.push_back({{"path", path},
                    {"value", *value},
                    {"text", as_text(*spelt)},
                    {"unit", from.unit},
                    {"kind", from.kind},
                    {"origin", from.origin},
                    {"source", from.source}});
  }
  if (rows.empty()) {
    return fail(session, kBadInput,
                "--path " + flags.path + ": no key of the scenario is under it");
  }
  if (flags.format == "json") {
    const nlohmann::json out = {{"digest", loaded->digest}, {"values", rows}};
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    std::fputs((flags.format == "md" ? table.markdown() : listing(table)).c_str(), stdout);
  }
}

}  // namespace

void add_show(CLI::App& app, Session& session) {
  auto* verb =
      app.add_subcommand("show", "resolved values: unit, origin and how far to trust them");
  const auto flags = std::make_shared<ShowFlags>();
  verb->add_option("scenario", flags->what, "a file or preset")->required();
  verb->add_option("--set", flags->settings, "path=value, over the file; repeatable")
      ->take_all()
      ->type_name("PATH=VALUE");
  verb->add_option("--path", flags->path, "only this key and what is below it");
  verb->add_option("--format", flags->format,
                   "table, md, json, or scenario: a stand-alone file that loads to the same digest")
      ->check(CLI::IsMember({"table", "md", "json", "scenario"}));
  verb->callback([flags, &session] { show(*flags, session); });
}

}  // namespace fleetcache::cli
