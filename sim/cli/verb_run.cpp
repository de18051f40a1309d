#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/io/format.hpp"
#include "analysis/io/json.hpp"
#include "analysis/io/out_dir.hpp"
#include "analysis/io/result_report.hpp"
#include "analysis/io/timeline_plot.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/assemble.hpp"
#include "sim/cli/build_info.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/cli/child_jobs.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/cli/study.hpp"
#include "sim/cli/study_companions.hpp"
#include "sim/cli/study_rung.hpp"
#include "sim/cli/verb.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

// With `--seeds auto`, short runs are repeated under other seeds: five give a useful interval.
constexpr std::uint32_t kSeedsAuto = 5;
constexpr double kShortRun_s = 3;

struct RunFlags {
  std::string what;
  std::vector<std::string> settings;
  std::string seed;
  std::string rung;
  std::string format = "table";
  std::string out;
  std::string fail_on;
  std::string variant;
  std::string seeds = "auto";
  std::string progress = "auto";
  std::string max_memory = "24GiB";
  std::string max_time = "2h";
  bool overwrite = false;
  bool no_variants = false;
  bool no_what_if = false;
  bool quiet = false;
  bool plot = false;
  bool single = false;  ///< this process is a companion of another run
  std::string reps;
  std::string until;
  std::uint32_t reps_max = 64;
  std::string error = "quick";
  world::RunOptions run;  ///< refinements of the sampled rungs
  bool no_step_over = false;
  std::string command_line;
};

/// One call of `fleetcache run`, step by step; each step may end it.
class RunVerb {
 public:
  RunVerb(RunFlags flags, Session& session) : flags_(std::move(flags)), session_(session) {}
  void run();

 private:
  bool load();
  bool choose_rung();
  bool check_refinements();
  bool read_until();
  bool check_out();
  bool choose_seeds();
  bool simulate();
  void print() const;
  bool write_out();
  void set_exit_code();
  void say(const std::string& text) const;
  analysis::io::StudyKey key() const;
  std::string reproduce() const;
  const char* rung_name() const {
    return options_.analytic ? "analytic" : world::name_of(options_.run.rung);
  }

  RunFlags flags_;
  Session& session_;
  std::optional<scenario::Loaded> loaded_;
  world::Estimate estimate_;
  StudyOptions options_;
  StudyOutcome outcome_;
  std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
};

void RunVerb::say(const std::string& text) const {
  if (!flags_.quiet && !flags_.single) std::fprintf(stderr, "%s\n", text.c_str());
}

bool RunVerb::load() {
  if (!flags_.seed.empty()) flags_.settings.push_back("seed=" + flags_.seed);
  auto loaded = scenario::load(flags_.what, flags_.settings);
  if (loaded && !flags_.variant.empty()) {
    const auto settings = variant_settings(loaded->scenario, flags_.variant);
    if (!settings) {
      fail(session_, kBadInput, settings.error().text());
      return false;
    }
    flags_.settings.insert(flags_.settings.end(), settings->begin(), settings->end());
    loaded = scenario::load(flags_.what, flags_.settings);
  }
  if (!loaded) {
    fail(session_, kBadInput, loaded.error().text());
    return false;
  }
  loaded_ = std::move(loaded).value();
  return true;
}

/// What is out of range is an error here, not an odd run later.
bool RunVerb::check_refinements() {
  const auto refuse = [&](const char* flag, const char* range) {
    fail(session_, kBadInput, std::string(flag) + ": want " + range);
    return false;
  };
  const world::RunOptions& run = flags_.run;
  if (!(run.epsilon > 0 && run.epsilon < 1)) return refuse("--epsilon", "a number in (0, 1)");
  if (!(run.sample_factor > 0 && run.sample_factor <= 1e6)) {
    return refuse("--sample-factor", "a number in (0, 1e6]");
  }
  if (!(run.representative_factor > 0 && run.representative_factor <= 1e6)) {
    return refuse("--representative-factor", "a number in (0, 1e6]");
  }
  options_.run = run;
  options_.run.step_over = !flags_.no_step_over;
  return true;
}

