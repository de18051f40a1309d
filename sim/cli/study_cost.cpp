#include "sim/cli/study_cost.hpp"

#include <algorithm>
#include <map>

#include "analysis/io/format.hpp"
#include "sim/cli/study_companions.hpp"

namespace fleetcache::cli {
namespace {

StudyJob job_of(const std::string& kind, const world::Estimate& e) {
  return {kind, e.cpu_seconds, e.memory_bytes};
}

/// "2 variants", "1 seed".
std::string counted(std::size_t n, const std::string& kind) {
  return std::to_string(n) + " " + kind + (n == 1 ? "" : "s");
}

}  // namespace

double StudyCost::cpu_s() const {
  double sum = 0;
  for (const StudyJob& job : jobs) sum += job.cpu_s;
  return sum;
}

double StudyCost::memory_bytes() const {
  double largest = 0, second = 0;
  for (const StudyJob& job : jobs) {
    second = std::max(second, std::min(largest, job.memory_bytes));
    largest = std::max(largest, job.memory_bytes);
  }
  return largest + second;
}

StudyCost cost_of(const scenario::Loaded& loaded, const StudyOptions& options,
                  const world::Estimate& base) {
  StudyCost cost;
  cost.base = base;
  cost.at_least = options.until.has_value();
  cost.jobs.push_back(job_of("base", base));
  const world::Rung rung = options.run.rung;
  if (options.variants) {
    for (const auto& [name, unused] : loaded.scenario.variants) {
      auto settings = options.settings;
      const auto own = variant_settings(loaded.scenario, name);
      settings.insert(settings.end(), own->begin(), own->end());
      const auto variant = scenario::load(options.what, settings);
      // Variants were loaded with their scenario; one that no longer does counts as the base.
      cost.jobs.push_back(job_of(
          "variant", variant ? world::estimate(variant->scenario, rung, options.run.sample_factor,
                                               options.run.representative_factor)
                             : base));
    }
  }
  using Factors = std::pair<double, double>;
  std::map<Factors, world::Estimate> known;  // estimates read request traces: once each
  known[{options.run.sample_factor, options.run.representative_factor}] = base;
  for (const CompanionRun& companion : companion_runs(options.run, options.effort)) {
    const Factors factors = {companion.options.sample_factor,
                             companion.options.representative_factor};
    if (known.count(factors) == 0) {
      known[factors] = world::estimate(loaded.scenario, rung, factors.first, factors.second);
    }
    cost.jobs.push_back(job_of("companion", known[factors]));
  }
  for (std::uint32_t i = 1; i < options.seeds; ++i) cost.jobs.push_back(job_of("seed", base));
  if (options.what_if) cost.jobs.push_back(job_of("+10 % re-run", base));
  cost.raises = options.what_if;
  return cost;
}

std::string whole_text(const StudyCost& cost) {
  if (cost.jobs.size() < 2 && !cost.at_least) return "";
  std::map<std::string, std::size_t> kinds;
  for (const StudyJob& job : cost.jobs) ++kinds[job.kind];
  std::string list = "base";
  for (const char* kind : {"variant", "companion", "seed"}) {
    if (kinds.count(kind) > 0) list += ", " + counted(kinds.at(kind), kind);
  }
  if (cost.raises) list += ", +10 % re-run";
  using analysis::io::quantity;
  return (cost.at_least ? "at least " : "all ") + std::to_string(cost.jobs.size()) + " runs (" +
         list + "), two at once: " + quantity(cost.memory_bytes(), "B") + " of memory and " +
         quantity(cost.cpu_s(), "s") + " of CPU";
}

std::vector<double> weights_of(const StudyCost& cost) {
  std::vector<double> weights;
  for (const StudyJob& job : cost.jobs) weights.push_back(job.cpu_s);
  return weights;
}

TimeLeft::TimeLeft(std::vector<double> weights, bool raises)
    : weights_(std::move(weights)), raises_(raises && weights_.size() > 1) {
  if (weights_.empty()) weights_ = {1};
  // A run that costs nothing would never count.
  for (double& weight : weights_) weight = std::max(weight, 1e-9);
}

double TimeLeft::weight(std::size_t job) const {
  return job < weights_.size() ? weights_[job] : weights_.front();
}

double TimeLeft::share(const std::vector<double>& done) const {
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < std::max(done.size(), weights_.size()); ++i) {
    all += weight(i);
    if (i < done.size()) sum += weight(i) * done[i];
  }
  return sum / all;
}

std::optional<double> TimeLeft::seconds(const std::vector<double>& done, double base_s) const {
  if (done.empty() || done.front() < 0.01 || base_s <= 0) return std::nullopt;
  const std::size_t jobs = std::max(done.size(), weights_.size());
  const auto left = [&](std::size_t job) {
    return weight(job) * (1 - (job < done.size() ? done[job] : 0.0));
  };
  const double base = left(0);
  double workers[2] = {base, 0};
  const std::size_t raise = raises_ ? weights_.size() - 1 : jobs;
  for (std::size_t i = 1; i < jobs; ++i) {
    if (i != raise) *std::min_element(workers, workers + 2) += left(i);
  }
  if (raise < jobs) {
    double& worker = *std::min_element(workers, workers + 2);
    worker = std::max(worker, base) + left(raise);
  }
  const double speed = weight(0) * done.front() / base_s;
  return std::max(workers[0], workers[1]) / speed;
}

}  // namespace fleetcache::cli
