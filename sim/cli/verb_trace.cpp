// `trace`: traces without a fleet around them. Subcommands of any size have a file of their own.

#include <cstdio>
#include <memory>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/trace_curve.hpp"
#include "sim/cli/trace_flags.hpp"
#include "sim/cli/trace_import.hpp"
#include "sim/cli/trace_log.hpp"
#include "sim/cli/trace_regions.hpp"
#include "sim/cli/trace_replay.hpp"
#include "sim/cli/trace_report.hpp"
#include "sim/cli/trace_tune.hpp"
#include "sim/cli/verb.hpp"
#include "sim/traces/synth.hpp"

namespace fleetcache::cli {
namespace {

struct SynthFlags {
  std::string kind;
  std::string file;
  bool overwrite = false;
  traces::SynthOptions options;
};

void run_stats(Session& session, const InputFlags& flags) {
  const auto options = read_options(flags);
  if (!options) return fail(session, kBadInput, options.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.progress), 1);
  const auto stats = traces::trace_stats(
      flags.file, *options,
      {&interrupted(), [&progress](double done) { progress->update(0, done); }});
  progress.reset();
  if (!stats) return fail(session, kBadInput, stats.error().text());
  note_requests(stats->dropped, "of size 0 were left out");
  std::fputs(render_stats(*stats, flags.output).c_str(), stdout);
  if (stats->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

void run_synth(Session& session, SynthFlags flags) {
  const auto kind = traces::parse_synth_kind(flags.kind);
  if (!kind) return fail(session, kBadInput, kind.error().text());
  flags.options.kind = *kind;
  const auto ids = traces::synthesize(flags.options);
  if (!ids) return fail(session, kBadInput, ids.error().text());
  const Status written = traces::write_oracle_general(flags.file, *ids, flags.overwrite);
  if (!written) return fail(session, kBadInput, written.error().text());
  std::fprintf(stderr, "%s: %zu requests written\n", flags.file.c_str(), ids->size());
}

void add_stats(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("stats", "popularity, sizes, reuse, LRU miss-ratio curve");
  const auto flags = std::make_shared<InputFlags>();
  add_input_flags(*verb, *flags, {"table", "json"});
  verb->callback([flags, &session] { run_stats(session, *flags); });
}

void add_synth(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("synth", "write a synthetic trace (oracleGeneral)");
  const auto flags = std::make_shared<SynthFlags>();
  verb->add_option("--kind", flags->kind, "zipf, loop or epoch")->required();
  verb->add_option("--objects", flags->options.objects, "ids are 1..N")->required();
  verb->add_option("--requests", flags->options.requests, "of zipf and loop");
  verb->add_option("--epochs", flags->options.epochs, "of epoch: every id once in each");
  verb->add_option("--seed", flags->options.seed, "of zipf and epoch (42)");
  verb->add_option("-o,--output", flags->file, "the file to write")->required();
  verb->add_flag("--overwrite", flags->overwrite, "replace an existing file");
  verb->callback([flags, &session] { run_synth(session, *flags); });
}

}  // namespace

void add_trace(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("trace", "traces: statistics, policy replay, synthesis");
  verb->require_subcommand(1);
  add_stats(*verb, session);
  add_trace_replay(*verb, session);
  add_trace_curve(*verb, session);
  add_trace_tune(*verb, session);
  add_synth(*verb, session);
  add_trace_regions(*verb, session);
  add_trace_import(*verb, session);
  add_trace_log(*verb, session);
}

}  // namespace fleetcache::cli
