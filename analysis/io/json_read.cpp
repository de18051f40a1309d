#include <algorithm>

#include "analysis/io/json.hpp"

namespace fleetcache::analysis::io {
namespace {

using nlohmann::json;

// A number that was not finite was written as null.
double number(const json& value) { return value.is_number() ? value.get<double>() : 0.0; }

void read_metrics(const json& document, analysis::Result& out) {
  for (const auto& [name, item] : document.at("metrics").items()) {
    Metric& metric = out.metrics[name];
    metric.value = number(item.at("value"));
    metric.unit = item.at("unit").get<std::string>();
    if (item.contains("standard_error")) metric.standard_error = number(item["standard_error"]);
  }
}

void read_verdicts(const json& document, analysis::Result& out) {
  for (const json& item : document.at("verdict")) {
    Verdict verdict;
    verdict.objective = {item.at("objective").get<std::string>(), item.at("relation") == "<",
                         number(item.at("limit"))};
    const auto state = item.at("state").get<std::string>();
    verdict.state = state == "met"      ? State::kMet
                    : state == "missed" ? State::kMissed
                                        : State::kUndecided;
    if (item.at("value").is_number()) verdict.value = item["value"].get<double>();
    if (verdict.value && item.at("ci").is_array()) {
      // The end that was not clipped is the half width away.
      verdict.ci = std::max(number(item["ci"].at(1)) - *verdict.value,
                            *verdict.value - number(item["ci"].at(0)));
    }
    verdict.unit = item.at("unit").get<std::string>();
    verdict.margin = number(item.at("margin"));
    verdict.error = number(item.at("error"));
    verdict.error_known = !verdict.value || item.at("interval").is_array();
    verdict.reason = item.at("reason").get<std::string>();
    out.verdict.push_back(verdict);
  }
}

void read_errors(const json& document, analysis::Result& out) {
  for (const json& item : document.at("error")) {
    ErrorTerm term;
    term.component = item.at("component").get<std::string>();
    term.metric = item.at("metric").get<std::string>();
    if (item.at("abs").is_number()) term.abs = item["abs"].get<double>();
    term.estimator = item.at("estimator").get<std::string>();
    term.external = item.at("external").get<bool>();
    out.error.push_back(std::move(term));
  }
}

void read_stations(const json& document, analysis::Result& out) {
  for (const auto& [name, item] : document.at("stations").items()) {
    out.stations[name] = {number(item.at("mean_util")), number(item.at("p99_util")),
                          number(item.at("capacity")), item.at("unit").get<std::string>(),
                          item.at("parameter").get<std::string>()};
  }
  const json& binding = document.at("binding");
  out.binding.resource = binding.at("resource").get<std::string>();
  out.binding.p99_util = number(binding.at("p99_util"));
  out.binding.mean_util = number(binding.at("mean_util"));
  out.binding.parameter = binding.at("parameter").get<std::string>();
  out.binding.reason = binding.at("reason").get<std::string>();
}

}  // namespace

fleetcache::Result<analysis::Result> read_result(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || document.value("schema", "") != kResultSchema) {
    return Error{"", std::string("not a result document (schema ") + kResultSchema + ")"};
  }
  try {
    analysis::Result out;
    out.scenario = document.at("scenario").get<std::string>();
    out.scenario_digest = document.at("scenario_digest").get<std::string>();
    out.rung = document.at("rung").get<std::string>();
    out.interrupted = document.at("interrupted").get<bool>();
    out.manifest.version = document.at("manifest").at("version").get<std::string>();
    out.manifest.policy_digest = document.at("manifest").at("policy_digest").get<std::string>();
    document.at("bytes").get_to(out.bytes);
    read_metrics(document, out);
    read_verdicts(document, out);
    read_errors(document, out);
    read_stations(document, out);
    return out;
  } catch (const json::exception& error) {
    return Error{"", std::string("not a whole result document: ") + error.what()};
  }
}

}  // namespace fleetcache::analysis::io
