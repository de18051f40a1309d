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
constexpr const char* kAlone = "--no-variants --no-what-if --seeds 1 --error none";

std::uint64_t nodes_max(world::Rung rung) { return kNodesMax[static_cast<std::size_t>(rung)]; }

struct Candidate {
  world::Rung rung;
  StudyCost cost;
  bool fits = false;
};

std::vector<Candidate> candidates(const Price& price, const Limits& limits,
                                  std::span<const world::Rung> built) {
  std::vector<Candidate> out;
  for (const world::Rung rung : built) {
    Candidate c{rung, price(rung)};
    c.fits = beyond(c.cost, rung, limits).empty();
    out.push_back(std::move(c));
  }
  return out;
}

/// True when the base alone, without what the command puts beside it, is within the limits.
bool alone_fits(const Candidate& c, const Limits& limits) {
  StudyCost alone = c.cost;
  alone.jobs.resize(1);
  return beyond(alone, c.rung, limits).empty();
}

std::string limits_text(world::Rung rung, const Limits& limits) {
  return "limits: " + analysis::io::grouped(nodes_max(rung)) + " nodes, " + limits.memory_text +
         " (--max-memory), " + limits.time_text + " (--max-time)";
}

Error too_large(const Candidate& c, const Limits& limits, const std::string& advice) {
  const std::string whole = whole_text(c.cost);
  return Error{"", std::string("the ") + world::name_of(c.rung) + " rung would simulate " +
                       cost_text(c.cost.base) + (whole.empty() ? "" : "; " + whole) + "; " +
                       limits_text(c.rung, limits) + ". " + advice};
}

RungChoice chosen(const Candidate& c, const std::string& reason) {
  const std::string why = reason.empty() ? "" : " (auto: " + reason + ")";
  return {false, c.rung, c.cost,
          std::string("rung ") + world::name_of(c.rung) + why + ": " + cost_text(c.cost.base),
          reason};
}

Result<RungChoice> choose_automatically(const scenario::Scenario& scenario,
                                        const std::vector<Candidate>& all, const Limits& limits) {
  for (const Candidate& c : all) {
    if (c.fits && c.cost.base.cpu_seconds <= kShortWork_s) {
      return chosen(c, "the most exact of which a run is done in ten minutes");
    }
  }
  for (const Candidate& c : all) {
    if (c.fits) return chosen(c, "the most exact within the limits");
  }
  const auto cheapest = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.cost.cpu_s() < b.cost.cpu_s();
  });
  const std::string only = needs_simulation(scenario);
  const auto alone = std::find_if(all.begin(), all.end(),
                                  [&](const Candidate& c) { return alone_fits(c, limits); });
  const std::string hint = alone == all.end() ? "a shorter time.horizon or fewer nodes fit"
                                              : std::string("the base alone fits at rung ") +
                                                    world::name_of(alone->rung) + ": " + kAlone;
  if (!only.empty()) {
    return too_large(
        *cheapest, limits,
        "--rung analytic would leave out its " + only + ", so auto does not take it; " + hint);
  }
  RungChoice choice;
  choice.analytic = true;
  choice.cost = cheapest->cost;
  choice.reason = "no simulation is within the limits";
  choice.why = "rung analytic (auto): simulating would take " + cost_text(cheapest->cost.base) +
               " at rung " + world::name_of(cheapest->rung) + "; " +
               limits_text(cheapest->rung, limits) + (alone == all.end() ? "" : ". " + hint);
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
         " of CPU for one run";
}

Price price_of_one(const scenario::Scenario& scenario, const world::RunOptions& refinements) {
  return [&scenario, refinements](world::Rung rung) {
    StudyCost cost;
    cost.base = world::estimate(scenario, rung, refinements.sample_factor,
                                refinements.representative_factor);
    cost.jobs.push_back({"base", cost.base.cpu_seconds, cost.base.memory_bytes});
    return cost;
  };
}

std::string beyond(const StudyCost& cost, world::Rung rung, const Limits& limits) {
  if (cost.base.nodes > nodes_max(rung)) {
    return "> " + analysis::io::grouped(nodes_max(rung)) + " nodes";
  }
  if (cost.memory_bytes() > limits.memory_bytes) return "> " + limits.memory_text;
  if (cost.cpu_s() > limits.cpu_s) return "> " + limits.time_text;
  return "";
}

Result<RungChoice> choose_rung(const scenario::Scenario& scenario, const std::string& asked,
                               const Price& price, const Limits& limits,
                               std::span<const world::Rung> built) {
  const std::vector<Candidate> all = candidates(price, limits, built);
  if (asked == "analytic") {
    RungChoice choice;
    choice.analytic = true;
    choice.cost = all.back().cost;
    return choice;
  }
  if (asked == "auto") return choose_automatically(scenario, all, limits);
  const auto same = std::find_if(
      all.begin(), all.end(), [&](const Candidate& c) { return asked == world::name_of(c.rung); });
  if (same == all.end()) return Error{"", "this build does not simulate at rung " + asked};
  if (same->fits) return chosen(*same, "");
  if (alone_fits(*same, limits)) {
    return too_large(*same, limits, std::string("The base alone fits: ") + kAlone);
  }
  const auto other = std::find_if(all.begin(), all.end(), [](const auto& c) { return c.fits; });
  return too_large(*same, limits,
                   std::string("--rung ") +
                       (other == all.end() ? "analytic answers in seconds"
                                           : world::name_of(other->rung) + std::string(" fits")));
}

}  // namespace fleetcache::cli
