#include "sim/analytic/analytic.hpp"
#include "sim/analytic/epoch_law.hpp"
#include "sim/analytic/errors.hpp"
#include "sim/analytic/record_parts.hpp"
#include "sim/analytic/text.hpp"
#include "topologies/clusters.hpp"

namespace fleetcache::analytic {

void add_notes(const Solved& s, probes::Record& record) {
  auto& notes = record.notes;
  notes.push_back(
      "NOT SIMULATED: closed forms over the whole fleet; no request, node or queue was "
      "played.");
  notes.push_back("e_model (hit ratios): exact laws for lru and pinned; two standard errors of " +
                  percent(kMiniatureError) +
                  " for policies run in miniature; up to 0.02 for several jobs on one data set and "
                  "0.05 for KV blocks under LRU, " +
                  percent(kKvMiniatureError) + " for other policies (all measured by unit tests).");
  notes.push_back(
      "e_model (rates): one bottleneck each, max-min fair; keys spread evenly over accounts. "
      "Against the fleet rung at 110,000 nodes within 1 % (docs/validation.md).");
  notes.push_back(
      "e_model (stall): an upper estimate from independent reads; waits for other reads are "
      "means of Poisson streams, refusals (503) those of a steady overload: close to a limit the "
      "exact rung may stall more.");
  notes.push_back(
      "e_model (TTFT): waits by Lindley's recursion over a mixture of turns, within 4 % of played "
      "queues; in sweeps Allen-Cunneen, 10-20 % in light traffic.");
  notes.push_back(
      "Losses, drains and upgrades stop jobs and take copies by the plan that every rung plays; "
      "throttles, failed accounts and links and copies staged beforehand are not in the formulas, "
      "nor are per-blob limits and the control plane.");
  for (std::size_t j = 0; j < s.view.jobs.size(); ++j) {
    const JobView& job = s.view.jobs[j];
    const double every = to_seconds(job.job->checkpoint.every);
    const double drain = s.course.phases.steady.job[j].checkpoint_drain_s;
    if (drain > every && every > 0)
      notes.push_back(job.job->name + ": a checkpoint takes " + seconds(drain) +
                      " to write at the "
                      "region's accounts, longer than its interval of " +
                      seconds(every) + ": it needs more accounts or a longer interval.");
  }
  for (const ResourceAnswer& a : s.course.phases.steady.resource)
    if (a.base > a.capacity * (1 + 1e-9))
      notes.push_back(a.name + ": services and checkpoints alone ask for " +
                      amount(a.base, a.unit) + " of " + amount(a.capacity, a.unit) + " (" +
                      a.parameter + ").");
  const auto clusters = topologies::partition(s.view.fleet);
  if (clusters)
    notes.push_back("AKS: " + count(static_cast<double>(clusters->size())) +
                    (clusters->size() == 1 ? " cluster" : " clusters") +
                    " of at most 5,000 nodes, racks whole.");
}

Result<probes::Record> solve(const scenario::Scenario& scenario) {
  auto view = view_of(scenario);
  if (!view) return view.error();
  EpochLaw law;
  Solved solved{*view, design_of(scenario)};
  solved.course = course_of(*view, solved.design, law);
  solved.map = regime_map(*view, law);
  for (std::uint32_t r = 0; r < view->regions.size(); ++r)
    solved.flips.push_back(flip_points(*view, r, law));
  Design none = solved.design;
  none.cache = false;
  solved.no_cache.push_back(evaluate(*view, none, law, Parts::kTraining));
  solved.no_cache_stall = course_of(*view, none, law, {.parts = Parts::kTraining}).stall;
  auto steady = bottlenecks_of(*view, solved.design, solved.course.phases.steady);
  if (!steady) return steady.error();
  auto first = bottlenecks_of(*view, solved.design, solved.course.phases.first);
  if (!first) return first.error();
  solved.steady = std::move(steady).value();
  solved.first = std::move(first).value();
  probes::Record record;
  record.rung = "analytic";
  record.simulated = false;
  add_metrics(solved, record);
  add_stations(solved, record);
  add_bytes_and_checks(solved, record);
  add_counts(solved, record);
  add_tables(solved, record);
  add_origin_figures(solved, law, record);
  add_origin_table(solved, record);
  add_events(solved, record);
  add_derivations(solved, record);
  add_notes(solved, record);
  add_errors(solved, law, record);
  return record;
}

}  // namespace fleetcache::analytic
