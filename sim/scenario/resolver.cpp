#include "sim/scenario/resolver.hpp"

#include <algorithm>

#include "sim/scenario/presets.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

/// A default of the schema as if it stood in a file.
Node default_node(const json& value) {
  static const auto source =
      std::make_shared<const Source>(Source{Source::Kind::kDefault, "default", ""});
  Node node;
  node.place.source = source;
  node.text = value.is_string() ? value.get<std::string>() : value.dump();
  node.kind = Node::Kind::kString;
  if (value.is_boolean()) node.kind = Node::Kind::kBool;
  if (value.is_number()) node.kind = Node::Kind::kNumber;
  return node;
}

/// Why a name is no preset of this folder; when another folder has it, which.
std::string not_of(const std::string& folder, const std::string& name) {
  for (const std::string& other : part_folders()) {
    const std::vector<std::string> names = part_presets(other);
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    return "is a preset of another kind (" + other + "); want one of " + folder;
  }
  const bool whole = is_scenario_preset(name);
  return whole ? "is a whole scenario; want a preset of " + folder : "is no preset of " + folder;
}

/// As did_you_mean; a family without its variant ("gb400" for "gb300-4gpu") is near as well.
std::string near_preset(const std::string& name, const std::vector<std::string>& presets) {
  const std::string whole = did_you_mean(name, presets);
  if (!whole.empty()) return whole;
  std::string out;
  for (const std::string& preset : presets) {
    if (edit_distance(name, preset.substr(0, preset.find('-'))) > 1) continue;
    out += (out.empty() ? "did you mean \"" : " or \"") + preset + "\"";
  }
  return out.empty() ? "" : out + "?";
}

}  // namespace

Resolver::Path Resolver::Path::child(const std::string& key) const {
  return {dotted.empty() ? key : dotted + "." + key, pointer + "/" + key};
}

void Resolver::fail_key(const Place& place, const Path& path, const std::string& what,
                        const std::string& allowed, const std::string& hint) {
  std::string text = what;
  if (!allowed.empty()) text += "; allowed " + allowed;
  if (!hint.empty()) text += "; " + hint;
  const std::string pointer = path.pointer.empty() ? "/" : path.pointer;
  errors.push_back(Error{place.text() + " " + pointer, std::move(text)});
}

void Resolver::fail(const Node& node, const Path& path, const std::string& what,
                    const std::string& allowed, const std::string& hint) {
  fail_key(node.place, path, "value " + quoted(node) + ": " + what, allowed, hint);
}

json Resolver::resolve(const Node& root) {
  json resolved = object(SchemaView(), root, Path{});
  if (errors.empty()) blocks_to_bytes(resolved);
  return resolved;
}

std::optional<Node> Resolver::expanded(const SchemaView& view, const Node& node, const Path& path) {
  const std::string folder = view.text("x-preset");
  const Node* reference = node.is_string() ? &node : node.find("extends");
  if (folder.empty() || reference == nullptr) return node;
  std::string name = reference->is_string() ? reference->text : "";
  if (name.rfind("preset:", 0) != 0) {
    fail(*reference, path, "is not a preset", "\"preset:NAME\"");
    return std::nullopt;
  }
  name.erase(0, std::string_view("preset:").size());
  auto preset = read_part_preset(folder, name);
  if (!preset) {
    fail(*reference, path, not_of(folder, name), joined(part_presets(folder)),
         near_preset(name, part_presets(folder)));
    return std::nullopt;
  }
  if (node.is_string()) return std::move(*preset);
  Node own = node;
  own.erase("extends");
  return merge(std::move(*preset), own);
}

json Resolver::value(const SchemaView& view, const Node& node, const Path& path) {
  places.emplace(path.dotted, node.place);
  if (node.kind == Node::Kind::kNull) {
    fail(node, path, "null only removes what is extended, and there is nothing here");
    return {};
  }
  if (is_number_key(view)) return quantity(view, node, path);
  if (view.keyword("x-discriminator") != nullptr || view.is_object()) {
    return object(view, node, path);
  }
  if (view.is_map()) return map(view, node, path);
  if (view.is_list()) return list(view, node, path);
  return text(view, node, path);
}

