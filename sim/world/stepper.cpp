#include "sim/world/stepper.hpp"

#include <algorithm>
#include <cmath>

namespace fleetcache::world {
namespace {

// More windows tell little more: the oldest quarter is forgotten and neighbours become one.
constexpr std::size_t kWindowsKept = 64;
constexpr double kStepMost = 12;  // a step is at most so many times what was watched
constexpr double kStepLeast = 1;  // and not worth it below

}  // namespace

Stepper::Stepper(Duration window, Duration period)
    : window_(window), watched_least_(2 * period.count) {}

void Stepper::observe(TimePoint now, RunningFigures figures) {
  if (!ends_.empty() && ++since_end_ < stride_) return;
  since_end_ = 0;
  ends_.push_back({now, std::move(figures)});
  if (ends_.size() <= kWindowsKept + 1) return;
  std::vector<End> kept;
  for (std::size_t i = kWindowsKept / 4; i < ends_.size(); i += 2) {
    kept.push_back(std::move(ends_[i]));
  }
  ends_ = std::move(kept);
  stride_ *= 2;
}

void Stepper::disturbed(TimePoint now, RunningFigures figures) {
  ends_.clear();
  stride_ = 1;
  observe(now, std::move(figures));
}

bool Stepper::is_end(TimePoint at) const {
  return std::any_of(ends_.begin(), ends_.end(), [at](const End& end) { return end.at == at; });
}

std::vector<models::WindowedSeries> Stepper::series() const {
  std::vector<models::WindowedSeries> all;
  for (const auto& [name, first] : ends_.front().figures) {
    models::WindowedSeries one{name, {}, first.shift_relative, first.shift_absolute};
    RunningFigure before = first;
    for (std::size_t i = 1; i < ends_.size(); ++i) {
      const RunningFigure& after = ends_[i].figures.at(name);
      const double weight = after.weight - before.weight;
      // A window without an observation says nothing about the figure: it stays as it was.
      const double mean = weight > 0          ? (after.total - before.total) / weight
                          : one.means.empty() ? 0
                                              : one.means.back();
      one.means.push_back(mean);
      before = after;
    }
    all.push_back(std::move(one));
  }
  return all;
}

// A shift between the halves of what was watched goes on as a slope: between the middles of what
// was watched and of a step of `ratio` times its length the figure moves by (1 + ratio) shifts.
double Stepper::step_ratio() const {
  const bool long_enough = ends_.back().at.ns - ends_.front().at.ns >= watched_least_;
  if (ends_.size() < models::Steadiness::kWindowsMin + 1 || !long_enough) return 0;
  double ratio = kStepMost;
  for (const models::SteadinessOf& one : models::test_steadiness(series()).series) {
    if (one.reason == models::Unsteady::kNo) continue;
    const double uncertain = std::abs(one.shift) + 2 * one.shift_standard_error;
    if (one.reason != models::Unsteady::kTrend || uncertain > one.shift_allowed) return 0;
    ratio = std::min(ratio, one.shift_allowed / std::max(uncertain, 1e-300) - 1);
  }
  return ratio >= kStepLeast ? ratio : 0;
}

}  // namespace fleetcache::world
