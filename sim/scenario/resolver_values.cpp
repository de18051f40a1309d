/// The leaves: quantities, counts, names and switches, and how they are printed back.
#include <algorithm>

#include "policies/admission/admission.hpp"
#include "policies/eviction/eviction.hpp"
#include "policies/placement/placement.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolver.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

/// One number of a dimension: whole where a decision may depend on it.
Result<json> parse_as(Dimension dimension, std::string_view text) {
  const auto wrap = [](auto result) -> Result<json> {
    if (!result) return result.error();
    return json(*result);
  };
  switch (dimension) {
    case Dimension::kBytes:
      return wrap(parse_bytes(text));
    case Dimension::kBytesPerSecond:
      return wrap(parse_bytes_per_second(text));
    case Dimension::kDuration:
      return wrap(parse_duration(text));
    case Dimension::kRate:
      return wrap(parse_rate(text));
    case Dimension::kRatio:
      return wrap(parse_ratio(text));
    case Dimension::kMoneyPerGb:
      return wrap(parse_money_per_gb(text));
    case Dimension::kMoneyPerHour:
      return wrap(parse_money_per_hour(text));
  }
  return Error{"", "has no dimension"};
}

/// Bounds are texts with units (x-minimum) or plain numbers (minimum).
json bound(const SchemaView& view, const char* plain, const char* with_unit) {
  if (const json* number = view.keyword(plain)) return *number;
  const std::string text = view.text(with_unit);
  if (text.empty()) return {};
  auto parsed = parse_as(dimension_named(view.text("x-quantity")).value(), text);
  FLEETCACHE_CHECK(parsed.ok(), "a bound in the schema does not parse");
  return *parsed;
}

/// As `show` names it: a file with its line, a preset, "default" or "--set".
std::string origin_of(const Place& place) {
  if (!place.source || place.source->kind == Source::Kind::kFile) return place.text();
  return place.source->kind == Source::Kind::kSet ? "--set" : place.source->label;
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBool:
      return "true or false";
    case Node::Kind::kNumber:
      return "a number";
    case Node::Kind::kString:
      return "a string";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kObject:
      return "an object";
  }
  return "";
}

bool is_number_key(const SchemaView& view) {
  return view.keyword("x-quantity") != nullptr || view.keyword("x-number") != nullptr;
}

json Resolver::quantity(const SchemaView& view, const Node& node, const Path& path) {
  Provenance& source = provenance[path.dotted];
  const Node* scalar = &node;
  if (node.is_object()) {
    scalar = node.find("value");
    for (const Member& member : node.members) {
      const std::vector<std::string> keys = {"value", "kind", "source", "date"};
      const std::vector<std::string> kinds = {"measured", "published", "vendor", "assumed",
                                              "choice"};
      const bool known = std::find(keys.begin(), keys.end(), member.key) != keys.end();
      const bool bad_kind = member.key == "kind" &&
                            std::find(kinds.begin(), kinds.end(), member.value.text) == kinds.end();
      if (!known) {
        fail_key(member.place, path.child(member.key), "unknown key", joined(keys),
                 did_you_mean(member.key, keys));
      } else if (member.key != "value" && !member.value.is_string()) {
        fail(member.value, path.child(member.key), "is not a string");
      } else if (bad_kind) {
        fail(member.value, path.child(member.key), "is unknown", joined(kinds),
             did_you_mean(member.value.text, kinds));
      }
    }
    if (scalar == nullptr) {
      fail_key(node.place, path, "the key \"value\" is missing in an annotated value");
      return {};
    }
  }
  const Source* file = node.place.source.get();
  const bool is_default = file != nullptr && file->kind == Source::Kind::kDefault;
  source.origin = origin_of(node.place);
  source.kind = is_default || view.text("x-kind") == "choice" ? view.text("x-kind") : "assumed";
  source.source = is_default ? view.text("x-source") : "";
  if (const Node* kind = node.find("kind")) source.kind = kind->text;
  if (const Node* citation = node.find("source")) source.source = citation->text;
  if (const Node* date = node.find("date")) source.source += " (" + date->text + ")";
  source.text = scalar->text;
  const std::string dimension = view.text("x-quantity");
  if (!dimension.empty()) source.unit = base_unit(dimension_named(dimension).value());
  return parsed(view, *scalar, path);
}

