// V30: bundles of flows against one flow for every transfer, both in SimGrid, on the same arrivals.

#include <cstdio>

#include "sim/engine/bundle_engine.hpp"
#include "sim/validation/experiment.hpp"
#include "sim/validation/origin_racks.hpp"

namespace fleetcache::validation {
namespace {

enum Part : int { kOneByOne, kBundles };

/// `scale` times the capacities of the small system; nodes are as many, more of them busy.
OriginRacks system_of(const Parameters& p) {
  OriginRacks system;
  system.origin = BytesPerSecond(200e9 * p["scale"]);
  system.tor = BytesPerSecond(15e9 * p["scale"]);
  system.rho = p["rho"];
  system.transfers = p.count("transfers");
  system.seed = p.count("seed");
  return system;
}

std::string text_of(const OriginRacksResult& result) {
  char text[128];
  std::snprintf(text, sizeof text, "%.17g %.17g %.17g", result.mean_s(), result.quantile_s(0.5),
                result.quantile_s(0.99));
  return text;
}

Result<std::string> part(int which, const Parameters& p) {
  const OriginRacks system = system_of(p);
  if (which == kOneByOne) {
    const auto engine = engine::make_simgrid_engine();
    return text_of(run_origin_racks(*engine, system, Nics::kLinks));
  }
  const auto engine =
      engine::make_bundle_engine(engine::make_simgrid_solver(), {.epsilon = p["epsilon"]});
  return text_of(run_origin_racks(*engine, system, Nics::kCap));
}

Result<std::vector<Case>> run_bundles(const Parameters&, const Environment& environment) {
  double figures[2][3];
  for (const Part which : {kOneByOne, kBundles}) {
    const Result<std::string> text = environment.other_process(which);
    if (!text) return text.error();
    double* f = figures[which];
    if (std::sscanf(text->c_str(), "%lf %lf %lf", &f[0], &f[1], &f[2]) != 3) {
      return Error{"V30", "a part of it said: " + *text};
    }
  }
  const double* flows = figures[kOneByOne];
  const double* bundles = figures[kBundles];
  return std::vector<Case>{{"mean", flows[0], bundles[0], 0, 0.005 * flows[0]},
                           {"p50", flows[1], bundles[1], 0, 0.005 * flows[1]},
                           {"p99", flows[2], bundles[2], 0, 0.01 * flows[2]}};
}

}  // namespace

Experiment v30() {
  Experiment e;
  e.id = "V30";
  e.title = "time of transfers from one origin to 8,000 nodes in 20 racks, by bundles of each rack";
  e.formula = "one flow for every transfer, same arrivals";
  e.rung = "exact";
  e.tolerance = 0.005;
  e.parameters = {{"rho", "1", 0.9, 0.05, 1.1},
                  {"scale", "1", 1, 1, 20},
                  {"transfers", "1", 5000, 1000, 1e6, true},
                  {"epsilon", "1", 0.05, 0, 0.5},
                  {"seed", "1", 1, 1, 1e6, true}};
  e.points = {{{"rho", 0.7}}, {{"rho", 0.95}}, {{"rho", 0.98}},
              {{"rho", 1.0}}, {{"rho", 1.05}}, {{"rho", 0.98}, {"scale", 10}}};
  e.run = run_bundles;
  e.part = part;
  return e;
}

}  // namespace fleetcache::validation
