/// The interval of a figure, within what it can be.
#pragma once

#include <string>

namespace fleetcache::analysis {

struct Interval {
  double low = 0, high = 0;
  bool clipped = false;  ///< value ± half width reaches beyond what the figure can be
  /// Distance to the end that is further away.
  double half_width(double value) const;
};

/// value ± half_width. A share (unit "ratio", value within 0 and 1) stays within 0 and 1, and a
/// time, a rate, a number of bytes or a count that is not negative above 0.
Interval interval_of(double value, const std::string& unit, double half_width);

}  // namespace fleetcache::analysis
