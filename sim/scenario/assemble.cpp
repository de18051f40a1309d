#include "sim/scenario/assemble.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/scenario/presets.hpp"
#include "sim/scenario/schema.hpp"

namespace fleetcache::scenario {
namespace {

constexpr std::string_view kPresetPrefix = "preset:";

bool ends_with_any(const std::string& text, std::initializer_list<std::string_view> suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return text.ends_with(suffix); });
}

bool is_yaml(const std::string& name) { return ends_with_any(name, {".yaml", ".yml"}); }

bool names_a_file(const std::string& what) {
  return what.find('/') != std::string::npos || is_yaml(what) ||
         ends_with_any(what, {".json", ".jsonc"});
}

Result<Node> read_text(std::string_view text, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const auto source = std::make_shared<const Source>(Source{Source::Kind::kFile, path, directory});
  return is_yaml(path) ? read_yaml(text, source) : read_json(text, source);
}

Result<Node> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{path, "cannot be read: is a folder"};
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const bool exists = std::filesystem::exists(path, ignored);
    const std::string stem = path.substr(path.rfind('/') + 1);
    const std::string hint = did_you_mean(stem.substr(0, stem.rfind('.')), scenario_presets());
    return Error{path, std::string("cannot be read") + (exists ? "" : ": does not exist") +
                           (hint.empty() ? "" : "; " + hint + " (a preset)")};
  }
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes) break;
  }
  if (in.bad() || (!in.eof() && text.size() <= kMaxFileBytes)) {
    return Error{path, "cannot be read"};
  }
  return read_text(text, path);
}

/// The text of a name in `extends`, seen from the file it stands in.
std::string relative_to(const Place& place, const std::string& name) {
  const bool relative = names_a_file(name) && name.front() != '/' &&
                        name.rfind(kPresetPrefix, 0) != 0 && place.source;
  return relative ? place.source->directory + name : name;
}

/// A trace named in a file is looked for beside that file.
void anchor_traces(Node& root) {
  Node* workloads = root.find("workloads");
  if (workloads == nullptr) return;
  for (Member& workload : workloads->members) {
    Node* requests = workload.value.find("requests");
    if (requests == nullptr || !requests->place.source) continue;
    const std::string& directory = requests->place.source->directory;
    constexpr std::string_view kTrace = "trace:";
    if (requests->is_string() && requests->text.rfind(kTrace, 0) == 0) {
      const std::string file = requests->text.substr(kTrace.size());
      if (!file.empty() && file.front() != '/') {
        requests->text = std::string(kTrace) + directory + file;
      }
    } else if (Node* trace = requests->find("trace"); trace != nullptr && trace->is_string()) {
      if (!trace->text.empty() && trace->text.front() != '/') trace->text = directory + trace->text;
    }
  }
}

Result<Node> extend(Node tree, const std::string& key, std::vector<std::string>& chain);

/// Neither file nor preset: what there is, and what may have been meant.
Error unknown_name(const std::string& name, const Place& from) {
  std::string all;
  for (const std::string& preset : scenario_presets()) all += (all.empty() ? "" : ", ") + preset;
  const std::string hint = did_you_mean(name, scenario_presets());
  return Error{
      from.source ? from.text() + " /extends" : "",
      "\"" + name + "\" is neither a preset (" + all +
          ") nor a file (a file's name has a '/' or ends in .json, .jsonc, .yaml or .yml)" +
          (hint.empty() ? "" : "; " + hint)};
}

