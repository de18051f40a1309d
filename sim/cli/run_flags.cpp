#include "sim/cli/run_flags.hpp"

#include <algorithm>
#include <array>

#include "sim/cli/study_reps.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

constexpr std::uint32_t kSeedsMost = 1000;

/// A flag that only some rungs obey.
struct RungFlag {
  const char* flag;
  bool exact, bundled, fleet, analytic;
  const char* simulated;  ///< why not at a simulating rung
  const char* closed;     ///< why not at the analytic rung
  bool obeyed(const std::string& rung) const {
    return rung == "exact"     ? exact
           : rung == "bundled" ? bundled
           : rung == "fleet"   ? fleet
                               : analytic;
  }
};

constexpr const char* kEveryKey = "every key of every node is simulated";
constexpr const char* kNoDraw = "closed forms draw nothing";
constexpr RungFlag kRungFlags[] = {
    {"--epsilon", false, true, true, false, "no transfers are bundled", "nothing is bundled"},
    {"--sample-factor", false, false, true, false, kEveryKey, kNoDraw},
    {"--representative-factor", false, false, true, false, kEveryKey, kNoDraw},
    {"--salt", false, false, true, false, kEveryKey, kNoDraw},
    {"--no-step-over", false, false, true, false, "nothing is stepped over",
     "nothing is stepped over"},
    {"--seeds", true, true, true, false, "", kNoDraw},
    {"--reps", true, true, true, false, "", kNoDraw},
    {"--until", true, true, true, false, "", kNoDraw},
    {"--error", true, true, true, false, "", "closed forms have no companion runs"},
    {"--plot", true, true, true, false, "", "closed forms have no time line"},
};

std::string rungs_of(const RungFlag& rule) {
  std::string out;
  for (const char* rung : {"exact", "bundled", "fleet", "analytic"}) {
    if (rule.obeyed(rung)) out += (out.empty() ? "" : ", ") + std::string(rung);
  }
  return out;
}

/// True where the value asks for no more than the rung does anyway.
bool asks_nothing(const RunFlags& flags, const std::string& flag) {
  if (flag == "--error") return flags.error == "none";
  if (flag == "--seeds") return flags.seeds == "auto" || flags.seeds == "1";
  return false;
}

Status check_count(const char* flag, const std::string& text, bool automatic) {
  if (automatic && text == "auto") return Nothing{};
  const auto count = scenario::parse_count(text);
  if (count && *count >= 1 && *count <= kSeedsMost) return Nothing{};
  return Error{flag, "'" + text + "' is not " + (automatic ? "auto or " : "") + "1 to " +
                         std::to_string(kSeedsMost)};
}

Status check_refinements(const world::RunOptions& run) {
  if (!(run.epsilon > 0 && run.epsilon < 1)) {
    return Error{"--epsilon", "want a number in (0, 1)"};
  }
  if (!(run.sample_factor > 0 && run.sample_factor <= 1e6)) {
    return Error{"--sample-factor", "want a number in (0, 1e6]"};
  }
  if (!(run.representative_factor > 0 && run.representative_factor <= 1e6)) {
    return Error{"--representative-factor", "want a number in (0, 1e6]"};
  }
  return Nothing{};
}

Status check_repetitions(const RunFlags& flags) {
  const auto given = [&](const char* flag) { return flags.given.count(flag) > 0; };
  if (given("--reps-max") && !given("--until")) {
    return Error{"--reps-max", "means nothing without --until, whose seeds it limits"};
  }
  if (given("--until") && given("--seeds")) {
    return Error{"--seeds",
                 "means nothing with --until, which decides; --reps N is where it starts"};
  }
  if (Status status = check_count("--seeds", flags.seeds, true); !status) return status;
  if (flags.reps.empty()) return Nothing{};
  return check_count("--reps", flags.reps, false);
}

