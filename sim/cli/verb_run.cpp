#include <chrono>
#include <cstdio>
#include <memory>

#include "analysis/io/out_dir.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/assemble.hpp"
#include "sim/cli/build_info.hpp"
#include "sim/cli/check_warnings.hpp"
#include "sim/cli/child_jobs.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/run_flags.hpp"
#include "sim/cli/run_output.hpp"
#include "sim/cli/run_plan.hpp"
#include "sim/cli/study.hpp"
#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

/// One call of `fleetcache run`, step by step; each step may end it.
class RunVerb {
 public:
  RunVerb(RunFlags flags, Session& session) : flags_(std::move(flags)), session_(session) {}
  void run();

 private:
  bool check_flags();
  bool load();
  bool check_rule();
  void warn_of_unplayed() const;
  bool choose_rung();
  bool refuse_idle(const std::string& rung, bool chosen_by_user);
  bool check_out();
  bool simulate();
  void print() const;
  void write();
  void set_exit_code();
  void say(const std::string& text) const;
  bool refuse(int code, const std::string& text) const;

  RunFlags flags_;
  Session& session_;
  std::optional<scenario::Loaded> loaded_;
  StudyOptions options_;
  StudyOutcome outcome_;
  std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
};

void RunVerb::say(const std::string& text) const {
  if (!flags_.quiet && !flags_.single && !text.empty()) {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

bool RunVerb::refuse(int code, const std::string& text) const {
  fail(session_, code, text);
  return false;
}

bool RunVerb::check_flags() {
  const Status status = check_run_flags(flags_);
  return status ? true : refuse(kBadInput, status.error().text());
}

bool RunVerb::load() {
  if (!flags_.seed.empty()) flags_.settings.push_back("seed=" + flags_.seed);
  auto loaded = scenario::load(flags_.what, flags_.settings);
  if (loaded && !flags_.variant.empty()) {
    const auto settings = variant_settings(loaded->scenario, flags_.variant);
    if (!settings) return refuse(kBadInput, settings.error().text());
    flags_.settings.insert(flags_.settings.end(), settings->begin(), settings->end());
    loaded = scenario::load(flags_.what, flags_.settings);
  }
  if (!loaded) return refuse(kBadInput, loaded.error().text());
  loaded_ = std::move(loaded).value();
  return true;
}

bool RunVerb::check_rule() {
  const auto rule = stop_rule_of(flags_, loaded_->scenario);
  return rule ? true : refuse(kBadInput, rule.error().text());
}

/// The answer itself says it too (a note): stderr may be gone by the time it is read.
void RunVerb::warn_of_unplayed() const {
  for (const Error& warning : unplayed(*loaded_)) say("warning: " + warning.text());
}

/// A flag without effect is an error where the user chose the rung, and a remark where `auto` did.
bool RunVerb::refuse_idle(const std::string& rung, bool chosen_by_user) {
  if (flags_.single) return true;
  for (const std::string& line : idle_flags(flags_, rung)) {
    if (!chosen_by_user) {
      say("note: " + line);
      continue;
    }
    return refuse(kBadInput, line + (flags_.rung.empty() ? "; the scenario asks for rung " + rung +
                                                               ", --rung for another"
                                                         : ""));
  }
  return true;
}

bool RunVerb::choose_rung() {
  const auto limits = limits_of(flags_);
  if (!limits) return refuse(kBadInput, limits.error().text());
  const std::string asked = flags_.rung.empty() ? loaded_->scenario.rung : flags_.rung;
  if (asked != "auto" && !refuse_idle(asked, true)) return false;
  const auto choice =
      cli::choose_rung(loaded_->scenario, asked, price_of(flags_, *loaded_), *limits);
  if (!choice) return refuse(kRefused, choice.error().text());
  options_ =
      choice->analytic ? plan_closed(flags_) : plan_at(flags_, choice->rung, choice->cost.base);
  options_.weights = weights_of(choice->cost);
  say(choice->why);
  if (!choice->analytic) say(whole_text(choice->cost));
  return asked != "auto" || refuse_idle(rung_name(options_), false);
}

bool RunVerb::check_out() {
  if (flags_.out.empty()) return true;
  const analysis::io::StudyKey key{loaded_->digest, rung_name(options_), version(),
                                   policy_digest()};
  const Status status = analysis::io::check_directory(flags_.out, key, flags_.overwrite);
  return status ? true : refuse(kBadInput, "--out " + status.error().text());
}

bool RunVerb::simulate() {
  catch_signals();
  auto outcome = run_study(*loaded_, options_);
  if (!outcome) return refuse(kBadInput, outcome.error().text());
  outcome_ = std::move(outcome).value();
  for (const std::string& failure : outcome_.failures) {
    std::fprintf(stderr, "warning: %s\n", failure.c_str());
  }
  return true;
}

void RunVerb::print() const {
  const std::string text = output_text(flags_, options_, outcome_.result);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void RunVerb::write() {
  if (flags_.out.empty()) return;
  const Status status = write_out(flags_, *loaded_, outcome_.result, began_, session_.exit_code);
  if (!status) fail(session_, kRetry, "--out " + status.error().text());
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
  if (!check_flags() || !load() || !check_rule() || !choose_rung() || !check_out()) return;
  warn_of_unplayed();
  if (!simulate()) return;
  set_exit_code();
  print();
  write();
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("run", "simulate one scenario, or answer it in closed form");
  const auto flags = std::make_shared<RunFlags>();
  add_run_flags(*verb, *flags);
  verb->callback([verb, flags, &session] {
    flags->command_line = session.command_line;
    note_given(*verb, *flags);
    RunVerb(*flags, session).run();
  });
}

}  // namespace fleetcache::cli
