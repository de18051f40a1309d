#include "sim/cli/trace_replay.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "policies/eviction/eviction.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/trace_flags.hpp"
#include "sim/cli/trace_replay_report.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {
namespace {

using traces::ReplayReport;

struct ReplayFlags {
  InputFlags input;
  CacheFlags caches;
  ReplayExtras extras;
  std::vector<std::string> by;
  bool timing = false;
};

Result<traces::ReplaySpec> replay_spec(const ReplayFlags& flags) {
  traces::ReplaySpec spec;
  auto policies = expand_policies(flags.caches.policies);
  if (!policies) return policies.error();
  auto capacities = parse_capacities(flags.caches.capacities);
  if (!capacities) return capacities.error();
  if (capacities->empty()) return Error{"--capacity", "is missing; want sizes of the cache"};
  spec.policies = std::move(policies).value();
  spec.capacities = std::move(capacities).value();
  spec.unit_size = flags.caches.unit_size;
  spec.recompute_next = flags.caches.recompute_next;
  spec.threads = std::max(1U, flags.caches.threads);
  spec.seed = flags.caches.seed;
  spec.watch = flags.extras.watch;
  spec.find_cold = flags.extras.gap;
  const auto belady = std::find(spec.policies.begin(), spec.policies.end(), "belady");
  if (flags.extras.gap && belady == spec.policies.end()) spec.policies.emplace_back("belady");
  spec.stop = &interrupted();
  return spec;
}

/// What the counts alone do not tell.
void print_notes(const ReplayReport& report) {
  note_requests(report.dropped, "of size 0 were left out");
  note_requests(report.deletes, "to delete were carried out and are not counted");
  for (const traces::ReplayRow& row : report.rows) {
    const std::string cache =
        row.policy + " at " +
        (report.unit_objects ? std::to_string(row.capacity) : scenario::print_bytes(row.capacity));
    // Most often a capacity meant in objects over a trace with sizes.
    const bool most = row.too_large > row.requests / 2 && !report.unit_objects;
    note_requests(row.too_large, "are for objects larger than the cache, never stored: " + cache +
                                     (most ? " (--unit-size takes every size as 1)" : ""));
    const auto wish = traces::parse_policy(row.policy);
    const bool evicts = !wish || eviction::find_policy(wish->name)->evicts;
    if (!evicts || row.not_stored <= row.too_large) continue;
    note_requests(row.not_stored - row.too_large,
                  "missed and were not stored by the policy's own limit on sizes: " + cache);
  }
}

/// Requests a CPU second of each cache, and of the whole process with reading and all.
void print_timing(const ReplayReport& report) {
  double requests = 0;
  for (const traces::ReplayRow& row : report.rows) {
    requests += static_cast<double>(row.requests);
    std::fprintf(stderr, "timing: %s at %llu: %.1f M requests per CPU second\n", row.policy.c_str(),
                 static_cast<unsigned long long>(row.capacity),
                 static_cast<double>(row.requests) / std::max(row.cpu_s, 1e-9) / 1e6);
  }
  timespec cpu{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const double process_s = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  std::fprintf(stderr,
               "timing: reading %.3f CPU s, process %.3f CPU s, all rows with reading: %.1f M "
               "requests per CPU second\n",
               report.read_cpu_s, process_s, requests / process_s / 1e6);
}

Status check_costs(const ReplayReport& report, const ReplayExtras& extras) {
  if (extras.gb_cost > 0 && report.unit_objects) {
    return Error{"--gb-cost",
                 "there are no bytes here: " + report.info.name + " is replayed in objects"};
  }
  return Nothing{};
}

void run_replay(Session& session, const ReplayFlags& flags) {
  const auto options = read_options(flags.input);
  if (!options) return fail(session, kBadInput, options.error().text());
  auto spec = replay_spec(flags);
  if (!spec) return fail(session, kBadInput, spec.error().text());
  catch_signals();
  auto progress = std::make_unique<Progress>(progress_mode(flags.input.progress), 1);
  spec->progress = [&progress](double done) { progress->update(0, done); };
  const auto report = traces::replay(flags.input.file, *options, *spec);
  progress.reset();
  if (!report) return fail(session, kBadInput, report.error().text());
  if (const Status s = check_costs(*report, flags.extras); !s) {
    return fail(session, kBadInput, s.error().text());
  }
  print_notes(*report);
  std::fputs(render_replay(*report, flags.extras, flags.input.output).c_str(), stdout);
  if (flags.timing) print_timing(*report);
  if (report->partial) {
    std::fflush(stdout);
    fail(session, interrupt_exit_code(), "interrupted: the result is partial");
  }
}

}  // namespace

void add_trace_replay(CLI::App& trace, Session& session) {
  auto* verb = trace.add_subcommand("replay", "miss counts of policies at capacities");
  const auto flags = std::make_shared<ReplayFlags>();
  add_input_flags(*verb, flags->input, {"table", "json", "md", "csv"});
  add_cache_flags(*verb, flags->caches);
  verb->add_flag("--gap", flags->extras.gap,
                 "split misses: compulsory, capacity (Belady's at this size), policy");
  verb->add_flag("--ages", flags->extras.watch.ages,
                 "ages of entries at hits and at evictions, and how many were never hit");
  verb->add_option("--by", flags->by, "tables by tenant, class")
      ->delimiter(',')
      ->check(CLI::IsMember({"tenant", "class"}));
  verb->add_option("--miss-cost", flags->extras.miss_cost,
                   "cost of a missed request: adds the cost miss ratio")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--gb-cost", flags->extras.gb_cost, "cost of 10^9 missed bytes")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--timing", flags->timing, "requests per CPU second on stderr");
  verb->callback([flags, &session] {
    for (const std::string& by : flags->by) {
      (by == "tenant" ? flags->extras.watch.tenants : flags->extras.watch.classes) = true;
    }
    run_replay(session, *flags);
  });
}

}  // namespace fleetcache::cli
