#include "sim/cli/explain_result.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "analysis/result.hpp"
#include "sim/cli/columns.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {
namespace {

using nlohmann::json;

/// What a measured metric is, by the end of its name; the first that fits.
struct Meaning {
  const char* suffix;
  const char* text;
};
constexpr Meaning kMeanings[] = {
    {".goodput", "useful compute time over elapsed time of the job (after the warm-up)"},
    {"train.goodput", "goodput of all jobs, weighted by nodes"},
    {".stall", "time that the job waited for input, over elapsed time"},
    {"train.stall", "stall of all jobs, weighted by nodes"},
    {".accelerator_utilization", "compute time over compute plus stall time"},
    {".checkpoint_share", "time standing still for checkpoints, over elapsed time"},
    {".ttft_queue_mean", "mean wait of a request for a prefill slot"},
    {".ttft_fetch_mean", "mean time from a slot to the last cached block of the prompt"},
    {".ttft_prefill_mean", "mean time to compute the part of the prompt that was not cached"},
    {".ttft_mean", "mean time from arrival to first token: queue + fetch + prefill"},
    {".ttft_p50", "median time from arrival to first token"},
    {".ttft_p95", "95th percentile of the time from arrival to first token"},
    {".ttft_p99", "99th percentile of the time from arrival to first token"},
    {".slot_utilization", "share of time that prefill slots were taken"},
    {"kv.block_hit_ratio", "KV blocks found in a cache over blocks looked up"},
    {"kv.usable_block_ratio",
     "KV blocks before the first gap of their prompt over blocks looked up"},
    {"cache.byte_hit_ratio.", "bytes served by caches of the region over bytes served"},
    {"cache.hit_ratio.", "reads served by caches of the region over reads"},
    {"origin.bytes_per_second", "bytes a second that left the origin"},
    {"origin.requests_per_second", "requests a second at the origin's front end"},
    {"origin.throttled_ratio", "attempts that the front end answered with 503, over attempts"},
};

const char* meaning_of(const std::string& metric) {
  for (const Meaning& m : kMeanings) {
    const std::string part = m.suffix;
    const bool ends = metric.size() >= part.size() &&
                      metric.compare(metric.size() - part.size(), part.size(), part) == 0;
    if (ends || (part.front() != '.' && metric.rfind(part, 0) == 0)) return m.text;
  }
  return nullptr;
}

std::string number(const json& value) {
  if (value.is_null()) return "not estimated";
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value.get<double>());
  return text;
}

/// A member of an object, or an empty one: documents of other versions may lack it.
const json& member(const json& object, const std::string& key) {
  static const json kEmpty = json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kEmpty;
}

std::string text_of(const json& object, const std::string& key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// Where the scenario's values came from, when the document names a preset that still resolves to
/// the same digest; with --set the numbers differ, and the digest says so.
std::optional<scenario::Loaded> same_scenario(const json& document) {
  const std::string name = text_of(document, "scenario");
  for (const auto& [preset, summary] : scenario::presets()) {
    if (preset != name) continue;
    auto loaded = scenario::load(name, {});
    if (loaded && loaded->digest == text_of(document, "scenario_digest"))
      return std::move(loaded).value();
  }
  return std::nullopt;
}

/// `prefix` and the text behind it, as wide as the terminal.
void put(const std::string& prefix, const std::string& text) {
  std::fputs(hanging(prefix, text, terminal_width()).c_str(), stdout);
}

void print_inputs(const json& inputs, const json& document) {
  if (!inputs.is_array() || inputs.empty()) return;
  const auto loaded = same_scenario(document);
  std::printf("\n");
  put("inputs ", loaded ? "" : "(kind and source: `fleetcache show` of the scenario that was run)");
  for (const json& input : inputs) {
    if (!input.is_string()) continue;
    const std::string path = input.get<std::string>();
    if (!loaded) {
      put("  ", path);
      continue;
    }
    const auto found = loaded->provenance.find(path);
    if (found == loaded->provenance.end()) continue;  // not set, and without a default
    const scenario::Provenance& p = found->second;
    put("  ",
        path + " = " + p.text + " [" + (p.kind.empty() ? "stated" : p.kind) + "] " + p.source);
  }
}

void print_derivation(const json& derivation, const json& document) {
  std::printf("formula\n");
  put("  ", text_of(derivation, "formula"));
  const json& steps = member(derivation, "steps");
  if (steps.is_array() && !steps.empty()) std::printf("\nsteps\n");
  int n = 0;
  for (const json& step : steps)
    if (step.is_string()) put("  " + std::to_string(++n) + ". ", step.get<std::string>());
  print_inputs(member(derivation, "inputs"), document);
}

/// A simulated figure has no equation: what it measures, and how sure it is.
void print_measured(const std::string& metric, const json& document) {
  const char* meaning = meaning_of(metric);
  std::printf("measured\n");
  put("  ", meaning != nullptr ? meaning : "counted during the run");
  for (const json& e : member(document, "error")) {
    if (text_of(e, "metric") != metric) continue;
    put("  ", "error (" + text_of(e, "component") +
                  "): " + number(member(e, "abs").is_number() ? member(e, "abs") : json()) + ", " +
                  text_of(e, "estimator"));
  }
  const json& binding = member(document, "binding");
  if (!text_of(binding, "resource").empty())
    put("  ", "busiest resource of the run: " + text_of(binding, "resource"));
}

/// The bytes of a result document.
Result<std::string> read_bytes(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return Error{file, "does not exist"};
  std::ifstream in(file, std::ios::binary);
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad() || !in.eof()) return Error{file, "cannot be read"};
  return text;
}