json Resolver::parsed(const SchemaView& view, const Node& scalar, const Path& path) {
  const std::string dimension_name = view.text("x-quantity");
  if (dimension_name.empty()) {
    if (scalar.kind != Node::Kind::kNumber) {
      fail(scalar, path, "is " + kind_name(scalar.kind) + ", not a plain number",
           allowed_range(view));
      return {};
    }
    json number;
    std::string problem;
    if (view.text("x-number") == "integer") {
      auto count = parse_count(scalar.text);
      if (count) number = *count;
      if (!count) problem = count.error().what;
    } else {
      auto real = parse_number(scalar.text);
      if (real) number = *real;
      if (!real) problem = real.error().what;
    }
    if (!problem.empty()) fail(scalar, path, problem, allowed_range(view));
    if (problem.empty() && in_range(view, number, scalar, path)) return number;
    return {};
  }
  const Dimension dimension = dimension_named(dimension_name).value();
  const bool plain_ok = dimension == Dimension::kRatio;
  if (!scalar.is_string() && !(plain_ok && scalar.kind == Node::Kind::kNumber)) {
    // Not worth an "is a number": the missing unit is what the writer has to mend.
    auto unitless = scalar.kind == Node::Kind::kNumber ? parse_as(dimension, scalar.text)
                                                       : Result<json>(Error{"", ""});
    const std::string why = !unitless && !unitless.error().what.empty()
                                ? unitless.error().what
                                : "is " + kind_name(scalar.kind) + " (want e.g. " +
                                      std::string(examples(dimension)) + ")";
    fail(scalar, path, why, allowed_range(view));
    return {};
  }
  if (view.flag("x-blocks") && counts_blocks(scalar.text)) {
    auto blocks = parse_blocks(scalar.text);
    if (blocks) {
      pending_.push_back({path.dotted, scalar, path, *blocks});
    } else {
      fail(scalar, path, blocks.error().what);
    }
    return std::uint64_t{0};
  }
  auto number = parse_as(dimension, scalar.text);
  if (!number) {
    fail(scalar, path, number.error().what, allowed_range(view));
    return {};
  }
  return in_range(view, *number, scalar, path) ? *number : json();
}

bool Resolver::in_range(const SchemaView& view, const json& number, const Node& node,
                        const Path& path) {
  const json low = bound(view, "minimum", "x-minimum");
  const json high = bound(view, "maximum", "x-maximum");
  if (!low.is_null() && number < low) {
    fail(node, path, "is too small", allowed_range(view));
    return false;
  }
  if (!high.is_null() && number > high) {
    fail(node, path, "is too large", allowed_range(view));
    return false;
  }
  return true;
}

json Resolver::text(const SchemaView& view, const Node& node, const Path& path) {
  const bool from_set = node.place.source && node.place.source->kind == Source::Kind::kSet;
  Provenance& source = provenance[path.dotted];
  source.origin = origin_of(node.place);
  source.text = node.text;
  if (const json* constant = view.keyword("const")) {
    const std::string wanted = view.text("const");
    if (node.text != wanted) fail(node, path, "is not understood", wanted);
    return *constant;
  }
  if (const json* options = view.keyword("enum")) {
    const auto names = options->get<std::vector<std::string>>();
    if (std::find(names.begin(), names.end(), node.text) == names.end() || !node.is_string()) {
      fail(node, path, "is unknown", joined(names), did_you_mean(node.text, names));
    }
    return node.text;
  }
  const bool scalar = node.kind != Node::Kind::kList && node.kind != Node::Kind::kObject;
  if (view.flag("x-scalar")) {
    if (!scalar) fail(node, path, "is " + kind_name(node.kind), "a string, number or true/false");
    return node.text;
  }
  if (view.text("type") == "boolean") {
    if (node.kind != Node::Kind::kBool) {
      fail(node, path, "is " + kind_name(node.kind), "true, false");
    }
    return node.text == "true";
  }
  if (!node.is_string() && !(from_set && scalar)) {
    fail(node, path, "is " + kind_name(node.kind), "a string");
    return {};
  }
  if (view.keyword("x-registry") != nullptr && !known_policy(view, node, path)) return {};
  return node.text;
}

