#include "sim/scenario/loader.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "policies/base/hash.hpp"
#include "sim/scenario/assemble.hpp"
#include "sim/scenario/events.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolver.hpp"
#include "sim/scenario/typed.hpp"

namespace fleetcache::scenario {

using nlohmann::json;

namespace {

/// Lists that are sets: their order in the file must not reach the digest.
void sort_sets(json& resolved) {
  for (json& link : resolved.at("links")) {
    std::sort(link.at("between").begin(), link.at("between").end());
  }
  for (const char* key : {"links", "events"}) {
    json& list = resolved.at(key);
    std::sort(list.begin(), list.end(),
              [](const json& a, const json& b) { return a.dump() < b.dump(); });
  }
}

std::string digest_of(json resolved) {
  sort_sets(resolved);
  // Names of files come from outside and may be any bytes.
  const std::string dumped = resolved.dump(-1, ' ', false, json::error_handler_t::replace);
  char buffer[17];
  std::snprintf(buffer, sizeof buffer, "%016llx",
                static_cast<unsigned long long>(hash_name(dumped)));
  return buffer;
}

/// Checks a merged document and types it. Errors are added; the value is sound without them.
Loaded finish(const Node& document, std::vector<Error>& errors) {
  Loaded loaded;
  Resolver resolver;
  loaded.resolved = resolver.resolve(document);
  loaded.provenance = std::move(resolver.provenance);
  errors.insert(errors.end(), resolver.errors.begin(), resolver.errors.end());
  if (!errors.empty()) return loaded;
  const PlacedErrors placed(resolver.places, errors);
  loaded.scenario = to_scenario(loaded.resolved, placed);
  if (errors.empty()) cross_check(loaded.scenario, placed);
  if (!errors.empty()) return loaded;
  return loaded;
}

/// The scalar at a path of the resolved document, spelt as in a file.
std::optional<json> spelling_at(const json& resolved, const std::string& path) {
  const json* at = &resolved;
  SchemaView view;
  std::vector<std::string> parts = split_path(path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (view.flag("x-dotted-keys")) {
      for (std::size_t j = i + 1; j < parts.size(); ++j) parts[i] += "." + parts[j];
      parts.resize(i + 1);
    }
    if (at->is_array()) {
      const auto index = parse_count(parts[i]);
      if (!index || *index < 0 || *index >= static_cast<std::int64_t>(at->size())) {
        return std::nullopt;
      }
      at = &at->at(static_cast<std::size_t>(*index));
    } else {
      if (!at->is_object() || !at->contains(parts[i])) return std::nullopt;
      at = &at->at(parts[i]);
    }
    view = view.child(parts[i]);
    if (view.keyword("x-discriminator") != nullptr) {
      view = view.branch(at->at(view.text("x-discriminator")).get<std::string>());
    }
  }
  if (at->is_structured()) return std::nullopt;
  return to_document(view, *at);
}

/// Every variant is loaded as well, so that its settings are checked and spelt alike.
void check_variants(const Node& document, Loaded& loaded, std::vector<Error>& errors) {
  const Node* variants = document.find("variants");
  if (variants == nullptr) return;
  for (const Member& variant : variants->members) {
    Node changed = document;
    changed.erase("variants");
    std::vector<Error> found;
    for (const Member& setting : variant.value.members) {
      if (auto status = apply_setting(changed, {setting.key, setting.value}); !status) {
        found.push_back(Error{setting.place.text(), status.error().what});
      }
    }
    if (auto status = fill_like(changed); !status) found.push_back(status.error());
    if (found.empty()) {
      const Loaded other = finish(changed, found);
      if (found.empty()) {
        auto& settings = loaded.scenario.variants[variant.key];
        json& resolved = loaded.resolved.at("variants").at(variant.key);
        for (auto& [path, value] : settings) {
          const auto spelt = spelling_at(other.resolved, path);
          if (!spelt) continue;
          resolved[path] = *spelt;
          value = spelt->is_string() ? spelt->get<std::string>() : spelt->dump();
        }
      }
    }
    for (Error& error : found) {
      error.what += " (in variant \"" + variant.key + "\")";
      errors.push_back(std::move(error));
    }
  }
}

Loaded load_document(Result<Node> document, const std::string& what,
                     const std::vector<std::string>& settings, std::vector<Error>& errors) {
  if (!document) {
    errors.push_back(document.error());
    return {};
  }
  for (const std::string& text : settings) {
    auto setting = parse_setting(text);
    const Status status = setting ? apply_setting(*document, *setting) : Status(setting.error());
    if (!status) errors.push_back(status.error());
  }
  if (document->find("name") == nullptr) {
    const std::string stem = what.substr(what.rfind('/') + 1);
    Node name;
    name.kind = Node::Kind::kString;
    name.text = is_utf8(stem) ? stem.substr(0, stem.rfind('.')) : "unnamed";
    name.place = document->place;
    document->set("name", document->place, std::move(name));
  }
  const Node before_like = *document;
  if (auto status = fill_like(*document); !status) errors.push_back(status.error());
  if (!errors.empty()) return {};
  Loaded loaded = finish(*document, errors);
  if (errors.empty()) check_variants(before_like, loaded, errors);
  if (errors.empty()) loaded.digest = digest_of(loaded.resolved);
  return loaded;
}

Result<Loaded> first_of(Loaded loaded, const std::vector<Error>& errors) {
  if (errors.empty()) return loaded;
  return errors.front();
}

}  // namespace

Result<Loaded> load(const std::string& what, const std::vector<std::string>& settings) {
  std::vector<Error> errors;
  Loaded loaded = load_document(read_extended(what), what, settings, errors);
  return first_of(std::move(loaded), errors);
}

Result<Loaded> load_text(const std::string& text, const std::string& label) {
  std::vector<Error> errors;
  Loaded loaded = load_document(read_extended_text(text, label), label, {}, errors);
  return first_of(std::move(loaded), errors);
}

std::vector<Error> problems(const std::string& what, const std::vector<std::string>& settings) {
  std::vector<Error> errors;
  load_document(read_extended(what), what, settings, errors);
  return errors;
}

json standalone(const Loaded& loaded) {
  json out = to_document(SchemaView(), loaded.resolved);
  for (json& event : out.at("events")) {
    for (const char* key : kEventTexts) {
      if (event.at(key).is_null()) event.erase(key);
    }
    // A resolved event has every key; written down, those of other kinds would be errors.
    for (const auto& [key, verbs] : event_keys()) {
      const bool belongs = std::any_of(verbs.begin(), verbs.end(), [&](std::string_view verb) {
        return event.contains(std::string(verb));
      });
      if (!belongs) event.erase(key);
    }
  }
  return out;
}

}  // namespace fleetcache::scenario
