/// Errors that no run of ours can estimate, by family of figures: tables with their source. Every
/// term made from them is marked external. A row is either measured (docs say where and how) or
/// declared, and says which.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "analysis/result.hpp"

namespace fleetcache::analysis {

enum class Family : std::uint8_t { kStall, kHitRatio, kTime, kTailTime, kRate, kOther };

/// By the metric's name and unit: shares of time, hit ratios, times, their 95th and 99th
/// percentiles, rates, the rest.
Family family_of(const std::string& name, const Metric& metric);

/// Fluid flows against packets for one pattern of transfers. The figure is the error of completion
/// times, relative.
struct FluidPattern {
  const char* pattern;
  double relative;
  bool measured;  ///< against a packet-level simulation; else a design target
  const char* basis;
};
/// Six patterns that a fleet's transfers are made of. None was compared with packets yet, so all
/// are declared at the design target; it holds for transfers of 16 bandwidth-delay products or
/// more, and nothing is claimed below one round trip.
inline constexpr std::array<FluidPattern, 6> kFluidPatterns = {{
    {"one flow over an idle path", 0.05, false, "design target"},
    {"permutation: every node one peer", 0.05, false, "design target"},
    {"incast of 8 into one port", 0.05, false, "design target"},
    {"incast of 64 into one port", 0.05, false, "design target"},
    {"shuffle over an oversubscribed rack", 0.05, false, "design target"},
    {"long round trip: WAN", 0.05, false, "design target"},
}};
/// The largest of the table: a figure is made of several patterns and their mix is not recorded.
double fluid_error();
/// "declared, not measured: ...", or what was measured.
std::string fluid_source();

/// What a rung may differ from the one below it: the largest of 90 % of 30 drawn scenarios or more,
/// by family (docs/validation.md, "The ladder"). A share may be off by `points` (of 1) at least;
/// other figures by `relative`.
struct LadderRow {
  Family family;
  double relative;
  double points;
};
/// Exact against bundled.
inline constexpr std::array<LadderRow, 6> kBundleErrors = {{
    {Family::kStall, 0.01, 0.002},
    {Family::kHitRatio, 0.01, 0.04},
    {Family::kTime, 0.065, 0},
    {Family::kTailTime, 0.12, 0},
    {Family::kRate, 0.011, 0},
    {Family::kOther, 0.01, 0},
}};
/// Bundled against fleet, 1,000 to 8,000 nodes: what its companions do not see, since they draw the
/// same owners. Below 1,000 nodes it covers fewer scenarios (docs/validation.md).
inline constexpr std::array<LadderRow, 6> kFleetErrors = {{
    {Family::kStall, 0.01, 0.01},
    {Family::kHitRatio, 0.01, 0.04},
    {Family::kTime, 0.01, 0},
    {Family::kTailTime, 0.20, 0},
    {Family::kRate, 0.15, 0},
    {Family::kOther, 0.01, 0},
}};
const LadderRow& row_of(const std::array<LadderRow, 6>& table, Family family);

/// Closed forms against simulation, beside what errors of their inputs explain: set so that 92 % of
/// 300 drawn scenarios are covered (docs/validation.md, "The ladder").
struct ModelErrors {
  double stall = 0.10;         ///< stall, goodput: part of the stall
  double stall_floor = 0.015;  ///< and at least this share of the time
  double hit_ratio = 0.01;     ///< points, of 1
  double time = 0.30;          ///< times
  double tail = 0.65;          ///< their 95th and 99th percentiles
  double other = 0.12;         ///< rates and the rest
};
inline constexpr ModelErrors kModelErrors;

/// Least error of a share (0.1 percentage points), also at 0 and at 100 %.
inline constexpr double kShareFloor = 0.001;

/// `relative` of what a relative error scales: the value, or for a share of time the smaller side
/// (99 % goodput is 1 % waiting, and the waiting is what is modelled), at least the floor.
double part_of(const Metric& metric, double relative);

}  // namespace fleetcache::analysis
