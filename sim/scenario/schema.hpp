/// The schema file as the resolver sees it. The file is the single source: keys, defaults, bounds,
/// units and help are nowhere else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace fleetcache::scenario {

/// One place in the schema: a subschema with its $ref followed, where the keys beside an `allOf`
/// override those of what it refers to. Cheap to copy; lives as long as the schema.
class SchemaView {
 public:
  /// The root.
  SchemaView();
  explicit SchemaView(const nlohmann::json& subschema);

  /// A keyword's value, or null.
  const nlohmann::json* keyword(std::string_view name) const;
  std::string text(std::string_view keyword_name) const;  ///< "" when absent
  bool flag(std::string_view keyword_name) const;         ///< false when absent

  bool is_object() const { return keyword("properties") != nullptr; }
  bool is_map() const { return flag("x-map"); }
  bool is_list() const { return keyword("items") != nullptr; }
  /// The subschema of a key of an object or map; invalid when there is none.
  SchemaView child(const std::string& key) const;
  bool valid() const { return own_ != nullptr; }
  /// Names of an object's properties, sorted.
  std::vector<std::string> keys() const;
  /// Of a union (x-discriminator): the branch whose discriminator is `kind`; invalid when none.
  SchemaView branch(const std::string& kind) const;
  /// Values of the discriminator of a union.
  std::vector<std::string> branches() const;

 private:
  SchemaView(const nlohmann::json* own, const nlohmann::json* base) : own_(own), base_(base) {}
  const nlohmann::json* own_ = nullptr;
  const nlohmann::json* base_ = nullptr;
};

/// "1B to 10EB", "at least 0", or "" without bounds.
std::string allowed_range(const SchemaView& view);

/// "a.b.0.c" cut at its dots.
std::vector<std::string> split_path(std::string_view path);

}  // namespace fleetcache::scenario
