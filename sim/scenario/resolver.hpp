/// Walks a document and the schema together: every key checked, every quantity turned into a plain
/// number in its base unit, defaults filled in, and every value's provenance kept.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/document.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/schema.hpp"

namespace fleetcache::scenario {

class Resolver {
 public:
  /// All of them, in the order of the document.
  std::vector<Error> errors;
  std::map<std::string, Provenance> provenance;
  /// Where each present path stands, for checks across keys.
  std::map<std::string, Place> places;

  /// The resolved document. Meaningful only when `errors` stays empty.
  nlohmann::json resolve(const Node& root);

 private:
  /// A position in the document: dotted for people and --set, with slashes in errors.
  struct Path {
    std::string dotted;
    std::string pointer;
    Path child(const std::string& key) const;
  };

  nlohmann::json value(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json object(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json map(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json list(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json quantity(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json parsed(const SchemaView& view, const Node& scalar, const Path& path);
  nlohmann::json text(const SchemaView& view, const Node& node, const Path& path);
  nlohmann::json absent(const SchemaView& view, const Node& parent, const Path& path);
  bool in_range(const SchemaView& view, const nlohmann::json& number, const Node& node,
                const Path& path);
  bool known_policy(const SchemaView& view, const Node& node, const Path& path);
  /// Follows "preset:NAME" and `extends` of an object that may stand for a preset; null without
  /// such a preset, which is then in `errors`.
  std::optional<Node> expanded(const SchemaView& view, const Node& node, const Path& path);
  void blocks_to_bytes(nlohmann::json& resolved);

  void fail(const Node& node, const Path& path, const std::string& what,
            const std::string& allowed = "", const std::string& hint = "");
  void fail_key(const Place& place, const Path& path, const std::string& what,
                const std::string& allowed = "", const std::string& hint = "");

  struct PendingBlocks {
    std::string dotted;
    Node node;
    Path path;
    std::uint64_t blocks;
  };
  std::vector<PendingBlocks> pending_;
};

/// "a, b, c".
std::string joined(const std::vector<std::string>& words);
/// "a number", "an object": for messages.
std::string kind_name(Node::Kind kind);
/// True for a key whose value is a number, with a unit or without.
bool is_number_key(const SchemaView& view);

/// Names in a policy registry: "eviction", "placement" or "admission".
std::vector<std::string> policy_names(const std::string& registry);
/// A resolved value as a file would spell it, by its place in the schema.
nlohmann::json to_document(const SchemaView& view, const nlohmann::json& resolved);
/// A number of a dimension or a plain one, as a file would spell it.
nlohmann::json print_value(const SchemaView& view, const nlohmann::json& number);

}  // namespace fleetcache::scenario
