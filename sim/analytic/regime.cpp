#include "sim/analytic/regime.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/numeric.hpp"
#include "sim/analytic/phases.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {

namespace {

using scenario::OriginPath;

constexpr double kFactorLeast = 1e-6, kFactorMost = 1e6;
constexpr double kCapacityMost = 1e3;

bool of_origin_reads(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::kEgress:
    case ResourceKind::kRequests:
    case ResourceKind::kFleetEgress:
    case ResourceKind::kStamp:
    case ResourceKind::kPlans:
      return true;
    default:
      return false;
  }
}

Design variant(const FleetView& view, double demand, bool cache, OriginPath path) {
  Design d = design_of(*view.scenario);
  d.demand = demand;
  d.cache = d.cache && cache;
  d.path = path;
  return d;
}

// The job that loses most names what binds; empty below a hundredth of a percent.
std::string binding_of(const FleetView& view, const Answer& answer) {
  double worst = 0;
  std::string name;
  for (std::size_t j = 0; j < answer.job.size(); ++j) {
    const JobAnswer& a = answer.job[j];
    const double lost = view.jobs[j].nodes * a.stall;
    if (a.stall <= 1e-4 || lost <= worst) continue;
    worst = lost;
    name = a.rate_stall_s >= a.slow_read_s && !a.binding.empty() ? a.binding : "slow reads";
  }
  return name;
}

RegimeCell cell_of(const FleetView& view, const Design& design, EpochLaw& law) {
  const Phases course = evaluate_phases(view, design, law, Parts::kTraining);
  RegimeCell cell;
  cell.stall = course.steady.stall;
  cell.binding = binding_of(view, course.steady);
  for (std::size_t j = 0; j < view.jobs.size(); ++j)
    cell.first_stall += view.jobs[j].nodes * course.first_stall[j];
  double nodes = 0;
  for (const JobView& j : view.jobs) nodes += j.nodes;
  if (nodes > 0) cell.first_stall /= nodes;
  cell.first_binding = binding_of(view, course.first);
  for (std::uint32_t r = 0; r < view.regions.size(); ++r) {
    const double accounts = course.steady.region[r].accounts;
    cell.pressure = std::max(cell.pressure, origin_pressure(course.steady.resource, r).value);
    cell.accounts = std::max(cell.accounts, static_cast<std::uint64_t>(accounts));
  }
  return cell;
}

// No cache and as many accounts as it takes, or as a subscription can get.
RegimeCell no_cache_cell(const FleetView& view, double demand, EpochLaw& law) {
  Design design = variant(view, demand, false, OriginPath::kFrontEnd);
  std::uint64_t needed = 1;
  const Answer asked = evaluate(view, design, law, Parts::kTraining);
  for (const RegionAnswer& r : asked.region) needed = std::max(needed, r.plan.accounts);
  design.accounts = static_cast<std::uint32_t>(std::min<std::uint64_t>(needed, kAccountsOnRequest));
  RegimeCell cell = cell_of(view, design, law);
  cell.accounts = needed;
  cell.fits_default = needed <= kAccountsDefault;
  cell.fits_on_request = needed <= kAccountsOnRequest;
  return cell;
}

double pressure_at(const FleetView& view, const Design& design, const Moment& moment,
                   std::uint32_t region, EpochLaw& law) {
  // Rates and stalls are not needed: what is offered does not depend on what gets through.
  const Hits hits = hit_ratios(view, design, moment, law, false);
  return origin_pressure(resources_of(view, design, moment, hits).answer, region).value;
}

}  // namespace

double demand_per_gpu(const FleetView& view) {
  double wanted = 0, gpus = 0;
  for (const JobView& j : view.jobs) {
    wanted += j.wanted;
    gpus += j.gpus;
  }
  return gpus > 0 ? wanted / gpus : 0;
}

double demand_per_gpu(const FleetView& view, std::uint32_t region) {
  double wanted = 0, gpus = 0;
  for (const JobView& j : view.jobs) {
    if (j.home != region) continue;
    wanted += j.wanted;
    gpus += j.gpus;
  }
  return gpus > 0 ? wanted / gpus : 0;
}

Pressure origin_pressure(const std::vector<ResourceAnswer>& resources, std::uint32_t region) {
  Pressure worst;
  for (const ResourceAnswer& r : resources) {
    if (r.region != region || !of_origin_reads(r.kind) || r.pressure() <= worst.value) continue;
    worst = {r.pressure(), r.name, r.unit, r.offered, r.capacity};
  }
  return worst;
}

std::vector<RegimeRow> regime_map(const FleetView& view, EpochLaw& law) {
  std::vector<RegimeRow> rows;
  const double per_gpu = demand_per_gpu(view);
  if (per_gpu <= 0) return rows;
  for (const double factor : {0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0}) {
    RegimeRow row;
    row.factor = factor;
    row.per_gpu = factor * per_gpu;
    row.no_cache = no_cache_cell(view, factor, law);
    row.front_end = cell_of(view, variant(view, factor, true, OriginPath::kFrontEnd), law);
    row.bifrost = cell_of(view, variant(view, factor, true, OriginPath::kBifrost), law);
    row.deltazero = cell_of(view, variant(view, factor, true, OriginPath::kDeltaZero), law);
    rows.push_back(row);
  }
  return rows;
}

