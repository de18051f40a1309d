#include "analysis/io/error_section.hpp"

#include <algorithm>
#include <map>

#include "analysis/aggregate_terms.hpp"
#include "analysis/error_vector.hpp"
#include "analysis/interval.hpp"
#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

using Terms = std::map<std::string, std::map<std::string, const ErrorTerm*>>;  // metric, component

std::string term_text(const Result& r, const Terms& by_metric, const std::string& metric,
                      const std::string& component) {
  const auto& terms = by_metric.at(metric);
  const auto found = terms.find(component);
  if (found == terms.end()) return "-";
  const Metric& m = r.metrics.at(metric);
  if (!found->second->abs) return "?";
  return quantity(possible_error(m.value, m.unit, *found->second->abs), m.unit);
}

/// A metric a row, or, with more components than fit 80 columns, a component a row.
void put_error_grid(const Result& r, const std::vector<std::string>& metrics,
                    const std::vector<std::string>& components, const Terms& by_metric,
                    Section& section) {
  constexpr std::size_t kColumnsThatFit = 5;
  const bool upright = components.size() <= kColumnsThatFit;
  const std::vector<std::string>& columns = upright ? components : metrics;
  section.columns = {upright ? "metric" : "component"};
  section.columns.insert(section.columns.end(), columns.begin(), columns.end());
  if (upright) section.columns.emplace_back("sum");
  for (const std::string& name : upright ? metrics : components) {
    std::vector<std::string> row = {name};
    for (const std::string& column : columns) {
      row.push_back(upright ? term_text(r, by_metric, name, column)
                            : term_text(r, by_metric, column, name));
    }
    if (upright) row.push_back(summed_error(r, name));
    section.rows.push_back(row);
  }
  if (upright) return;
  std::vector<std::string> sum = {"sum"};
  for (const std::string& metric : metrics) sum.push_back(summed_error(r, metric));
  section.rows.push_back(sum);
}

}  // namespace

double possible_error(double value, const std::string& unit, double half_width) {
  return interval_of(value, unit, half_width).half_width(value);
}

void add_once(const std::string& word, std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

std::string summed_error(const Result& r, const std::string& name) {
  const auto found = r.metrics.find(name);
  const bool unknown = has_unknown_error(r.error, name);
  const double sum = total_error(r.error, name);
  if (found == r.metrics.end() || (sum == 0 && unknown)) return "?";
  const Metric& m = found->second;
  return (unknown ? "> " : "") + quantity(possible_error(m.value, m.unit, sum), m.unit);
}

std::optional<Section> error_section(const Result& r, const std::vector<std::string>& names) {
  if (r.error.empty()) return std::nullopt;
  std::vector<std::string> components;
  Terms by_metric;
  std::vector<std::string> estimators;
  bool of_parts = false;
  for (const ErrorTerm& term : r.error) {
    if (std::find(names.begin(), names.end(), term.metric) == names.end()) continue;
    add_once(term.component, components);
    by_metric[term.metric][term.component] = &term;
    std::string estimator = term.estimator;
    if (estimator.rfind(kToldByParts, 0) == 0) {
      estimator.erase(0, std::string(kToldByParts).size());
      of_parts = true;
    }
    // The cut of the warm-up differs from metric to metric; the document has each.
    add_once(term.component + ": " + estimator.substr(0, estimator.find(": drops")), estimators);
  }
  if (of_parts) {
    estimators.emplace_back(
        "figures of all jobs have the errors of the jobs, weighted by their time, where these say "
        "more");
  }
  Section section{"ERRORS (±, 95 %)", {}, {}, estimators};
  std::vector<std::string> metrics;
  for (const std::string& name : names) {
    if (by_metric.count(name) > 0) metrics.push_back(name);
  }
  put_error_grid(r, metrics, components, by_metric, section);
  return section;
}

}  // namespace fleetcache::analysis::io
