#include "analysis/interval.hpp"

#include <algorithm>

namespace fleetcache::analysis {

double Interval::half_width(double value) const { return std::max(value - low, high - value); }

Interval interval_of(double value, const std::string& unit, double half_width) {
  Interval interval{value - half_width, value + half_width};
  const bool never_negative = value >= 0 && unit != "USD";
  if (never_negative && interval.low < 0) {
    interval.low = 0;
    interval.clipped = true;
  }
  if (unit == "ratio" && value >= 0 && value <= 1 && interval.high > 1) {
    interval.high = 1;
    interval.clipped = true;
  }
  return interval;
}

}  // namespace fleetcache::analysis
