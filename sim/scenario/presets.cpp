#include "sim/scenario/presets.hpp"

#include <algorithm>
#include <set>

#include "configs/embedded.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::scenario {
namespace {

constexpr std::string_view kSuffix = ".jsonc";

/// Text of an embedded file, or null.
const std::string* embedded(const std::string& path) {
  for (const configs::EmbeddedFile& file : configs::files()) {
    if (file.path == path) return &file.text;
  }
  return nullptr;
}

/// Names of the files directly in a folder of configs/, sorted.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const configs::EmbeddedFile& file : configs::files()) {
    const bool inside = file.path.rfind(folder + "/", 0) == 0 &&
                        file.path.find('/', folder.size() + 1) == std::string::npos &&
                        file.path.ends_with(kSuffix);
    if (!inside) continue;
    const std::size_t start = folder.size() + 1;
    names.push_back(file.path.substr(start, file.path.size() - start - kSuffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<Node> read_embedded(const std::string& path, const std::string& name) {
  const std::string* text = embedded(path);
  if (text == nullptr) return Error{"", "is no preset"};
  const Source source{Source::Kind::kPreset, "preset:" + name, ""};
  return read_json(*text, std::make_shared<const Source>(source));
}

}  // namespace

std::vector<std::string> part_folders() {
  std::set<std::string> folders;
  for (const configs::EmbeddedFile& file : configs::files()) {
    const std::string_view root = "presets/";
    const std::size_t slash = file.path.find('/', root.size());
    if (file.path.rfind(root, 0) == 0 && slash != std::string::npos) {
      folders.insert(file.path.substr(root.size(), slash - root.size()));
    }
  }
  return {folders.begin(), folders.end()};
}

std::vector<std::string> part_presets(const std::string& folder) {
  return names_in("presets/" + folder);
}

Result<Node> read_part_preset(const std::string& folder, const std::string& name) {
  return read_embedded("presets/" + folder + "/" + name + std::string(kSuffix), name);
}

std::string part_summary(const std::string& folder, const std::string& name) {
  const std::string* text = embedded("presets/" + folder + "/" + name + std::string(kSuffix));
  std::string out;
  std::size_t start = 0;
  while (text != nullptr && text->compare(start, 3, "// ") == 0) {
    const std::size_t end = text->find('\n', start);
    out += (out.empty() ? "" : " ") + text->substr(start + 3, end - start - 3);
    start = end + 1;
  }
  return out;
}

std::vector<std::string> scenario_presets() { return names_in("scenarios"); }

bool is_scenario_preset(const std::string& name) {
  return embedded("scenarios/" + name + std::string(kSuffix)) != nullptr;
}

Result<Node> read_scenario_preset(const std::string& name) {
  return read_embedded("scenarios/" + name + std::string(kSuffix), name);
}

std::vector<std::pair<std::string, std::string>> presets() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& name : scenario_presets()) {
    auto tree = read_scenario_preset(name);
    const Node* description = tree ? tree->find("description") : nullptr;
    out.emplace_back(name, description == nullptr ? "" : description->text);
  }
  return out;
}

std::string preset_text(const std::string& name) {
  const std::string* text = embedded("scenarios/" + name + std::string(kSuffix));
  return text == nullptr ? "" : *text;
}

}  // namespace fleetcache::scenario
