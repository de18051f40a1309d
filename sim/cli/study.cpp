#include "sim/cli/study.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include "analysis/binding.hpp"
#include "analysis/io/json.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/cli/assemble.hpp"
#include "sim/cli/child_jobs.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return "";
  const std::size_t start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1) + 1);
}

analysis::Variant to_variant(const analysis::Result& result) {
  return {result.metrics, result.bytes, result.binding, result.verdict, ""};
}

void put_what_if(const Raise& raise, const std::string& source,
                 const std::map<std::string, analysis::Metric>& after, analysis::Result& result) {
  analysis::Binding& binding = result.binding;
  binding.plus_10_percent = {binding.parameter, raise.from, raise.to, source,
                             analysis::changed_metrics(result.metrics, after)};
  binding.reason.clear();
}

/// Names the busiest resource and how to raise it, or says why that cannot be done.
std::optional<Raise> plan_what_if(const scenario::Loaded& loaded, const StudyOptions& options,
                                  analysis::Result& result) {
  result.binding = analysis::find_binding(result.stations);
  analysis::Binding& binding = result.binding;
  if (binding.parameter.empty() || !options.what_if) return std::nullopt;
  if (result.interrupted) {
    binding.reason = "the run was interrupted";
    return std::nullopt;
  }
  auto raise = raise_by_tenth(loaded, binding.parameter);
  if (!raise) binding.reason = binding.parameter + " is not a number of this scenario";
  return raise;
}

// ---------------------------------------------------------------------------------- simulated
// rungs

/// The base in this process, the others in children.
class SimulatedStudy {
 public:
  SimulatedStudy(const scenario::Loaded& loaded, const StudyOptions& options)
      : loaded_(loaded),
        options_(options),
        progress_(options.progress, count_jobs()),
        jobs_(interrupted(),
              [this](std::size_t job, double done) { progress_.update(job + 1, done); }) {}

  Result<StudyOutcome> run();

 private:
  std::size_t count_jobs() const {
    return 1 + (options_.variants ? loaded_.scenario.variants.size() : 0) + (options_.seeds - 1) +
           (options_.what_if ? 1 : 0);
  }
  std::size_t add_job(const std::vector<std::string>& settings,
                      const std::vector<std::string>& extra);
  void queue_companions();
  Result<probes::Record> run_base();
  Result<analysis::Result> answer_of(std::size_t job) const;
  void merge_variants(StudyOutcome& out) const;
  void merge_replicates(StudyOutcome& out) const;
  void merge_what_if(StudyOutcome& out) const;

  const scenario::Loaded& loaded_;
  const StudyOptions& options_;
  Progress progress_;
  ChildJobs jobs_;
  std::map<std::string, std::size_t> variant_jobs_;
  std::map<std::uint64_t, std::size_t> seed_jobs_;
  std::optional<Raise> raise_;
  std::size_t what_if_job_ = 0;
};

std::size_t SimulatedStudy::add_job(const std::vector<std::string>& settings,
                                    const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = {
      "run",      options_.what, "--single",   "--rung", world::name_of(options_.run.rung),
      "--format", "json",        "--progress", "json"};
  for (const std::string& setting : options_.settings) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  for (const std::string& setting : settings) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  return jobs_.add(arguments);
}

void SimulatedStudy::queue_companions() {
  if (options_.variants) {
    for (const auto& [name, settings] : loaded_.scenario.variants) {
      variant_jobs_[name] = add_job({}, {"--variant", name});
    }
  }
  for (std::uint32_t i = 1; i < options_.seeds; ++i) {
    const std::uint64_t seed = loaded_.scenario.seed + i;
    seed_jobs_[seed] = add_job({"seed=" + std::to_string(seed)}, {});
  }
}

Result<probes::Record> SimulatedStudy::run_base() {
  world::RunOptions run_options = options_.run;
  run_options.interrupted = &interrupted();
  run_options.progress = [this](double done) { progress_.update(0, done); };
  auto record = world::run(loaded_.scenario, run_options);
  progress_.update(0, 1.0);
  if (record && record->rung != world::name_of(options_.run.rung)) {
    return Error{"--rung", std::string("asked for ") + world::name_of(options_.run.rung) +
                               ", the simulation answered at rung " + record->rung};
  }
  return record;
}

Result<analysis::Result> SimulatedStudy::answer_of(std::size_t job) const {
  const ChildOutcome& outcome = jobs_.outcome(job);
  if (outcome.exit_code == -1 && outcome.errors.empty()) return Error{"", "not run: interrupted"};
  if (outcome.exit_code != kDone) {
    const std::string why = last_line(outcome.errors);
    return Error{
        "", "exit code " + std::to_string(outcome.exit_code) + (why.empty() ? "" : ", " + why)};
  }
  return analysis::io::read_result(outcome.output);
}

