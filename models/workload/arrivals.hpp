/// Times between requests.
#pragma once

#include "policies/base/rng.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// A renewal process of a given rate and coefficient of variation of its gaps: 0 is a clock, 1 is
/// Poisson, others are gamma (published services reach 13). Requires: rate > 0, cv >= 0.
class ArrivalProcess {
 public:
  ArrivalProcess(PerSecond rate, double cv);

  /// The next gap. Takes no number at cv 0, one at cv 1, a variable count otherwise.
  Duration next_gap(Rng& rng) const;
  PerSecond rate() const { return rate_; }

 private:
  PerSecond rate_;
  double cv_;
};

}  // namespace fleetcache::models
