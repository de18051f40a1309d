#include "models/gpu/step.hpp"

#include <algorithm>
#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::models {

StepRecursion::StepRecursion(std::uint32_t nodes, std::uint32_t prefetch, Duration compute)
    : prefetch_(prefetch), compute_(compute), arrived_(nodes), starts_(prefetch) {
  FLEETCACHE_CHECK(nodes >= 1 && compute.count >= 0, "a job needs nodes and compute >= 0");
}

// R(m-P): from then on there is room for batch m. Before P steps have run there is room at once.
TimePoint StepRecursion::slot_free() const {
  if (prefetch_ == 0) return steps_ == 0 ? TimePoint{} : last_start_ + compute_;
  return steps_ < prefetch_ ? TimePoint{} : starts_[steps_ % prefetch_];
}

Duration StepRecursion::finish(TimePoint ready) {
  const TimePoint computed = steps_ == 0 ? TimePoint{} : last_start_ + compute_;
  const TimePoint start = std::max(computed, ready);
  if (prefetch_ > 0) starts_[steps_ % prefetch_] = start;
  last_start_ = start;
  ++steps_;
  total_stall_ += start - computed;
  return start - computed;
}

Duration StepRecursion::step(std::span<const Duration> fetch) {
  FLEETCACHE_CHECK(fetch.size() == arrived_.size(), "one fetch time for each node");
  const TimePoint room = slot_free();
  TimePoint ready;
  for (std::size_t i = 0; i < fetch.size(); ++i) {
    arrived_[i] = std::max(arrived_[i], room) + fetch[i];
    ready = std::max(ready, arrived_[i]);
  }
  return finish(ready);
}

Duration StepRecursion::step_slowest(Duration slowest_fetch) {
  arrived_[0] = std::max(arrived_[0], slot_free()) + slowest_fetch;
  return finish(arrived_[0]);
}

double accelerator_utilization(Duration compute, Duration stall) {
  const double total = to_seconds(compute) + to_seconds(stall);
  return total > 0 ? to_seconds(compute) / total : 1;
}

double goodput(double productive_s, double stalled_s, double lost_s) {
  const double paid = productive_s + stalled_s + lost_s;
  return paid > 0 ? productive_s / paid : 1;
}

BytesPerSecond steady_rate(BytesPerSecond wanted, BytesPerSecond origin, double hit) {
  FLEETCACHE_CHECK(hit >= 0 && hit <= 1, "a hit ratio outside [0, 1]");
  if (hit >= 1) return wanted;
  return std::min(wanted, BytesPerSecond(origin.count / (1 - hit)));
}

double stall_fraction(BytesPerSecond wanted, BytesPerSecond rate) {
  if (wanted.count <= 0) return 0;
  return std::max(0.0, 1 - rate.count / wanted.count);
}

}  // namespace fleetcache::models