Result<Node> read_chain(const std::string& what, const Place& from,
                        std::vector<std::string>& chain) {
  const bool prefixed = what.rfind(kPresetPrefix, 0) == 0;
  const bool is_file = !prefixed && names_a_file(what);
  const std::string name = prefixed ? what.substr(kPresetPrefix.size()) : what;
  // Two spellings of one file must not hide a cycle.
  const std::string key =
      is_file ? std::filesystem::path(what).lexically_normal().string() : "preset:" + name;
  if (std::find(chain.begin(), chain.end(), key) != chain.end()) {
    std::string cycle;
    for (const std::string& link : chain) cycle += link + " -> ";
    return Error{from.text() + " /extends", "a cycle: " + cycle + key};
  }
  if (!is_file && !is_scenario_preset(name)) return unknown_name(name, from);
  auto tree = is_file ? read_file(name) : read_scenario_preset(name);
  if (tree) return extend(std::move(*tree), key, chain);
  const bool unread = tree.error().what.rfind("cannot be read", 0) == 0 && from.source;
  if (unread) return Error{from.text() + " /extends", "\"" + name + "\" " + tree.error().what};
  return tree;
}

/// A document with what it extends under it. `key` names it in `chain`, which finds cycles.
Result<Node> extend(Node tree, const std::string& key, std::vector<std::string>& chain) {
  if (!tree.is_object()) return Error{tree.place.text() + " /", "want an object { ... }"};
  anchor_traces(tree);
  const Node* extends = tree.find("extends");
  if (extends == nullptr) return tree;
  const std::vector<Node> names =
      extends->kind == Node::Kind::kList ? extends->items : std::vector<Node>{*extends};
  Node merged;
  merged.kind = Node::Kind::kObject;
  merged.place = tree.place;
  chain.push_back(key);
  for (const Node& base : names) {
    if (!base.is_string() || base.text.empty()) {
      return Error{base.place.text() + " /extends",
                   "value " + quoted(base) + ": is not the name of a preset or file"};
    }
    auto part = read_chain(relative_to(base.place, base.text), base.place, chain);
    if (!part) return part;
    merged = merge(std::move(merged), *part);
  }
  chain.pop_back();
  tree.erase("extends");
  return merge(std::move(merged), tree);
}

Status fill_one(Node& regions, std::size_t at, std::vector<std::string>& chain) {
  Member& member = regions.members[at];
  if (!member.value.is_object()) return Nothing{};
  const Node* like = member.value.find("like");
  if (like == nullptr) return Nothing{};
  const std::string where = like->place.text() + " /regions/" + member.key + "/like";
  std::vector<std::string> others;
  std::size_t base = regions.members.size();
  for (std::size_t i = 0; i < regions.members.size(); ++i) {
    if (i != at) others.push_back(regions.members[i].key);
    if (regions.members[i].key == like->text && like->is_string()) base = i;
  }
  if (std::find(chain.begin(), chain.end(), member.key) != chain.end()) {
    return Error{where, "a cycle of regions like each other"};
  }
  if (base == regions.members.size()) {
    const std::string hint = did_you_mean(like->text, others);
    return Error{where, "value " + quoted(*like) + ": is no region of this scenario" +
                            (hint.empty() ? "" : "; " + hint)};
  }
  chain.push_back(member.key);
  if (auto status = fill_one(regions, base, chain); !status) return status;
  chain.pop_back();
  Node own = std::move(regions.members[at].value);
  own.erase("like");
  regions.members[at].value = merge(regions.members[base].value, own);
  return Nothing{};
}

}  // namespace

Result<Setting> parse_setting(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Error{"--set " + text, "want path=value, e.g. cache.enabled=false"};
  }
  if (!is_utf8(text)) return Error{"--set", "the text is not UTF-8"};
  Setting setting;
  setting.path = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  const auto source =
      std::make_shared<const Source>(Source{Source::Kind::kSet, "--set " + setting.path, ""});
  auto tree = read_json(value, source);
  const bool meant_json = !value.empty() && std::string("{[\"").find(value[0]) != std::string::npos;
  if (!tree && meant_json) return tree.error();
  if (tree) {
    setting.value = std::move(*tree);
  } else {
    setting.value.kind = Node::Kind::kString;
    setting.value.text = value;
  }
  // Positions inside a value on the command line would name a file that does not exist.
  std::vector<Node*> pending = {&setting.value};
  while (!pending.empty()) {
    Node* node = pending.back();
    pending.pop_back();
    node->place = Place{source, 0, 0};
    for (Node& item : node->items) pending.push_back(&item);
    for (Member& member : node->members) {
      member.place = node->place;
      pending.push_back(&member.value);
    }
  }
  return setting;
}

