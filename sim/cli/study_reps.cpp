#include "sim/cli/study_reps.hpp"

#include <cmath>
#include <regex>

#include "analysis/statistics.hpp"

namespace fleetcache::cli {

Result<StopRule> parse_stop_rule(const std::string& text) {
  static const std::regex form(
      R"(\s*rel_ci\(\s*([^\s()]+)\s*\)\s*<\s*([0-9]*\.?[0-9]+)\s*(%?)\s*)");
  std::smatch parts;
  if (!std::regex_match(text, parts, form)) {
    return Error{"--until", "'" + text + "' is not of the form 'rel_ci(METRIC) < 2%'"};
  }
  StopRule rule{parts[1], std::stod(parts[2]) / (parts[3].length() > 0 ? 100 : 1)};
  if (!(rule.relative > 0 && rule.relative < 1)) {
    return Error{"--until", "the limit of '" + text + "' is not between 0 and 100 %"};
  }
  return rule;
}

bool satisfied(const StopRule& rule, const analysis::Result& result) {
  const auto found = result.metrics.find(rule.metric);
  if (found == result.metrics.end() || found->second.replicates.size() < kRepsFirst) return false;
  const double mean = std::abs(analysis::mean(found->second.replicates));
  return mean > 0 && analysis::confidence_95(found->second.replicates) < rule.relative * mean;
}

void average(analysis::Result& result) {
  const std::size_t seeds = result.manifest.seeds.size();
  if (seeds < 2) return;
  for (auto& [name, metric] : result.metrics) {
    if (metric.replicates.size() != seeds) continue;
    metric.value = analysis::mean(metric.replicates);
    metric.averaged = true;
  }
  result.evidence.reps = static_cast<std::uint32_t>(seeds);
  result.notes.push_back("Figures are means over " + std::to_string(seeds) +
                         " seeds; bytes, resources, variants and the +10 % re-run are of seed " +
                         std::to_string(result.manifest.seeds.front()) + ".");
}

}  // namespace fleetcache::cli
