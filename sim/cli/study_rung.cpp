#include "sim/cli/study_rung.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "analysis/io/format.hpp"

namespace fleetcache::cli {
namespace {

// Nodes that a rung is meant for (DESIGN.md section 5): above, a coarser one tells as much.
constexpr std::uint64_t kNodesMax[] = {2'000, 10'000, 1'000'000};
constexpr double kShortWork_s = 600;

std::uint64_t nodes_max(world::Rung rung) { return kNodesMax[static_cast<std::size_t>(rung)]; }

struct Candidate {
  world::Rung rung;
  world::Estimate estimate;
  bool fits = false;
};

bool within(const Candidate& c, const Limits& limits) {
  return c.estimate.nodes <= nodes_max(c.rung) && c.estimate.memory_bytes <= limits.memory_bytes &&
         c.estimate.cpu_seconds <= limits.cpu_s;
}

std::vector<Candidate> candidates(const scenario::Scenario& scenario,
                                  const world::RunOptions& refinements, const Limits& limits,
                                  std::span<const world::Rung> built) {
  std::vector<Candidate> out;
  for (const world::Rung rung : built) {
    Candidate c{rung, world::estimate(scenario, rung, refinements.sample_factor)};
    c.fits = within(c, limits);
    out.push_back(std::move(c));
  }
  return out;
}

std::string limits_text(world::Rung rung, const Limits& limits) {
  return "limits: " + analysis::io::grouped(nodes_max(rung)) + " nodes, " + limits.memory_text +
         " (--max-memory), " + limits.time_text + " (--max-time)";
}

Error too_large(const Candidate& c, const Limits& limits, const std::string& advice) {
  return Error{"", std::string("the ") + world::name_of(c.rung) + " rung would simulate " +
                       cost_text(c.estimate) + "; " + limits_text(c.rung, limits) + ". " + advice};
}

RungChoice chosen(const Candidate& c, const std::string& why) {
  return {false, c.rung, c.estimate,
          std::string("rung ") + world::name_of(c.rung) + why + ": " + cost_text(c.estimate)};
}

Result<RungChoice> choose_automatically(const scenario::Scenario& scenario,
                                        const std::vector<Candidate>& all, const Limits& limits) {
  for (const Candidate& c : all) {
    if (c.fits && c.estimate.cpu_seconds <= kShortWork_s) {
      return chosen(c, " (auto: the most exact that is done in ten minutes)");
    }
  }
  for (const Candidate& c : all) {
    if (c.fits) return chosen(c, " (auto: the most exact within the limits)");
  }
  const auto cheapest = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.estimate.cpu_seconds < b.estimate.cpu_seconds;
  });
  const std::string only = needs_simulation(scenario);
  if (!only.empty()) {
    return too_large(*cheapest, limits,
                     "--rung analytic would leave out its " + only +
                         ", so auto does not take it; a shorter time.horizon or fewer nodes fit");
  }
  RungChoice choice;
  choice.analytic = true;
  choice.estimate = cheapest->estimate;
  choice.why = "rung analytic (auto): simulating would take " + cost_text(cheapest->estimate) +
               " at rung " + world::name_of(cheapest->rung) + "; " +
               limits_text(cheapest->rung, limits);
  return choice;
}

}  // namespace

std::string needs_simulation(const scenario::Scenario& scenario) {
  if (!scenario.events.empty()) return "events";
  if (scenario.failures.enabled) return "failures";
  for (const auto& [name, service] : scenario.inference) {
    if (!service.arrivals.trace.empty()) return "request trace";
  }
  return "";
}

std::string cost_text(const world::Estimate& e) {
  using analysis::io::quantity;
  std::string requests = quantity(e.requests, "1/s");
  requests.resize(requests.size() - 2);
  return analysis::io::grouped(e.nodes) + " nodes, about " + requests + " requests, " +
         quantity(e.memory_bytes, "B") + " of memory and " + quantity(e.cpu_seconds, "s") +
         " of CPU a run";
}

Result<RungChoice> choose_rung(const scenario::Scenario& scenario, const std::string& asked,
                               const world::RunOptions& refinements, const Limits& limits,
                               std::span<const world::Rung> built) {
  const std::vector<Candidate> all = candidates(scenario, refinements, limits, built);
  if (asked == "analytic") {
    RungChoice choice;
    choice.analytic = true;
    choice.estimate = all.back().estimate;
    return choice;
  }
  if (asked == "auto") return choose_automatically(scenario, all, limits);
  const auto same = std::find_if(
      all.begin(), all.end(), [&](const Candidate& c) { return asked == world::name_of(c.rung); });
  if (same == all.end()) return Error{"", "this build does not simulate at rung " + asked};
  if (same->fits) return chosen(*same, "");
  const auto other = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.fits; });
  return too_large(*same, limits,
                   std::string("--rung ") +
                       (other == all.end() ? "analytic answers in seconds"
                                           : world::name_of(other->rung) + std::string(" fits")));
}

}  // namespace fleetcache::cli
