/// Where a design stops sufficing: the regime map (what binds at each level of demand under each
/// way of buying) and the flip points between them, found by solving.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/analytic/evaluate.hpp"

namespace fleetcache::analytic {

/// Storage accounts that one subscription gets in one region: by default, and on request.
/// Source: Azure storage account limits, 2025-11-19.
constexpr std::uint32_t kAccountsDefault = 250;
constexpr std::uint32_t kAccountsOnRequest = 500;

/// What a stamp may give, as factors on the scenario's: the preset's range of 5 to 50 Tbps a region
/// around its 20 Tbps, kept in proportion where a scenario sets another figure.
constexpr double kStampLeast = 0.25, kStampMost = 2.5;

/// Mean demand of the training GPUs in bytes a second each; 0 without training.
double demand_per_gpu(const FleetView& view);
/// The same over the jobs whose data live in one region.
double demand_per_gpu(const FleetView& view, std::uint32_t region);

/// The most pressed part of a region's origin under a design: offered over capacity.
struct Pressure {
  double value = 0;
  std::string resource, unit;
  double offered = 0, capacity = 0;
};
Pressure origin_pressure(const std::vector<ResourceAnswer>& resources, std::uint32_t region);

/// One cell of the map.
struct RegimeCell {
  double stall = 0;        ///< of the fleet in steady state, weighted by nodes
  double first_stall = 0;  ///< the same in the first epoch
  std::string first_binding;
  std::string binding;         ///< resource, "slow reads", or empty
  double pressure = 0;         ///< of the most pressed origin
  std::uint64_t accounts = 0;  ///< of the region that has or needs most
  bool fits_default = true, fits_on_request = true;
};

struct RegimeRow {
  double factor = 1;
  double per_gpu = 0;  ///< B/s
  RegimeCell no_cache, front_end, bifrost, deltazero;
};

/// Rows at half-decade steps from 1/100 to 100 times the scenario's demand.
std::vector<RegimeRow> regime_map(const FleetView& view, EpochLaw& law);

/// The demand factor at which a region's origin is exactly full under a design, in steady state or
/// at a moment (its pressure crosses 1): 0 when it is full at a millionth of the demand already (no
/// such path), infinite when it is not at a million times. `design.demand` is ignored. The pressure
/// is evaluated with the hit ratios that the cache model gives at each demand. Relative error below
/// 1e-6.
double demand_crossing(const FleetView& view, Design design, std::uint32_t region, EpochLaw& law,
                       const Moment& moment = {});

/// The factor on the cache's capacity at which the region's origin is exactly full at the
/// scenario's demand; nothing when no cache up to 1,000 times the scenario's is enough, 0 when none
/// is needed.
std::optional<double> capacity_crossing(const FleetView& view, Design design, std::uint32_t region,
                                        EpochLaw& law);

/// Flip points of one region, as bytes a second per GPU unless said otherwise: 0 = never
/// suffices, infinite = always does.
struct FlipPoints {
  std::uint32_t region = 0;
  double per_gpu = 0;       ///< the scenario's demand
  double front_end_to = 0;  ///< the front end suffices up to here, with the cache
  double front_end_first_to = 0, bifrost_first_to = 0;  ///< the same in the first epoch
  double bifrost_to = 0;                                ///< the direct path suffices up to here
  double deltazero_to = 0;                              ///< the follow-on, with its assumed factor
  double no_cache_to = 0;  ///< no cache: the scenario's accounts suffice up to here
  double no_cache_default_to = 0, no_cache_request_to = 0;  ///< with all accounts of a quota
  // The same over the range that is assumed of the stamp; 0 where the region has none.
  double stamp_low = 0, stamp_high = 0;  ///< bytes a second
  double bifrost_low = 0, bifrost_high = 0, bifrost_first_low = 0, bifrost_first_high = 0;
  std::optional<double> nvme_factor;  ///< on the cache: from here the front end suffices
  bool bifrost_pays = false;          ///< it suffices further than the front end does
  // The front end's crossing, checked from both sides.
  double crossing_demand = 0;    ///< D, bytes a second
  double crossing_hit = 0;       ///< h there, from the cache model
  double crossing_offered = 0;   ///< what binds gets this
  double crossing_capacity = 0;  ///< and has this
  std::string crossing_resource, crossing_unit;
};
FlipPoints flip_points(const FleetView& view, std::uint32_t region, EpochLaw& law);

}  // namespace fleetcache::analytic