namespace {

/// A path goes through an entry that a list does not have: `parts[at]` is to be its number.
Error no_entry(const Place& place, const std::string& path, const std::vector<std::string>& parts,
               std::size_t at, std::size_t entries) {
  std::string list;
  for (std::size_t i = 0; i < at; ++i) list += (i > 0 ? "." : "") + parts[i];
  const std::string& entry = parts[at];
  const bool number = entry.find_first_not_of("0123456789") == std::string::npos;
  std::string text =
      number ? "there is no entry " + entry + " in the list \"" + list + "\""
             : "\"" + entry + "\" is no number of an entry of the list \"" + list + "\"";
  text += entries == 0 ? ", which is empty"
                       : ", which has " + std::to_string(entries) + ", counted from 0";
  return Error{place.text(), text + "; " + path + " changes an entry, --set " + list +
                                 "='[{...}]' sets the whole list"};
}

}  // namespace

Status apply_setting(Node& root, const Setting& setting) {
  const Place place = setting.value.place;
  std::vector<std::string> parts = split_path(setting.path);
  Node* node = &root;
  SchemaView view;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (view.valid() && view.flag("x-dotted-keys")) {
      for (std::size_t j = i + 1; j < parts.size(); ++j) parts[i] += "." + parts[j];
      parts.resize(i + 1);
    }
    const std::string& key = parts[i];
    const bool last = i + 1 == parts.size();
    if (key.empty()) return Error{place.text(), "the path has an empty part"};
    if (view.valid()) view = view.child(key);
    if (node->kind == Node::Kind::kList) {
      const bool index = key.find_first_not_of("0123456789") == std::string::npos && key.size() < 7;
      if (!index || std::stoul(key) >= node->items.size()) {
        return no_entry(place, setting.path, parts, i, node->items.size());
      }
      Node& item = node->items[std::stoul(key)];
      if (last) item = setting.value;
      node = &item;
      continue;
    }
    Node step;
    step.kind = Node::Kind::kObject;
    step.place = place;
    if (!node->is_object()) {
      const bool preset = node->is_string() && node->text.rfind(kPresetPrefix, 0) == 0;
      const bool trace = node->is_string() && node->text.rfind("trace:", 0) == 0;
      if (!preset && !trace) {
        return Error{place.text(), "\"" + key + "\" leads into the value " + quoted(*node)};
      }
      if (preset) *node = merge(std::move(*node), step);
      if (trace) *node = step;
    }
    if (last) {
      if (setting.value.kind == Node::Kind::kNull) {
        node->erase(key);
      } else {
        node->set(key, place, setting.value);
      }
      return Nothing{};
    }
    if (node->find(key) == nullptr) {
      if (view.valid() && view.is_list()) return no_entry(place, setting.path, parts, i + 1, 0);
      node->set(key, place, step);
    }
    node = node->find(key);
  }
  return Nothing{};
}

Result<Node> read_extended(const std::string& what) {
  if (what.empty()) return Error{"", "no file and no preset is named"};
  std::vector<std::string> chain;
  return read_chain(what, Place{}, chain);
}

Result<Node> read_extended_text(const std::string& text, const std::string& label) {
  auto tree = read_text(text, label);
  if (!tree) return tree;
  std::vector<std::string> chain;
  return extend(std::move(*tree), label, chain);
}

Status fill_like(Node& root) {
  Node* regions = root.find("regions");
  if (regions == nullptr || !regions->is_object()) return Nothing{};
  for (std::size_t i = 0; i < regions->members.size(); ++i) {
    std::vector<std::string> chain;
    if (auto status = fill_one(*regions, i, chain); !status) return status;
  }
  return Nothing{};
}

}  // namespace fleetcache::scenario
