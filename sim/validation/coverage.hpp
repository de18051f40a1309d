/// How often a reported 95 % interval holds the truth: the wait of an M/M/c queue, whose mean is
/// known, measured by many short runs as a run measures it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace fleetcache::validation {

struct CoverageSetup {
  std::uint32_t servers = 8;
  double load = 0.8;  ///< offered per server
  std::uint64_t customers = 100'000;
  std::uint64_t seeds = 1000;  ///< 1, 2, ..., seeds
};

/// Half width of an interval from the means of consecutive batches.
using Interval = std::function<double(const std::vector<double>& batches)>;

/// Runs whose interval holds the mean wait of Erlang's formula.
std::uint64_t count_covered(const CoverageSetup& setup, const Interval& interval);

}  // namespace fleetcache::validation