bool RunVerb::choose_rung() {
  const auto memory = scenario::parse_bytes(flags_.max_memory);
  const auto time = scenario::parse_duration(flags_.max_time);
  if (!memory || !time) {
    fail(session_, kBadInput,
         !memory ? "--max-memory: " + memory.error().text() : "--max-time: " + time.error().text());
    return false;
  }
  Limits limits{static_cast<double>(*memory), static_cast<double>(*time) / 1e9, flags_.max_memory,
                flags_.max_time};
  // The run that started a companion was weighed; more samples may take a little more.
  if (flags_.single) limits.memory_bytes = limits.cpu_s = std::numeric_limits<double>::infinity();
  const std::string asked = flags_.rung.empty() ? loaded_->scenario.rung : flags_.rung;
  const auto choice = cli::choose_rung(loaded_->scenario, asked, options_.run, limits);
  if (!choice) {
    fail(session_, kRefused, choice.error().text());
    return false;
  }
  options_.analytic = choice->analytic;
  options_.run.rung = choice->rung;
  estimate_ = choice->estimate;
  if (!choice->why.empty()) say(choice->why);
  return true;
}

analysis::io::StudyKey RunVerb::key() const {
  return {loaded_->digest, rung_name(), version(), policy_digest()};
}

bool RunVerb::check_out() {
  if (flags_.out.empty()) return true;
  const Status status = analysis::io::check_directory(flags_.out, key(), flags_.overwrite);
  if (!status) fail(session_, kBadInput, "--out " + status.error().text());
  return status.ok();
}

bool RunVerb::read_until() {
  if (flags_.until.empty()) return true;
  auto rule = parse_stop_rule(flags_.until);
  if (rule) {
    const auto known = metric_names(loaded_->scenario);
    if (std::find(known.begin(), known.end(), rule->metric) == known.end()) {
      const std::string near = nearest(rule->metric, known);
      rule = Error{"--until", "no run of this scenario reports '" + rule->metric + "'" +
                                  (near.empty() ? "" : "; did you mean '" + near + "'?")};
    }
  }
  if (!rule) {
    fail(session_, kBadInput, rule.error().text());
    return false;
  }
  options_.until = std::move(rule).value();
  options_.seeds_max = flags_.reps_max;
  return true;
}

bool RunVerb::choose_seeds() {
  const std::string& asked = flags_.reps.empty() ? flags_.seeds : flags_.reps;
  if (!read_until()) return false;
  if (options_.until && flags_.reps.empty()) {
    options_.seeds = kRepsFirst;
  } else if (asked == "auto") {
    options_.seeds = estimate_.cpu_seconds <= kShortRun_s ? kSeedsAuto : 1;
  } else {
    const auto seeds = scenario::parse_count(asked);
    if (!seeds || *seeds < 1 || *seeds > 1000) {
      fail(session_, kBadInput,
           std::string(flags_.reps.empty() ? "--seeds: '" : "--reps: '") + asked + "' is not " +
               (flags_.reps.empty() ? "auto or " : "") + "1 to 1000");
      return false;
    }
    options_.seeds = static_cast<std::uint32_t>(*seeds);
  }
  options_.average = !flags_.reps.empty() || options_.until.has_value();
  if (flags_.single || options_.analytic) options_.seeds = 1;
  return true;
}

analysis::Effort effort_of(const std::string& name) {
  if (name == "none") return analysis::Effort::kNone;
  return name == "full" ? analysis::Effort::kFull : analysis::Effort::kQuick;
}

bool RunVerb::simulate() {
  options_.what = flags_.what;
  options_.settings = flags_.settings;
  options_.single = flags_.single;
  options_.effort = effort_of(flags_.error);
  // Four more seeds: publication wants their spread, however long a run takes.
  if (options_.effort == analysis::Effort::kFull && !options_.analytic) {
    options_.seeds = std::max(options_.seeds, kSeedsAuto);
  }
  options_.variants = !flags_.no_variants && !flags_.single && flags_.variant.empty();
  options_.what_if = !flags_.no_what_if && !flags_.single;
  options_.progress = flags_.quiet ? ProgressMode::kNone : progress_mode(flags_.progress);
  catch_signals();
  auto outcome = run_study(*loaded_, options_);
  if (!outcome) {
    fail(session_, kBadInput, outcome.error().text());
    return false;
  }
  outcome_ = std::move(outcome).value();
  for (const std::string& failure : outcome_.failures) {
    std::fprintf(stderr, "warning: %s\n", failure.c_str());
  }
  return true;
}