/// The document itself: of a folder that `run --out` wrote, the one inside.
Result<std::string> document_in(const std::string& named) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(named, ignored)) return named;
  const std::filesystem::path inside = std::filesystem::path(named) / "result.json";
  if (std::filesystem::is_regular_file(inside, ignored)) return inside.string();
  return Error{named,
               "is a folder without a result.json; want a result document or the folder "
               "that `run --out` wrote"};
}

Result<json> read_document(const std::string& named) {
  const auto found = document_in(named);
  if (!found) return found.error();
  const std::string& file = *found;
  const auto text = read_bytes(file);
  if (!text) return text.error();
  json document = json::parse(*text, nullptr, false);
  if (document.is_discarded() || !document.is_object())
    return Error{file, "is no JSON document; want what `run --format json` prints"};
  if (text_of(document, "schema") != analysis::kResultSchema)
    return Error{file, "schema \"" + text_of(document, "schema") + "\" is not \"" +
                           analysis::kResultSchema + "\""};
  return document;
}

void print_list(const json& document) {
  const json &derivations = member(document, "derivations"), &metrics = member(document, "metrics");
  std::printf("%zu metrics, %zu with a derivation (--metric NAME):\n", metrics.size(),
              derivations.size());
  for (const auto& [name, derivation] : derivations.items()) std::printf("  %s\n", name.c_str());
  if (derivations.empty())
    for (const auto& [name, metric] : metrics.items()) std::printf("  %s\n", name.c_str());
}

}  // namespace

void explain_result(Session& session, const std::string& file, const std::string& metric) {
  const auto document = read_document(file);
  if (!document) return fail(session, kBadInput, "explain: " + document.error().text());
  if (metric.empty()) return print_list(*document);
  const json& metrics = member(*document, "metrics");
  const json& derivations = member(*document, "derivations");
  if (!metrics.contains(metric) && !derivations.contains(metric)) {
    std::vector<std::string> names;
    for (const auto& [name, value] : metrics.items()) names.push_back(name);
    const std::string near = nearest(metric, names);
    return fail(session, kBadInput,
                "explain: " + file + " has no metric '" + metric + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  const json& value = member(metrics, metric);
  std::printf("%s", metric.c_str());
  if (value.contains("value"))
    std::printf(" = %s %s", number(value["value"]).c_str(), text_of(value, "unit").c_str());
  const bool simulated = !document->contains("simulated") || (*document)["simulated"] != false;
  std::printf("  (%s)\n\n", simulated ? "simulated" : "NOT SIMULATED: closed form");
  if (derivations.contains(metric)) return print_derivation(derivations[metric], *document);
  if (simulated) return print_measured(metric, *document);
  const char* meaning = meaning_of(metric);
  std::printf("%s\n", meaning != nullptr ? meaning : "no derivation is kept for this metric");
}

}  // namespace fleetcache::cli
