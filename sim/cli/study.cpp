#include "sim/cli/study.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <thread>

#include "analysis/binding.hpp"
#include "analysis/io/json.hpp"
#include "sim/analytic/analytic.hpp"
#include "sim/cli/assemble.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/cli/child_jobs.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/cli/study_companions.hpp"
#include "sim/cli/study_cost.hpp"
#include "sim/cli/study_verdicts.hpp"
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
        left_(options.weights, options.what_if),
        progress_(options.progress, left_.jobs(),
                  [this](const std::vector<double>& done, double base_s) {
                    return Progress::Outlook{left_.share(done), left_.seconds(done, base_s)};
                  }),
        jobs_(interrupted(),
              [this](std::size_t job, double done) { progress_.update(job + 1, done); }) {}

  Result<StudyOutcome> run();

 private:
  std::size_t add_job(const std::vector<std::string>& settings,
                      const std::vector<std::string>& extra, const world::RunOptions& run);
  void queue_companions();
  std::thread start_beside();
  void work();
  void add_seeds(std::uint32_t first, std::uint32_t end);
  Result<probes::Record> run_base();
  Result<analysis::Result> answer_of(std::size_t job) const;
  bool cut_short(std::size_t job) const;
  void file_failure(std::size_t job, const std::string& text, StudyOutcome& out);
  void mark_interrupted(StudyOutcome& out) const;
  void merge_variants(StudyOutcome& out);
  void merge_replicates(StudyOutcome& out);
  void repeat_until(StudyOutcome& out);
  void merge_companions(StudyOutcome& out);
  void merge_what_if(StudyOutcome& out);

  const scenario::Loaded& loaded_;
  const StudyOptions& options_;
  TimeLeft left_;
  Progress progress_;
  ChildJobs jobs_;
  std::map<std::string, std::size_t> variant_jobs_;
  std::map<std::uint64_t, std::size_t> seed_jobs_;  // not yet merged
  std::vector<std::pair<CompanionRun::Kind, std::size_t>> companion_jobs_;
  std::optional<Raise> raise_;
  std::size_t what_if_job_ = 0;
  std::size_t cut_short_ = 0;  ///< runs that the interrupt left without a whole answer
};

std::size_t SimulatedStudy::add_job(const std::vector<std::string>& settings,
                                    const std::vector<std::string>& extra,
                                    const world::RunOptions& run) {
  std::vector<std::string> arguments = {
      "run",      options_.what, "--single",   "--rung", world::name_of(run.rung),
      "--format", "json",        "--progress", "json",   "--error",
      "none"};
  const auto refinements = refinement_flags(run);
  arguments.insert(arguments.end(), refinements.begin(), refinements.end());
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
      variant_jobs_[name] = add_job({}, {"--variant", name}, options_.run);
    }
  }
  for (const CompanionRun& companion : companion_runs(options_.run, options_.effort)) {
    companion_jobs_.emplace_back(companion.kind, add_job({}, {}, companion.options));
  }
  add_seeds(1, options_.seeds);
}

/// Seeds that follow the base's, from the `first`-th up to, and without, the `end`-th.
void SimulatedStudy::add_seeds(std::uint32_t first, std::uint32_t end) {
  for (std::uint32_t i = first; i < end; ++i) {
    const std::uint64_t seed = loaded_.scenario.seed + i;
    seed_jobs_[seed] = add_job({"seed=" + std::to_string(seed)}, {}, options_.run);
  }
}

