/// A scenario file as a tree that remembers where every value stands: what JSON and YAML are read
/// into, what `extends` merges and `--set` writes to, and what the schema is walked over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::scenario {

/// Where a text came from.
struct Source {
  enum class Kind : std::uint8_t { kFile, kPreset, kDefault, kSet };
  Kind kind = Kind::kFile;
  std::string label;  ///< "eu.json", "preset:mai-small", "--set cache.enabled"
  std::string
      directory;  ///< of a file, with a trailing '/' or empty: names inside are relative to it
};

struct Place {
  std::shared_ptr<const Source> source;
  std::uint32_t line = 0;    ///< from 1; 0 without a position (--set)
  std::uint32_t column = 0;  ///< from 1, in characters

  /// "eu.json:4:9", "--set cache.enabled".
  std::string text() const;
};

struct Member;

struct Node {
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kList, kObject };
  Kind kind = Kind::kNull;
  std::string text;             ///< of a scalar: strings decoded, the others as written
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of an object, in file order, keys unique
  Place place;

  bool is_object() const { return kind == Kind::kObject; }
  bool is_string() const { return kind == Kind::kString; }
  /// The value of a key, or null. O(members).
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// Adds or replaces. Returns the stored value.
  Node& set(std::string_view key, const Place& key_place, Node value);
  /// Drops a key if it is there.
  void erase(std::string_view key);
};

struct Member {
  std::string key;
  Place place;
  Node value;
};

/// The value for an error message: strings quoted, containers as "{...}" and "[...]", long ones
/// cut.
std::string quoted(const Node& node);

/// Deepest nesting that a scenario may have.
constexpr int kMaxDepth = 64;
/// Largest scenario file in bytes.
constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

/// Reads JSON (RFC 8259) with // and /* */ comments. Trailing commas, duplicate keys, bad UTF-8
/// and anything after the value are errors with line and column.
Result<Node> read_json(std::string_view text, const std::shared_ptr<const Source>& source);

/// Reads one YAML document. Plain scalars mean what JSON says they mean: `010` and `yes` are
/// strings. Duplicate keys, tags, anchors that nest beyond bounds are errors with line and column.
Result<Node> read_yaml(std::string_view text, const std::shared_ptr<const Source>& source);

/// `base` overlaid with `top`: objects merge key by key, everything else is replaced, null removes
/// a key. An object over "preset:NAME" keeps the preset as its `extends`.
Node merge(Node base, const Node& top);

/// Length of the UTF-8 sequence at the start of `text`, 0 when it is not one (RFC 3629). Requires:
/// not empty.
std::size_t utf8_length(std::string_view text);
/// True when all of it is UTF-8.
bool is_utf8(std::string_view text);

/// Edits (insert, delete, replace, swap neighbours) from one word to another. O(|a| |b|).
std::size_t edit_distance(std::string_view a, std::string_view b);
/// ` did you mean "x"?` with the nearest candidate, or empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fleetcache::scenario
