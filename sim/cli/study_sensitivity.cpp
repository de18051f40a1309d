#include "sim/cli/study_sensitivity.hpp"

#include <cmath>
#include <optional>

#include "policies/base/math.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/cli/assemble.hpp"
#include "sim/scenario/loader.hpp"

namespace fleetcache::cli {
namespace {

using Metrics = std::map<std::string, probes::Metric>;

/// Figures of the closed forms without their tables: the regime map costs a hundred times as much.
/// `law` remembers miniature runs: most inputs leave the caches alone.
std::optional<Metrics> figures(const scenario::Scenario& scenario, analytic::EpochLaw& law) {
  const auto view = analytic::view_of(scenario);
  if (!view) return std::nullopt;
  analytic::Solved solved{*view, analytic::design_of(scenario)};
  solved.course = analytic::course_of(*view, solved.design, law);
  // Their figures are not asked for; the writer wants one of each.
  solved.flips.resize(view->regions.size());
  solved.no_cache.push_back(solved.course.phases.steady);
  probes::Record record;
  analytic::add_metrics(solved, record);
  return std::move(record.metrics);
}

/// "regions.east.blob.egress" and the same of another region are one input: one source, one doubt.
std::string shared_name(const std::string& path) {
  constexpr const char* kRegions = "regions.";
  if (path.rfind(kRegions, 0) != 0) return path;
  const std::size_t end = path.find('.', std::string(kRegions).size());
  return end == std::string::npos ? path : "regions.*" + path.substr(end);
}

struct Input {
  std::vector<std::string> settings;
  double ratio = 1;
  std::string text;  ///< the first region's value
};

std::map<std::string, Input> assumed_inputs(const scenario::Loaded& loaded) {
  std::map<std::string, Input> inputs;
  for (const auto& [path, provenance] : loaded.provenance) {
    if (provenance.kind != "assumed") continue;
    const auto raise = raise_by_tenth(loaded, path);
    if (!raise || raise->ratio <= 0 || raise->ratio == 1) continue;
    Input& input = inputs[shared_name(path)];
    if (input.settings.empty()) {
      input.ratio = raise->ratio;
      input.text = raise->from;
    }
    input.settings.push_back(raise->setting);
  }
  return inputs;
}

}  // namespace

std::map<std::string, std::vector<analysis::Sensitivity>> assumed_sensitivities(
    const std::string& what, const std::vector<std::string>& settings,
    const std::set<std::string>& metrics) {
  std::map<std::string, std::vector<analysis::Sensitivity>> out;
  const auto loaded = scenario::load(what, settings);
  if (!loaded) return out;
  analytic::EpochLaw law;
  const auto before = figures(loaded->scenario, law);
  if (!before) return out;
  for (const auto& [name, input] : assumed_inputs(*loaded)) {
    std::vector<std::string> raised = settings;
    raised.insert(raised.end(), input.settings.begin(), input.settings.end());
    const auto other = scenario::load(what, raised);
    const auto after = other ? figures(other->scenario, law) : std::nullopt;
    if (!after) continue;  // a tenth more is not allowed there
    for (const std::string& metric : metrics) {
      const auto was = before->find(metric), is = after->find(metric);
      if (was == before->end() || is == after->end()) continue;
      const double change = is->second.value - was->second.value;
      if (std::abs(change) <= 1e-9 * std::abs(was->second.value)) continue;
      out[metric].push_back({name, input.text, change / portable_log(input.ratio)});
    }
  }
  return out;
}

}  // namespace fleetcache::cli
