#include "sim/scenario/document.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolver.hpp"

namespace fleetcache::scenario {
namespace {

std::string line(const std::string& label, const std::string& value) {
  if (value.empty()) return "";
  return "  " + label + std::string(label.size() < 9 ? 9 - label.size() : 1, ' ') + value + "\n";
}

/// What may stand there, in words.
std::string type_of(const SchemaView& view) {
  const std::string dimension = view.text("x-quantity");
  if (!dimension.empty()) {
    const Dimension d = dimension_named(dimension).value();
    std::string out = dimension + ", e.g. " + std::string(examples(d));
    if (view.flag("x-blocks")) out += " or \"1000blocks\"";
    return out;
  }
  if (!view.text("x-number").empty()) return view.text("x-number");
  if (const auto* options = view.keyword("enum")) {
    return "one of " + joined(options->get<std::vector<std::string>>());
  }
  if (!view.text("x-registry").empty()) {
    return view.text("x-registry") + " policy: " + joined(policy_names(view.text("x-registry")));
  }
  if (view.keyword("x-discriminator") != nullptr) {
    return "object of one kind: " + joined(view.branches());
  }
  if (view.is_object()) return "object with keys " + joined(view.keys());
  if (view.is_map()) return "object of named entries";
  if (view.is_list()) return "list";
  if (const auto* constant = view.keyword("const")) return "always " + constant->dump();
  return view.text("type");
}

}  // namespace

Result<std::string> explain_key(const std::string& path) {
  SchemaView view;
  std::string walked;
  for (const std::string& key : split_path(path)) {
    std::vector<std::string> keys = view.keys();
    SchemaView next = view.child(key);
    if (view.keyword("x-discriminator") != nullptr) {
      // The kind of an entity is not part of a path: take the first kind that has the key.
      for (const std::string& kind : view.branches()) {
        const SchemaView branch = view.branch(kind);
        for (const std::string& name : branch.keys()) keys.push_back(name);
        if (!next.valid()) next = branch.child(key);
      }
    }
    if (!next.valid()) {
      const std::string hint = did_you_mean(key, keys);
      return Error{"", "unknown key \"" + key + "\"" +
                           (walked.empty() ? "" : " in \"" + walked + "\"") +
                           (keys.empty() ? "" : "; allowed " + joined(keys)) +
                           (hint.empty() ? "" : "; " + hint)};
    }
    view = next;
    walked += (walked.empty() ? "" : ".") + key;
  }
  std::string out = path + "\n  " + view.text("description") + "\n";
  out += line("type", type_of(view));
  out += line("default", view.flag("x-required") ? "none: must be set" : view.text("default"));
  out += line("allowed", allowed_range(view));
  if (const auto* range = view.keyword("x-range")) {
    out += line(
        "range",
        SchemaView(*range).valid() && range->size() == 2
            ? ((*range)[0].is_string() ? (*range)[0].get<std::string>() : (*range)[0].dump()) +
                  " to " +
                  ((*range)[1].is_string() ? (*range)[1].get<std::string>() : (*range)[1].dump()) +
                  " (plausible)"
            : "");
  }
  out += line("kind", view.text("x-kind"));
  out += line("source", view.text("x-source"));
  return out;
}

}  // namespace fleetcache::scenario
