#include "sim/scenario/schema.hpp"

#include "configs/embedded.hpp"
#include "policies/base/check.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

/// "#/definitions/NAME".
const json& definition(const json& reference) {
  return schema().at(json::json_pointer(reference.get<std::string>().substr(1)));
}

}  // namespace

const json& schema() {
  static const json parsed = [] {
    for (const configs::EmbeddedFile& file : configs::files()) {
      if (file.path == "schema/scenario.v1.schema.json") return json::parse(file.text);
    }
    check_failed(__FILE__, __LINE__, "schema", "the schema is not embedded");
  }();
  return parsed;
}

SchemaView::SchemaView() : SchemaView(schema()) {}

SchemaView::SchemaView(const json& subschema) : own_(&subschema) {
  if (subschema.contains("$ref")) {
    own_ = &definition(subschema.at("$ref"));
  } else if (subschema.contains("allOf")) {
    base_ = &definition(subschema.at("allOf").at(0).at("$ref"));
  }
}

const json* SchemaView::keyword(std::string_view name) const {
  for (const json* level : {own_, base_}) {
    if (level == nullptr) continue;
    const auto found = level->find(name);
    if (found != level->end()) return &*found;
  }
  return nullptr;
}

std::string SchemaView::text(std::string_view keyword_name) const {
  const json* value = keyword(keyword_name);
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

bool SchemaView::flag(std::string_view keyword_name) const {
  const json* value = keyword(keyword_name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

SchemaView SchemaView::child(const std::string& key) const {
  if (is_object()) {
    const json& properties = *keyword("properties");
    const auto found = properties.find(key);
    return found == properties.end() ? SchemaView(nullptr, nullptr) : SchemaView(*found);
  }
  if (is_map()) return SchemaView(*keyword("additionalProperties"));
  if (is_list()) return SchemaView(*keyword("items"));
  return {nullptr, nullptr};
}

std::vector<std::string> SchemaView::keys() const {
  std::vector<std::string> names;
  if (!is_object()) return names;
  for (const auto& [name, unused] : keyword("properties")->items()) names.push_back(name);
  return names;
}

SchemaView SchemaView::branch(const std::string& kind) const {
  const std::string discriminator = text("x-discriminator");
  for (const json& option : *keyword("anyOf")) {
    const SchemaView view(option);
    if (view.child(discriminator).text("const") == kind) return view;
  }
  return {nullptr, nullptr};
}

std::vector<std::string> SchemaView::branches() const {
  std::vector<std::string> kinds;
  for (const json& option : *keyword("anyOf")) {
    kinds.push_back(SchemaView(option).child(text("x-discriminator")).text("const"));
  }
  return kinds;
}

std::string allowed_range(const SchemaView& view) {
  std::string low = view.text("x-minimum");
  std::string high = view.text("x-maximum");
  if (low.empty()) low = view.text("minimum");
  if (high.empty()) high = view.text("maximum");
  if (low.empty() && high.empty()) return "";
  if (high.empty()) return "at least " + low;
  if (low.empty()) return "at most " + high;
  return low + " to " + high;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t dot = path.find('.', start);
    parts.emplace_back(path.substr(start, dot - start));
    if (dot == std::string_view::npos) return parts;
    start = dot + 1;
  }
}

}  // namespace fleetcache::scenario
