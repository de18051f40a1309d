#include "analysis/stored_errors.hpp"

#include <algorithm>
#include <cmath>

namespace fleetcache::analysis {
namespace {

bool has(const std::string& name, const char* word) { return name.find(word) != std::string::npos; }

bool is_share(const Metric& m) { return m.unit == "ratio" && std::abs(m.value) <= 1; }

}  // namespace

Family family_of(const std::string& name, const Metric& metric) {
  if (metric.unit == "ratio" && (has(name, "stall") || has(name, "goodput"))) return Family::kStall;
  if (metric.unit == "ratio" && has(name, "hit_ratio")) return Family::kHitRatio;
  if (metric.unit == "B/s" || metric.unit == "1/s") return Family::kRate;
  if (metric.unit != "s") return Family::kOther;
  return has(name, "_p95") || has(name, "_p99") ? Family::kTailTime : Family::kTime;
}

double fluid_error() {
  double most = 0;
  for (const FluidPattern& row : kFluidPatterns) most = std::max(most, row.relative);
  return most;
}

std::string fluid_source() {
  const auto measured = std::count_if(kFluidPatterns.begin(), kFluidPatterns.end(),
                                      [](const FluidPattern& row) { return row.measured; });
  const std::string share =
      std::to_string(measured) + " of " + std::to_string(kFluidPatterns.size());
  const std::string status = measured == 0 ? "declared, not measured"
                                           : "stored: " + share + " patterns measured with packets";
  return status +
         ": fluid flows within 5 % of packets (shares: of the smaller side, 0.1 points at least) "
         "for transfers of 16 BDP or more";
}

const LadderRow& row_of(const std::array<LadderRow, 6>& table, Family family) {
  return *std::find_if(table.begin(), table.end(),
                       [family](const LadderRow& row) { return row.family == family; });
}

double part_of(const Metric& m, double relative) {
  const double v = std::abs(m.value);
  if (!is_share(m)) return relative * v;
  return std::max(relative * std::min(v, 1 - v), kShareFloor);
}

}  // namespace fleetcache::analysis
