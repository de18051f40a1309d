// `validate`: what the simulator measures beside the closed forms that it must agree with.

#include <sys/resource.h>

#include <cstdio>
#include <memory>

#include "sim/cli/child_jobs.hpp"
#include "sim/cli/columns.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/cli/validate_ladder.hpp"
#include "sim/cli/validate_report.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

using validation::Experiment;
using validation::Parameters;
using validation::Setting;

struct Options {
  std::vector<std::string> ids;
  std::vector<std::string> settings;
  std::string format = "table";
  bool list = false;
  int part = -1;  ///< of an experiment that takes several processes
  LadderOptions ladder;
};

/// One run to be made.
struct Point {
  const Experiment* experiment;
  Parameters parameters;
};

Result<std::string> one_child(const std::vector<std::string>& arguments) {
  ChildJobs jobs(interrupted(), [](std::size_t, double) {});
  const std::size_t job = jobs.add(arguments);
  jobs.work();
  const ChildOutcome& outcome = jobs.outcome(job);
  if (outcome.exit_code == kDone || outcome.exit_code == kMissed) return outcome.output;
  std::string why = outcome.errors;
  while (!why.empty() && why.back() == '\n') why.pop_back();
  return Error{arguments.at(1), "its process ended with " + std::to_string(outcome.exit_code) +
                                    (why.empty() ? "" : ": " + why)};
}

void add_settings(const Parameters& parameters, std::vector<std::string>& arguments) {
  for (const auto& [name, value] : parameters.values()) {
    arguments.insert(arguments.end(), {"--set", name + "=" + scenario::print_number(value)});
  }
}

validation::ProcessCost cost_of_children() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<double>(used.ru_maxrss) * 1024};
}

validation::Environment environment_of(const Point& point) {
  return {[&point](int part) {
            std::vector<std::string> arguments{"validate", point.experiment->id, "--part",
                                               std::to_string(part)};
            add_settings(point.parameters, arguments);
            return one_child(arguments);
          },
          cost_of_children};
}

Result<ValidationResult> run_here(const Point& point) {
  const auto cases = validation::run(*point.experiment, point.parameters, environment_of(point));
  if (!cases) return cases.error();
  return ValidationResult{point.experiment->id, point.parameters.values(), *cases};
}

Result<ValidationResult> run_in_child(const Point& point) {
  std::vector<std::string> arguments{"validate", point.experiment->id, "--format", "json"};
  add_settings(point.parameters, arguments);
  const Result<std::string> text = one_child(arguments);
  if (!text) return text.error();
  try {
    return from_json(nlohmann::json::parse(*text));
  } catch (const nlohmann::json::exception& error) {
    return Error{point.experiment->id, std::string("its process said: ") + error.what()};
  }
}

std::string advice(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? "" : " (did you mean \"" + near + "\"?)";
}

Result<const Experiment*> named(const std::string& id) {
  if (const Experiment* experiment = validation::find_experiment(id)) return experiment;
  std::vector<std::string> known;
  for (const Experiment& e : validation::experiments()) known.push_back(e.id);
  std::string upper = id;
  for (char& c : upper) c = c == 'v' ? 'V' : c;
  return Error{"", "unknown experiment \"" + id + "\"" + advice(upper, known) +
                       "; see 'fleetcache validate --list'"};
}

Result<Point> configured(const Experiment& experiment, const std::vector<std::string>& texts,
                         const std::vector<Setting>& table_point) {
  std::vector<Setting> settings = table_point;
  for (const std::string& text : texts) {
    Result<Setting> setting = validation::parse_setting(text, experiment.parameters, experiment.id);
    if (!setting) {
      std::vector<std::string> known;
      for (const validation::Parameter& p : experiment.parameters) known.push_back(p.name);
      const std::string name = text.substr(0, text.find('='));
      return Error{setting.error().where, setting.error().what + advice(name, known)};
    }
    settings.push_back(*setting);
  }
  Result<Parameters> parameters = Parameters::make(experiment.id, experiment.parameters, settings);
  if (!parameters) return parameters.error();
  return Point{&experiment, std::move(parameters).value()};
}

/// The named experiments at the given settings; or all of them at every point of the table.
Result<std::vector<Point>> points(const Options& options) {
  std::vector<Point> out;
  for (const std::string& id : options.ids) {
    const auto experiment = named(id);
    if (!experiment) return experiment.error();
    auto point = configured(**experiment, options.settings, {});
    if (!point) return point.error();
    out.push_back(std::move(point).value());
  }
  if (!options.ids.empty()) return out;
  if (!options.settings.empty()) return Error{"--set", "needs the id of an experiment"};
  for (const Experiment& experiment : validation::experiments()) {
    std::vector<std::vector<Setting>> table{{}};
    table.insert(table.end(), experiment.points.begin(), experiment.points.end());
    for (const auto& settings : table) {
      auto point = configured(experiment, {}, settings);
      if (!point) return point.error();
      out.push_back(std::move(point).value());
    }
  }
  return out;
}

