/// Jitter of the compute time of a synchronous step.
#pragma once

#include "policies/base/rng.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

/// One log-normal draw with the given mean and coefficient of variation c (sigma^2 = ln(1 + c^2)):
/// the compute time of the slowest rank of one step. Takes one number of the stream, none at cv 0.
/// Requires: mean >= 0, cv >= 0. Checked by: tests/unit/models/jitter_test.cpp.
Duration jittered(Duration mean, double cv, Rng& rng);

}  // namespace fleetcache::models
