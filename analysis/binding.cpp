#include "analysis/binding.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/error_vector.hpp"

namespace fleetcache::analysis {

std::vector<std::string> busiest(const std::map<std::string, Station>& stations,
                                 std::size_t limit) {
  std::vector<std::string> names;
  for (const auto& [name, station] : stations) names.push_back(name);
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    const Station& left = stations.at(a);
    const Station& right = stations.at(b);
    if (left.utilization_mean != right.utilization_mean) {
      return left.utilization_mean > right.utilization_mean;
    }
    return left.utilization_p99 > right.utilization_p99;
  });
  if (names.size() > limit) names.resize(limit);
  return names;
}

bool is_compute(const std::string& station) { return station.rfind("gpu.", 0) == 0; }

Binding find_binding(const std::map<std::string, Station>& stations) {
  Binding binding;
  bool has_compute = false;
  double least_compute = 1;
  for (const auto& [name, station] : stations) {
    if (!is_compute(name)) continue;
    has_compute = true;
    least_compute = std::min(least_compute, station.utilization_mean);
  }
  const bool compute_binds = has_compute && least_compute >= kComputeBinds;
  std::string bound;
  for (const std::string& name : busiest(stations, stations.size())) {
    const bool candidate = is_compute(name) ? compute_binds : !compute_binds;
    if (candidate && bound.empty()) bound = name;
  }
  if (bound.empty() && !stations.empty()) bound = busiest(stations, 1).front();
  if (bound.empty()) {
    binding.reason = "no station was reported";
    return binding;
  }
  const Station& station = stations.at(bound);
  binding.resource = bound;
  binding.p99_util = station.utilization_p99;
  binding.mean_util = station.utilization_mean;
  binding.parameter = station.parameter;
  binding.reason =
      station.parameter.empty() ? "no single parameter sets this resource" : "not asked for";
  return binding;
}

std::vector<std::string> idle_parameters(const std::map<std::string, Station>& stations) {
  std::map<std::string, double> busiest_of;  // parameter -> highest utilisation
  for (const auto& [name, station] : stations) {
    if (station.parameter.empty()) continue;
    double& highest = busiest_of[station.parameter];
    highest = std::max({highest, station.utilization_p99, station.utilization_mean});
  }
  std::vector<std::string> idle;
  for (const auto& [parameter, utilization] : busiest_of) {
    if (utilization < kIdle) idle.push_back(parameter);
  }
  return idle;
}

std::vector<std::string> without_effect(const Result& result,
                                        const std::vector<Objective>& judged) {
  if (!result.binding.plus_10_percent) return {};
  const WhatIf& what_if = *result.binding.plus_10_percent;
  std::size_t compared = 0;
  for (const Objective& objective : judged) {
    const std::string& metric = objective.metric;
    if (result.metrics.count(metric) == 0) continue;
    ++compared;
    const auto change = what_if.changes.find(metric);
    if (change == what_if.changes.end()) continue;
    const bool known = result.simulated && !has_unknown_error(result.error, metric);
    const double allowed = known ? total_error(result.error, metric) : 0;
    if (std::abs(change->second.second - change->second.first) > allowed) return {};
  }
  if (compared == 0) return {};
  return {what_if.parameter};
}

std::map<std::string, std::pair<double, double>> changed_metrics(
    const std::map<std::string, Metric>& before, const std::map<std::string, Metric>& after) {
  std::map<std::string, std::pair<double, double>> changes;
  for (const auto& [name, metric] : before) {
    const auto found = after.find(name);
    if (found == after.end()) continue;
    const double old_value = metric.value;
    const double new_value = found->second.value;
    const double size = std::max(std::abs(old_value), std::abs(new_value));
    if (std::abs(new_value - old_value) > 1e-9 * size) changes[name] = {old_value, new_value};
  }
  return changes;
}

}  // namespace fleetcache::analysis
