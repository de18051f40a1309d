#include "sim/world/stepper.hpp"

#include <algorithm>

namespace fleetcache::world {
namespace {

// More windows than this tell nothing more: the oldest are forgotten.
constexpr std::size_t kWindowsKept = 64;

}  // namespace

Stepper::Stepper(Duration window, Duration period)
    : window_(window),
      windows_needed_(std::max<std::size_t>(
          models::Steadiness::kWindowsMin,
          static_cast<std::size_t>((2 * period.count + window.count - 1) / window.count))) {}

void Stepper::observe(TimePoint now, RunningFigures figures) {
  ends_.push_back({now, std::move(figures)});
  if (ends_.size() > std::max(kWindowsKept, windows_needed_) + 1) ends_.erase(ends_.begin());
}

void Stepper::disturbed(TimePoint now, RunningFigures figures) {
  ends_.clear();
  observe(now, std::move(figures));
}

TimePoint Stepper::watched_since() const { return ends_.front().at; }

std::vector<models::WindowedSeries> Stepper::series() const {
  std::vector<models::WindowedSeries> all;
  for (const auto& [name, first] : ends_.front().figures) {
    models::WindowedSeries one{name, {}, first.shift_relative, first.shift_absolute};
    RunningFigure before = first;
    for (std::size_t i = 1; i < ends_.size(); ++i) {
      const RunningFigure& after = ends_[i].figures.at(name);
      const double weight = after.weight - before.weight;
      // A window without an observation says nothing about the figure: it stays as it was.
      const double mean = weight > 0            ? (after.total - before.total) / weight
                          : one.means.empty() ? 0
                                                : one.means.back();
      one.means.push_back(mean);
      before = after;
    }
    all.push_back(std::move(one));
  }
  return all;
}

bool Stepper::steady() const {
  if (ends_.size() < windows_needed_ + 1) {
    reason_ = "too few windows since the last disturbance";
    return false;
  }
  const models::Steadiness result = models::test_steadiness(series());
  reason_ = result.text();
  return result.steady;
}

}  // namespace fleetcache::world