std::string quoted(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_=./:%+,@") == std::string::npos) {
    return word;
  }
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string RunVerb::reproduce() const {
  std::string command = "fleetcache run " + quoted(flags_.what);
  for (const std::string& setting : flags_.settings) command += " --set " + quoted(setting);
  command += std::string(" --rung ") + rung_name();
  if (!options_.analytic) {
    if (options_.until) {
      command += " --until " + quoted(flags_.until);
      if (!flags_.reps.empty()) command += " --reps " + std::to_string(options_.seeds);
      command += " --reps-max " + std::to_string(options_.seeds_max);
    } else {
      command += (options_.average ? " --reps " : " --seeds ") + std::to_string(options_.seeds);
    }
    for (const std::string& flag : refinement_flags(options_.run)) command += " " + flag;
    if (flags_.error != "quick") command += " --error " + flags_.error;
  }
  if (flags_.no_variants) command += " --no-variants";
  if (flags_.no_what_if) command += " --no-what-if";
  return command;
}

/// What stdout can draw curves with: by the first of the locale variables that is set, as
/// setlocale.
analysis::io::Glyphs terminal_glyphs() {
  const char* locale = nullptr;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (locale == nullptr && value != nullptr && *value != '\0') locale = value;
  }
  return analysis::io::glyphs_for(std::getenv("NO_COLOR"), std::getenv("TERM"), locale);
}

