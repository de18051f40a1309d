/// Synchronous training steps fed by prefetching readers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// The prefetch recursion of one job. Node i reads batches one after the other, at most `prefetch`
/// ahead of the step that runs; a step starts when the one before has computed and every node has
/// its batch:
///     A_i(m) = max(A_i(m-1), R(m-P)) + X_i(m)
///     R(m)   = max(R(m-1) + compute, max_i A_i(m))
///     stall(m) = R(m) - R(m-1) - compute
/// P = 0 reads batch m only when step m-1 has computed. R(m) is the start of step m; steps before
/// the first have no compute, so stall(0) is the wait for the first batch.
class StepRecursion {
 public:
  /// Requires: nodes >= 1, compute >= 0.
  StepRecursion(std::uint32_t nodes, std::uint32_t prefetch, Duration compute);

  /// Plays the next step; `fetch[i]` is X_i(m), one a node. Returns its stall. O(nodes).
  Duration step(std::span<const Duration> fetch);
  /// The same for a job whose nodes' reads matter only by their slowest (P = 0, or order
  /// statistics).
  Duration step_slowest(Duration slowest_fetch);

  std::uint64_t steps() const { return steps_; }
  TimePoint start_of_last_step() const { return last_start_; }
  Duration total_stall() const { return total_stall_; }

 private:
  TimePoint slot_free() const;
  Duration finish(TimePoint ready);

  std::uint32_t prefetch_;
  Duration compute_;
  std::vector<TimePoint> arrived_;  ///< A_i of the last batch
  std::vector<TimePoint> starts_;   ///< ring of R(m-1) ... R(m-P)
  TimePoint last_start_;
  Duration total_stall_;
  std::uint64_t steps_ = 0;
};

/// compute / (compute + stall): the share of a step in which the accelerators work.
double accelerator_utilization(Duration compute, Duration stall);
/// Useful over paid time: productive / (productive + stalled + lost), all in seconds.
double goodput(double productive_s, double stalled_s, double lost_s);

/// Rate of a job that wants `wanted` and whose misses (1 - hit) are bounded by the origin share:
/// min(wanted, origin / (1 - hit)). Requires: 0 <= hit <= 1.
/// Source: uniform caching estimate of SiloD (EuroSys '23). Checked by: V20.
BytesPerSecond steady_rate(BytesPerSecond wanted, BytesPerSecond origin, double hit);
/// Share of time a job stands still when it gets `rate` of what it `wanted`: 1 - rate / wanted.
double stall_fraction(BytesPerSecond wanted, BytesPerSecond rate);

}  // namespace fleetcache::models