/// A thread that waits for children. Interrupts go to the main thread alone: it holds them back
/// while SimGrid, which would end the process on one, is being set up.
std::thread SimulatedStudy::start_beside() {
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  std::thread thread([this] { jobs_.work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

/// Two at a time: this thread waits for one child, another thread for the other.
void SimulatedStudy::work() {
  std::thread other = start_beside();
  jobs_.work();
  other.join();
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

/// True for a run that was never started, or told to stop, because this one was interrupted.
bool SimulatedStudy::cut_short(std::size_t job) const {
  const ChildOutcome& outcome = jobs_.outcome(job);
  if (!interrupted()) return false;
  return (outcome.exit_code == -1 && outcome.errors.empty()) || outcome.exit_code == kInterrupted ||
         outcome.exit_code == kRetry;
}

/// What was cut short is told once, with its number; what failed by itself is a failure each.
void SimulatedStudy::file_failure(std::size_t job, const std::string& text, StudyOutcome& out) {
  if (cut_short(job)) {
    ++cut_short_;
  } else {
    out.failures.push_back(text);
  }
}

Result<analysis::Result> SimulatedStudy::answer_of(std::size_t job) const {
  const ChildOutcome& outcome = jobs_.outcome(job);
  if (cut_short(job)) return Error{"", "not run to its end: interrupted"};
  if (outcome.exit_code != kDone) {
    const std::string why = last_line(outcome.errors);
    return Error{
        "", "exit code " + std::to_string(outcome.exit_code) + (why.empty() ? "" : ", " + why)};
  }
  return analysis::io::read_result(outcome.output);
}

void SimulatedStudy::merge_variants(StudyOutcome& out) {
  for (const auto& [name, job] : variant_jobs_) {
    const auto answer = answer_of(job);
    if (answer) {
      out.result.variants[name] = to_variant(*answer);
      out.variant_errors[name] = answer->error;
    } else {
      out.result.variants[name].failure = answer.error().text();
      file_failure(job, "variant " + name + ": " + answer.error().text(), out);
    }
  }
}

void SimulatedStudy::merge_replicates(StudyOutcome& out) {
  for (const auto& [seed, job] : seed_jobs_) {
    const auto answer = answer_of(job);
    if (!answer) {
      file_failure(job, "seed " + std::to_string(seed) + ": " + answer.error().text(), out);
      continue;
    }
    if (out.result.interrupted) continue;  // a whole run is no replicate of a part of one
    out.result.manifest.seeds.push_back(seed);
    for (auto& [name, metric] : out.result.metrics) {
      const auto found = answer->metrics.find(name);
      if (found == answer->metrics.end()) continue;
      if (metric.replicates.empty()) metric.replicates.push_back(metric.value);
      metric.replicates.push_back(found->second.value);
    }
  }
  seed_jobs_.clear();
}

void SimulatedStudy::repeat_until(StudyOutcome& out) {
  if (!options_.until) return;
  auto seeds = options_.seeds;
  while (seeds < options_.seeds_max && !interrupted() && out.failures.empty() &&
         !satisfied(*options_.until, out.result)) {
    const std::uint32_t end = std::min(seeds + kRepsStep, options_.seeds_max);
    add_seeds(seeds, end);
    seeds = end;
    work();
    merge_replicates(out);
  }
  if (!interrupted() && !satisfied(*options_.until, out.result)) {
    out.failures.push_back("--until " + options_.until->metric + ": not reached after " +
                           std::to_string(seeds) + " seeds (--reps-max)");
  }
}

void SimulatedStudy::merge_companions(StudyOutcome& out) {
  out.result.evidence.effort = options_.effort;
  out.result.evidence.epsilon = options_.run.epsilon;
  for (const auto& [kind, job] : companion_jobs_) {
    const auto answer = answer_of(job);
    if (!answer) {
      file_failure(job, "companion run: " + answer.error().text(), out);
    } else if (!out.result.interrupted) {
      add_companion(kind, *answer, out.result.evidence.companions);
    }
  }
}

void SimulatedStudy::merge_what_if(StudyOutcome& out) {
  if (!raise_) return;
  const auto answer = answer_of(what_if_job_);
  if (answer) {
    put_what_if(*raise_, "a re-run", answer->metrics, out.result);
  } else {
    if (cut_short(what_if_job_)) ++cut_short_;
    out.result.binding.reason = "its re-run failed: " + answer.error().text();
  }
}

/// The base may be whole when the interrupt came: what was to stand beside it is missing, and the
/// answer is a part of the one asked for all the same.
void SimulatedStudy::mark_interrupted(StudyOutcome& out) const {
  if (!interrupted()) return;
  const bool whole = !out.result.interrupted;
  out.result.interrupted = true;
  std::string note = whole ? "Interrupted after the base had run to its end"
                           : "Interrupted before the base had run to its end";
  if (cut_short_ > 0) {
    note += "; without a whole answer: " + std::to_string(cut_short_) + " of " +
            std::to_string(jobs_.size()) + " runs beside it";
  }
  if (whole && options_.seeds > 1) {
    note += "; seeds: " + std::to_string(out.result.manifest.seeds.size()) + " of " +
            (options_.until ? "at least " : "") + std::to_string(options_.seeds);
  }
  out.result.notes.push_back(note + ".");
}

Result<StudyOutcome> SimulatedStudy::run() {
  queue_companions();
  std::thread companion = start_beside();
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
  if (raise_) what_if_job_ = add_job({raise_->setting}, {}, options_.run);
  jobs_.work();
  companion.join();
  merge_variants(out);
  merge_what_if(out);
  merge_companions(out);
  merge_replicates(out);
  repeat_until(out);
  if (options_.average && !out.result.interrupted) average(out.result);
  mark_interrupted(out);
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
  const EndsAtOnce no_parts;
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
  if (!out) return out;
  for (const Error& warning : unplayed(loaded)) {
    // Without the place in the file, which is no part of an answer.
    out->result.notes.push_back(warning.what + ".");
  }
  conclude(loaded, out->result);
  judge_variants(*out);
  name_inputs(options, out->result);
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