std::vector<std::string> policy_names(const std::string& registry) {
  std::vector<std::string> names;
  const auto collect = [&](const auto& policies) {
    for (const auto& policy : policies) names.emplace_back(policy.name);
  };
  if (registry == "eviction") collect(eviction::policies());
  if (registry == "placement") collect(placement::policies());
  if (registry == "admission") collect(admission::policies());
  return names;
}

bool Resolver::known_policy(const SchemaView& view, const Node& node, const Path& path) {
  const std::string registry = view.text("x-registry");
  const bool known = registry == "eviction"    ? eviction::find_policy(node.text) != nullptr
                     : registry == "placement" ? placement::find_policy(node.text) != nullptr
                                               : admission::find_policy(node.text) != nullptr;
  if (known) return true;
  std::vector<std::string> names = policy_names(registry);
  if (registry == "eviction") {
#define EVICTION_POLICY(ident, name, summary)
#define EVICTION_ALIAS(alias, name) names.emplace_back(alias);
#include "policies/eviction/eviction_policies.def"
#undef EVICTION_ALIAS
#undef EVICTION_POLICY
  }
  fail(node, path, "is no " + registry + " policy", joined(names), did_you_mean(node.text, names));
  return false;
}

void Resolver::blocks_to_bytes(json& resolved) {
  if (pending_.empty()) return;
  std::vector<std::uint64_t> sizes;
  for (const auto& [name, workload] : resolved.at("workloads").items()) {
    if (workload.at("kind") != "infer") continue;
    sizes.push_back(workload.at("block_tokens").get<std::uint64_t>() *
                    workload.at("kv_bytes_per_token").get<std::uint64_t>());
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  for (const PendingBlocks& pending : pending_) {
    if (sizes.size() != 1) {
      fail(pending.node, pending.path,
           sizes.empty() ? "counts KV blocks, but there is no inference service"
                         : "counts KV blocks, but inference services differ in block size",
           "an amount in bytes, e.g. \"12TB\"");
      continue;
    }
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(pending.blocks, sizes[0], &bytes)) {
      fail(pending.node, pending.path, "is too large (at most 18.4EB)");
      continue;
    }
    json* target = &resolved;
    SchemaView view;
    for (const std::string& key : split_path(pending.dotted)) {
      target = &target->at(key);
      view = view.child(key);
    }
    if (in_range(view, json(bytes), pending.node, pending.path)) *target = bytes;
  }
}

json print_value(const SchemaView& view, const json& number) {
  const std::string name = view.text("x-quantity");
  if (name.empty()) return number;
  switch (dimension_named(name).value()) {
    case Dimension::kBytes:
      return print_bytes(number.get<std::uint64_t>());
    case Dimension::kBytesPerSecond:
      return print_bytes_per_second(number.get<double>());
    case Dimension::kDuration:
      return print_duration(number.get<std::int64_t>());
    case Dimension::kRate:
      return print_rate(number.get<double>());
    case Dimension::kRatio:
      return number;
    case Dimension::kMoneyPerGb:
      return print_money_per_gb(number.get<double>());
    case Dimension::kMoneyPerHour:
      return print_money_per_hour(number.get<double>());
  }
  return number;
}

json to_document(const SchemaView& view, const json& resolved) {
  if (is_number_key(view)) return print_value(view, resolved);
  if (!resolved.is_structured()) return resolved;
  json out = resolved.is_array() ? json::array() : json::object();
  const SchemaView branch = view.keyword("x-discriminator") == nullptr
                                ? view
                                : view.branch(resolved.at(view.text("x-discriminator")));
  for (const auto& [key, item] : resolved.items()) {
    json printed = to_document(branch.child(resolved.is_array() ? "" : key), item);
    resolved.is_array() ? out.push_back(std::move(printed)) : void(out[key] = std::move(printed));
  }
  return out;
}

}  // namespace fleetcache::scenario