void SimulatedStudy::merge_variants(StudyOutcome& out) const {
  for (const auto& [name, job] : variant_jobs_) {
    const auto answer = answer_of(job);
    if (answer) {
      out.result.variants[name] = to_variant(*answer);
    } else {
      out.result.variants[name].failure = answer.error().text();
      out.failures.push_back("variant " + name + ": " + answer.error().text());
    }
  }
}

void SimulatedStudy::merge_replicates(StudyOutcome& out) const {
  for (const auto& [seed, job] : seed_jobs_) {
    const auto answer = answer_of(job);
    if (!answer) {
      out.failures.push_back("seed " + std::to_string(seed) + ": " + answer.error().text());
      continue;
    }
    out.result.manifest.seeds.push_back(seed);
    for (auto& [name, metric] : out.result.metrics) {
      const auto found = answer->metrics.find(name);
      if (found == answer->metrics.end()) continue;
      if (metric.replicates.empty()) metric.replicates.push_back(metric.value);
      metric.replicates.push_back(found->second.value);
    }
  }
}

void SimulatedStudy::merge_what_if(StudyOutcome& out) const {
  if (!raise_) return;
  const auto answer = answer_of(what_if_job_);
  if (answer) {
    put_what_if(*raise_, "a re-run", answer->metrics, out.result);
  } else {
    out.result.binding.reason = "its re-run failed: " + answer.error().text();
  }
}

Result<StudyOutcome> SimulatedStudy::run() {
  queue_companions();
  std::thread companion([this] { jobs_.work(); });
  const auto record = run_base();
  if (!record) {
    // What is still queued would answer a question that has no base.
    jobs_.cancel();
    companion.join();
    return record.error();
  }
  StudyOutcome out;
  out.result = assemble(loaded_, *record);
  raise_ = plan_what_if(loaded_, options_, out.result);
  if (raise_) what_if_job_ = add_job({raise_->setting}, {});
  jobs_.work();
  companion.join();
  merge_variants(out);
  merge_replicates(out);
  merge_what_if(out);
  return out;
}

// ------------------------------------------------------------------------------- analytic rung

Result<probes::Record> solve_with(const StudyOptions& options,
                                  const std::vector<std::string>& extra) {
  std::vector<std::string> settings = options.settings;
  settings.insert(settings.end(), extra.begin(), extra.end());
  const auto loaded = scenario::load(options.what, settings);
  if (!loaded) return loaded.error();
  return analytic::solve(loaded->scenario);
}

Result<StudyOutcome> run_analytic(const scenario::Loaded& loaded, const StudyOptions& options) {
  const auto record = analytic::solve(loaded.scenario);
  if (!record) return record.error();
  StudyOutcome out;
  out.result = assemble(loaded, *record);
  if (const auto raise = plan_what_if(loaded, options, out.result)) {
    const auto raised = solve_with(options, {raise->setting});
    if (raised) {
      const auto after = assemble(loaded, *raised);
      put_what_if(*raise, "the same closed forms", after.metrics, out.result);
    } else {
      out.result.binding.reason = raised.error().text();
    }
  }
  if (!options.variants) return out;
  for (const auto& [name, ignored] : loaded.scenario.variants) {
    const auto variant = solve_with(options, *variant_settings(loaded.scenario, name));
    if (!variant) {
      out.result.variants[name].failure = variant.error().text();
      out.failures.push_back("variant " + name + ": " + variant.error().text());
      continue;
    }
    auto answer = assemble(loaded, *variant);
    conclude(loaded, answer);
    out.result.variants[name] = to_variant(answer);
  }
  return out;
}

}  // namespace

Result<StudyOutcome> run_study(const scenario::Loaded& loaded, const StudyOptions& options) {
  auto out =
      options.analytic ? run_analytic(loaded, options) : SimulatedStudy(loaded, options).run();
  if (out) conclude(loaded, out->result);
  return out;
}

Result<std::vector<std::string>> variant_settings(const scenario::Scenario& scenario,
                                                  const std::string& name) {
  const auto found = scenario.variants.find(name);
  if (found == scenario.variants.end()) {
    std::vector<std::string> names;
    for (const auto& [known, ignored] : scenario.variants) names.push_back(known);
    const std::string near = nearest(name, names);
    return Error{"--variant", "no variant '" + name + "' in this scenario" +
                                  (near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
  std::vector<std::string> settings;
  for (const auto& [path, value] : found->second) settings.push_back(path + "=" + value);
  return settings;
}

}  // namespace fleetcache::cli