double demand_crossing(const FleetView& view, Design design, std::uint32_t region, EpochLaw& law,
                       const Moment& moment) {
  const auto pressure = [&](double log_factor) {
    design.demand = portable_exp(log_factor);
    return pressure_at(view, design, moment, region, law);
  };
  double low = portable_log(kFactorLeast), high = portable_log(kFactorMost);
  if (pressure(low) >= 1) return 0;
  if (pressure(high) < 1) return std::numeric_limits<double>::infinity();
  while (high - low > 1e-7) {
    const double middle = low + (high - low) / 2;
    (pressure(middle) < 1 ? low : high) = middle;
  }
  return portable_exp(high);
}

std::optional<double> capacity_crossing(const FleetView& view, Design design, std::uint32_t region,
                                        EpochLaw& law) {
  const auto full = [&](double factor) {
    design.nvme = factor;
    return pressure_at(view, design, {}, region, law) > 1;
  };
  Design none = design;
  none.cache = false;
  if (pressure_at(view, none, {}, region, law) <= 1) return 0.0;
  if (full(kCapacityMost)) return std::nullopt;
  double low = 0, high = kCapacityMost;
  while (high - low > 1e-7 * high) {
    const double middle = low + (high - low) / 2;
    (full(middle) ? low : high) = middle;
  }
  return high;
}

namespace {

// Bifrost's crossings with the least and the most that is assumed of the stamp.
void add_stamp_range(const FleetView& view, std::uint32_t region, EpochLaw& law, FlipPoints& f) {
  const double stamp = view.regions[region]->bifrost.stamp.count;
  if (stamp <= 0) return;
  f.stamp_low = kStampLeast * stamp;
  f.stamp_high = kStampMost * stamp;
  Design d = variant(view, 1, true, OriginPath::kBifrost);
  const auto at = [&](double factor, bool cold) {
    d.stamp = factor;
    return demand_crossing(view, d, region, law, cold ? first_epoch(view, 0) : Moment{}) *
           f.per_gpu;
  };
  f.bifrost_low = at(kStampLeast, false);
  f.bifrost_high = at(kStampMost, false);
  f.bifrost_first_low = at(kStampLeast, true);
  f.bifrost_first_high = at(kStampMost, true);
}

}  // namespace

FlipPoints flip_points(const FleetView& view, std::uint32_t region, EpochLaw& law) {
  FlipPoints f;
  f.region = region;
  f.per_gpu = demand_per_gpu(view, region);
  if (f.per_gpu <= 0) return f;
  const Design classic = variant(view, 1, true, OriginPath::kFrontEnd);
  const double front_end = demand_crossing(view, classic, region, law);
  const auto crossing = [&](bool cache, OriginPath path, std::uint32_t accounts) {
    Design d = variant(view, 1, cache, path);
    d.accounts = accounts;
    return demand_crossing(view, d, region, law) * f.per_gpu;
  };
  f.front_end_to = front_end * f.per_gpu;
  const Moment cold = first_epoch(view, 0);
  f.front_end_first_to = demand_crossing(view, classic, region, law, cold) * f.per_gpu;
  const Design direct = variant(view, 1, true, OriginPath::kBifrost);
  f.bifrost_first_to = demand_crossing(view, direct, region, law, cold) * f.per_gpu;
  f.bifrost_to = crossing(true, OriginPath::kBifrost, 0);
  add_stamp_range(view, region, law, f);
  f.deltazero_to = crossing(true, OriginPath::kDeltaZero, 0);
  f.no_cache_to = crossing(false, OriginPath::kFrontEnd, 0);
  f.no_cache_default_to = crossing(false, OriginPath::kFrontEnd, kAccountsDefault);
  f.no_cache_request_to = crossing(false, OriginPath::kFrontEnd, kAccountsOnRequest);
  f.nvme_factor = classic.cache ? capacity_crossing(view, classic, region, law) : std::nullopt;
  f.bifrost_pays = f.bifrost_to > f.front_end_to;
  if (front_end > 0 && std::isfinite(front_end)) {
    Design at = classic;
    at.demand = front_end;
    const Answer answer = evaluate(view, at, law, Parts::kTraining);
    const Pressure p = origin_pressure(answer.resource, region);
    f.crossing_demand = answer.region[region].wanted;
    f.crossing_hit =
        f.crossing_demand > 0 ? 1 - answer.region[region].origin_wanted / f.crossing_demand : 0;
    f.crossing_offered = p.offered;
    f.crossing_capacity = p.capacity;
    f.crossing_resource = p.resource;
    f.crossing_unit = p.unit;
  }
  return f;
}

}  // namespace fleetcache::analytic