json Resolver::object(const SchemaView& view, const Node& written, const Path& path) {
  SchemaView branch = view;
  Node node = written;
  if (const json* shorthand = view.keyword("x-shorthand"); shorthand && node.is_string()) {
    const auto prefix = shorthand->at("prefix").get<std::string>();
    if (node.text.rfind(prefix, 0) == 0) {
      Node inner = node;
      inner.text.erase(0, prefix.size());
      node = Node{Node::Kind::kObject, "", {}, {}, written.place};
      node.set(shorthand->at("key").get<std::string>(), written.place, std::move(inner));
    } else {
      fail(node, path, "is not understood", "\"" + prefix + "FILE\" or an object");
      return {};
    }
  }
  if (auto full = expanded(view, node, path)) {
    node = std::move(*full);
  } else {
    return {};
  }
  if (!node.is_object()) {
    fail(node, path, "is " + kind_name(node.kind), "an object");
    return {};
  }
  if (view.keyword("x-discriminator") != nullptr) {
    const std::string key = view.text("x-discriminator");
    const Node* kind = node.find(key);
    if (kind == nullptr) {
      fail_key(node.place, path, "the key \"" + key + "\" is missing", joined(view.branches()));
      return {};
    }
    branch = view.branch(kind->text);
    if (!branch.valid()) {
      fail(*kind, path.child(key), "is unknown", joined(view.branches()),
           did_you_mean(kind->text, view.branches()));
      return {};
    }
  }
  json out = json::object();
  for (const Member& member : node.members) {
    const SchemaView child = branch.child(member.key);
    if (!child.valid()) {
      fail_key(member.place, path.child(member.key), "unknown key", joined(branch.keys()),
               did_you_mean(member.key, branch.keys()));
    } else if (!child.flag("x-directive")) {
      out[member.key] = value(child, member.value, path.child(member.key));
    }
  }
  for (const std::string& key : branch.keys()) {
    if (node.find(key) != nullptr || branch.child(key).flag("x-directive")) continue;
    out[key] = absent(branch.child(key), node, path.child(key));
  }
  return out;
}

json Resolver::absent(const SchemaView& view, const Node& parent, const Path& path) {
  if (view.flag("x-required")) {
    const std::size_t slash = path.pointer.rfind('/');
    const Path above{path.dotted, path.pointer.substr(0, slash)};
    std::string help = view.text("description");
    if (!help.empty() && help.back() == '.') help.pop_back();
    if (const auto dimension = dimension_named(view.text("x-quantity"))) {
      help += (help.empty() ? "" : "; ") + ("e.g. " + std::string(examples(*dimension)));
    }
    fail_key(parent.place, above,
             "the key \"" + path.pointer.substr(slash + 1) + "\" is missing (" + help + ")");
    return {};
  }
  if (const json* fallback = view.keyword("default")) {
    return value(view, default_node(*fallback), path);
  }
  if (view.is_list()) return json::array();
  if (view.is_map()) return json::object();
  if (view.is_object()) {
    return object(view, Node{Node::Kind::kObject, "", {}, {}, parent.place}, path);
  }
  return {};
}

json Resolver::map(const SchemaView& view, const Node& node, const Path& path) {
  if (!node.is_object()) {
    fail(node, path, "is " + kind_name(node.kind), "an object of names");
    return {};
  }
  const json* least = view.keyword("minProperties");
  if (least != nullptr && node.members.size() < least->get<std::size_t>()) {
    fail(node, path, "is empty", "at least one entry");
  }
  json out = json::object();
  for (const Member& member : node.members) {
    const std::size_t before = errors.size();
    if (member.key.empty()) {
      fail_key(member.place, path, "an empty name");
      continue;
    }
    out[member.key] = value(view.child(member.key), member.value, path.child(member.key));
    // An entry that only --set made is a misspelt name more often than a new entry.
    const bool made_by_set = member.place.source && member.place.source->kind == Source::Kind::kSet;
    if (errors.size() == before || !made_by_set) continue;
    std::vector<std::string> others;
    for (const Member& other : node.members) {
      if (other.key != member.key) others.push_back(other.key);
    }
    const std::string hint = did_you_mean(member.key, others);
    if (!hint.empty()) errors.back().what += "; " + hint;
  }
  return out;
}

json Resolver::list(const SchemaView& view, const Node& node, const Path& path) {
  if (node.kind != Node::Kind::kList) {
    fail(node, path, "is " + kind_name(node.kind), "a list");
    return {};
  }
  const json* least = view.keyword("minItems");
  const json* most = view.keyword("maxItems");
  if ((least != nullptr && node.items.size() < least->get<std::size_t>()) ||
      (most != nullptr && node.items.size() > most->get<std::size_t>())) {
    fail(node, path, "has " + std::to_string(node.items.size()) + " entries",
         least != nullptr ? least->dump() : most->dump());
  }
  json out = json::array();
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    out.push_back(value(view.child(""), node.items[i], path.child(std::to_string(i))));
  }
  return out;
}

}  // namespace fleetcache::scenario