/// The limit of --until: at least what its rule looks at first.
Status check_most(const RunFlags& flags) {
  if (flags.until.empty()) return Nothing{};
  const std::string value = std::to_string(flags.reps_max);
  if (flags.reps_max < kRepsFirst || flags.reps_max > kSeedsMost) {
    return Error{"--reps-max", value + " is not " + std::to_string(kRepsFirst) +
                                   " (the seeds after which --until looks first) to " +
                                   std::to_string(kSeedsMost)};
  }
  if (!flags.reps.empty() && *scenario::parse_count(flags.reps) > flags.reps_max) {
    return Error{"--reps-max", value + " is below --reps " + flags.reps};
  }
  return Nothing{};
}

/// Digits only: a sign would be taken for a very large number.
std::string whole_number(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : "'" + text + "' is not a whole number from 0 on";
}

void add_refinements(CLI::App& verb, RunFlags& flags) {
  verb.add_option("--epsilon", flags.run.epsilon,
                  "bundled, fleet: bundles are solved again on such a change; default 0.05")
      ->type_name("X");
  verb.add_option("--sample-factor", flags.run.sample_factor, "fleet: times as many samples")
      ->type_name("X");
  verb.add_option("--representative-factor", flags.run.representative_factor,
                  "fleet: times as many representatives")
      ->type_name("X");
  verb.add_option("--salt", flags.run.salt, "fleet: which keys are sampled; default 0")
      ->check(CLI::Validator(whole_number, ""))
      ->type_name("N");
  verb.add_flag("--no-step-over", flags.no_step_over, "fleet: simulate steady stretches too");
}

void add_repetitions(CLI::App& verb, RunFlags& flags) {
  verb.add_option("--seeds", flags.seeds, "runs of the base for the seed error; auto: 5 if short")
      ->type_name("N")
      ->excludes(
          verb.add_option("--reps", flags.reps, "as --seeds, and figures are means over them")
              ->type_name("N"));
  verb.add_option("--until", flags.until, "more seeds until 'rel_ci(METRIC) < 2%'")
      ->type_name("RULE");
  verb.add_option("--reps-max", flags.reps_max, "most seeds of --until, from 5 on; default 64")
      ->type_name("N");
  verb.add_option("--error", flags.error, "companion runs that tell the error: none, quick, full")
      ->check(CLI::IsMember({"none", "quick", "full"}));
}

}  // namespace

void add_run_flags(CLI::App& verb, RunFlags& flags) {
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
  add_repetitions(verb, flags);
  add_refinements(verb, flags);
  verb.add_option("--max-memory", flags.max_memory,
                  "refuse (exit 3) when all runs want more; default 24GiB")
      ->type_name("SIZE");
  verb.add_option("--max-time", flags.max_time,
                  "refuse (exit 3) when all runs want more CPU time; default 2h")
      ->type_name("TIME");
  verb.add_option("--progress", flags.progress, "auto, bar, line, json or none")
      ->check(CLI::IsMember({"auto", "bar", "line", "json", "none"}));
  verb.add_flag("--plot", flags.plot, "draw the time line; default: when the scenario has events");
  verb.add_flag("--quiet", flags.quiet, "nothing on stderr but errors");
  verb.add_flag("--single", flags.single, "")->group("");
}

void note_given(const CLI::App& verb, RunFlags& flags) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->count() > 0) flags.given.insert(option->get_name());
  }
}

Status check_run_flags(const RunFlags& flags) {
  for (const Status& status :
       {check_refinements(flags.run), check_repetitions(flags), check_most(flags)}) {
    if (!status) return status;
  }
  if (flags.overwrite && flags.out.empty()) {
    return Error{"--overwrite", "means nothing without --out, whose folder it is about"};
  }
  return Nothing{};
}

std::vector<std::string> idle_flags(const RunFlags& flags, const std::string& rung) {
  std::vector<std::string> out;
  for (const RungFlag& rule : kRungFlags) {
    if (flags.given.count(rule.flag) == 0 || rule.obeyed(rung)) continue;
    if (asks_nothing(flags, rule.flag)) continue;
    out.push_back(std::string(rule.flag) + ": means nothing at rung " + rung + ", where " +
                  (rung == "analytic" ? rule.closed : rule.simulated) + "; it belongs to rung " +
                  rungs_of(rule));
  }
  return out;
}

}  // namespace fleetcache::cli