void RunVerb::print() const {
  std::string text;
  if (flags_.format == "json") {
    text = analysis::io::canonical(analysis::io::to_json(outcome_.result));
  } else {
    analysis::io::DescribeOptions options;
    options.plot = flags_.plot || !outcome_.result.timeline.marks.empty();
    options.glyphs = terminal_glyphs();
    const auto report = analysis::io::describe(outcome_.result, reproduce(), options);
    text =
        flags_.format == "md" ? analysis::io::to_markdown(report) : analysis::io::to_text(report);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

double cpu_seconds(int who) {
  rusage used{};
  getrusage(who, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

bool RunVerb::write_out() {
  if (flags_.out.empty()) return true;
  using std::chrono::duration;
  const auto now = std::chrono::system_clock::now();
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  const nlohmann::json run = {{"command_line", flags_.command_line},
                              {"host", host},
                              {"began_unix_s", duration<double>(began_.time_since_epoch()).count()},
                              {"wall_s", duration<double>(now - began_).count()},
                              {"cpu_s", cpu_seconds(RUSAGE_SELF)},
                              {"companions_cpu_s", cpu_seconds(RUSAGE_CHILDREN)},
                              {"exit_code", session_.exit_code}};
  std::map<std::string, std::string> files = {
      {"result.json", analysis::io::canonical(analysis::io::to_json(outcome_.result))},
      {"scenario.resolved.json", analysis::io::canonical(loaded_->resolved)},
      {"run.json", analysis::io::canonical(run)}};
  if (!outcome_.result.timeline.series.empty()) {
    files["timeline.csv"] = analysis::io::timeline_csv(outcome_.result.timeline);
  }
  const Status status = analysis::io::write_directory(flags_.out, files);
  if (!status) fail(session_, kRetry, "--out " + status.error().text());
  return status.ok();
}

void RunVerb::set_exit_code() {
  if (!conserved(outcome_.result)) {
    fail(session_, kInvariant, "conservation is broken: do not use these figures, report the bug");
  } else if (interrupted()) {
    fail(session_, interrupt_exit_code(), "interrupted: the figures are partial");
  } else if (!outcome_.failures.empty()) {
    session_.exit_code = kPartial;
  } else if (flags_.fail_on == "slo") {
    session_.exit_code = analysis::slo_exit_code(outcome_.result.verdict);
  }
}

void RunVerb::run() {
  if (flags_.single) end_with_parent();
  if (!load() || !check_refinements() || !choose_rung() || !check_out() || !choose_seeds() ||
      !simulate())
    return;
  set_exit_code();
  print();
  write_out();
}

void add_refinements(CLI::App& verb, RunFlags& flags) {
  verb.add_option("--epsilon", flags.run.epsilon,
                  "bundles: re-solve on such a change; default 0.05")
      ->type_name("X");
  verb.add_option("--sample-factor", flags.run.sample_factor, "fleet: times as many samples")
      ->type_name("X");
  verb.add_option("--representative-factor", flags.run.representative_factor,
                  "fleet: times as many representatives")
      ->type_name("X");
  verb.add_option("--salt", flags.run.salt, "fleet: which keys are sampled; default 0")
      ->type_name("N");
  verb.add_flag("--no-step-over", flags.no_step_over, "fleet: simulate steady stretches too");
}

void add_flags(CLI::App& verb, RunFlags& flags) {
  verb.add_option("scenario", flags.what, "scenario file or name of a preset")->required();
  verb.add_option("--set", flags.settings, "path=value: overrides one value; repeatable")
      ->take_all()
      ->expected(1)
      ->type_name("PATH=VALUE");
  verb.add_option("--seed", flags.seed, "seed of all random streams")->type_name("N");
  verb.add_option("--rung", flags.rung, "exact, bundled, fleet, analytic, or auto (by size)")
      ->check(CLI::IsMember({"exact", "bundled", "fleet", "analytic", "auto"}));
  verb.add_option("--format", flags.format, "table, json or md")
      ->check(CLI::IsMember({"table", "json", "md"}));
  verb.add_option("--out", flags.out,
                  "folder for result.json, scenario.resolved.json, run.json, timeline.csv")
      ->type_name("DIR");
  verb.add_flag("--overwrite", flags.overwrite, "let --out replace another study");
  verb.add_option("--fail-on", flags.fail_on, "slo: exit 1 when missed, 4 when undecided")
      ->check(CLI::IsMember({"slo"}));
  verb.add_flag("--no-variants", flags.no_variants, "only the base of the scenario");
  verb.add_flag("--no-what-if", flags.no_what_if, "skip the +10 % re-run");
  verb.add_option("--variant", flags.variant, "one variant instead of the base")->type_name("NAME");
  verb.add_option("--seeds", flags.seeds, "runs of the base for the seed error; auto: 5 if short")
      ->type_name("N")
      ->excludes(
          verb.add_option("--reps", flags.reps, "as --seeds, and figures are means over them")
              ->type_name("N"));
  verb.add_option("--until", flags.until, "more seeds until 'rel_ci(METRIC) < 2%'")
      ->type_name("RULE");
  verb.add_option("--reps-max", flags.reps_max, "most seeds of --until; default 64")
      ->check(CLI::Range(2, 1000))
      ->type_name("N");
  verb.add_option("--error", flags.error, "companion runs that tell the error: none, quick, full")
      ->check(CLI::IsMember({"none", "quick", "full"}));
  add_refinements(verb, flags);
  verb.add_option("--max-memory", flags.max_memory, "refuse (exit 3) above this; default 24GiB")
      ->type_name("SIZE");
  verb.add_option("--max-time", flags.max_time, "refuse (exit 3) above this CPU time; default 2h")
      ->type_name("TIME");
  verb.add_option("--progress", flags.progress, "auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb.add_flag("--plot", flags.plot, "draw the time line; default: when the scenario has events");
  verb.add_flag("--quiet", flags.quiet, "nothing on stderr but errors");
  verb.add_flag("--single", flags.single, "")->group("");
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("run", "simulate one scenario, or answer it in closed form");
  const auto flags = std::make_shared<RunFlags>();
  add_flags(*verb, *flags);
  verb->callback([flags, &session] {
    flags->command_line = session.command_line;
    RunVerb(*flags, session).run();
  });
}

}  // namespace fleetcache::cli
