/// How often a job that checkpoints between steps does so.
#pragma once

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Mean time from one checkpoint to the next of a job that begins one at the first end of a step
/// that is `every` or more after the last began, stands still for `pause` and takes steps of mean
/// `step` with coefficient of variation `step_cv` (independent, sums taken for normal): pause +
/// step x E[steps until then]. A step that fits exactly makes half of the periods one step longer.
/// Requires: every > 0, pause >= 0, step > 0, step_cv >= 0. O(steps' spread). Source: derived.
/// Checked by: tests/unit/models/checkpoint_period_test.cpp.
Duration checkpoint_period(Duration every, Duration pause, Duration step, double step_cv);

}  // namespace fleetcache::models