void print(const Options& options, const std::vector<ValidationResult>& results) {
  if (options.format != "json") {
    std::printf("%s", error_table(results, options.format == "md").c_str());
    return;
  }
  nlohmann::json document = nlohmann::json::array();
  for (const ValidationResult& result : results) document.push_back(to_json(result));
  if (options.ids.size() == 1) document = document.front();
  std::printf("%s\n", document.dump(2).c_str());
}

int run_part(const Options& options, Session& session) {
  const auto todo = points(options);
  if (!todo || todo->size() != 1 || todo->front().experiment->part == nullptr) {
    fail(session, kBadInput,
         !todo ? todo.error().text() : "--part: takes one experiment that has parts");
    return session.exit_code;
  }
  const Point& point = todo->front();
  const Result<std::string> text = point.experiment->part(options.part, point.parameters);
  if (!text) {
    fail(session, kInvariant, text.error().text());
    return session.exit_code;
  }
  std::printf("%s", text->c_str());
  return kDone;
}

bool asks_for_ladder(const Options& options) {
  return options.ids.size() == 1 && options.ids.front() == "ladder";
}

void ladder(const Options& options, Session& session) {
  if (!options.settings.empty()) return fail(session, kBadInput, "--set: the ladder takes none");
  catch_signals();
  const auto outcome = climb_ladder(options.ladder);
  if (!outcome) return fail(session, kBadInput, outcome.error().text());
  std::printf("%s", options.format == "json"
                        ? (to_json(*outcome).dump(2) + "\n").c_str()
                        : ladder_text(*outcome, options.format == "md").c_str());
  if (interrupted()) {
    return fail(session, interrupt_exit_code(), "interrupted: the table is not complete");
  }
  if (!outcome->sound()) session.exit_code = kMissed;
}

void validate(const Options& options, Session& session) {
  if (asks_for_ladder(options)) return ladder(options, session);
  if (options.list) {
    std::printf("%s", options.format == "json"
                          ? (list_as_json().dump(2) + "\n").c_str()
                          : list_as_text(options.format == "md", terminal_width()).c_str());
    return;
  }
  if (options.part >= 0) {
    session.exit_code = run_part(options, session);
    return;
  }
  const auto todo = points(options);
  if (!todo) return fail(session, kBadInput, todo.error().text());
  catch_signals();
  std::vector<ValidationResult> results;
  for (const Point& point : *todo) {
    if (interrupted()) break;
    // One SimGrid engine per process: only a single run may use this one.
    const bool here = todo->size() == 1 || point.experiment->rung != "exact";
    auto result = here ? run_here(point) : run_in_child(point);
    if (interrupted()) break;
    if (!result) return fail(session, kInvariant, result.error().text());
    results.push_back(std::move(result).value());
  }
  if (interrupted()) {
    print(options, results);
    return fail(session, interrupt_exit_code(), "interrupted: the table is not complete");
  }
  print(options, results);
  for (const ValidationResult& result : results) {
    if (!result.pass()) session.exit_code = kMissed;
  }
}

}  // namespace

void add_validate(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("validate", "run validation experiments and print their errors");
  const auto options = std::make_shared<Options>();
  verb->add_option("ids", options->ids,
                   "experiments (V12 V13 ...), or ladder; none: all experiments");
  verb->add_option("--set", options->settings, "a parameter: name=value")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  verb->add_option("--format", options->format, "table, json or md")
      ->check(CLI::IsMember({"table", "json", "md"}));
  verb->add_flag("--list", options->list, "list experiments with their parameters");
  verb->add_option("--scenarios", options->ladder.scenarios,
                   "ladder: how many of each size; default 3")
      ->check(CLI::Range(1, 10'000));
  verb->add_option("--first", options->ladder.first, "ladder: number of the first; default 0");
  verb->add_option("--seed", options->ladder.seed, "ladder: draws the scenarios; default 1");
  verb->add_option("--keep", options->ladder.keep, "ladder: folder for the scenario files")
      ->type_name("DIR");
  verb->add_option("--part", options->part, "")->group("");  // of V30 and V34, for their own use
  verb->callback([options, &session] { validate(*options, session); });
}

}  // namespace fleetcache::cli
