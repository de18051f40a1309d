#include "models/capacity/hit_doubt.hpp"

namespace fleetcache::models {

namespace {

// Whatever the ratio, and times h (1 - h).
constexpr double kErrorLeast = 0.01, kErrorMost = 0.10;
constexpr double kFewLeast = 0.03, kFewMost = 0.22;
constexpr double kLearningLeast = 0.02, kLearningMost = 0.12;
constexpr double kMixedLeast = 0.005, kMixedMost = 0.10;
constexpr double kUnusedMost = 0.3;  // of what a policy alone leaves unused, others may let it use

}  // namespace

double hit_doubt(double hit, const HitDoubt& doubt) {
  const double spread = hit * (1 - hit);
  double error = kErrorLeast + kErrorMost * spread;
  if (doubt.few) error += kFewLeast + kFewMost * spread;
  if (doubt.learning) error += kLearningLeast + kLearningMost * spread;
  if (doubt.mixed) error += kMixedLeast + kMixedMost * spread;
  return error + kUnusedMost * doubt.unused;
}

}  // namespace fleetcache::models
