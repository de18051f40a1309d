/// The two ends of a run and its first epochs, for maps, flip points and benches, which have no
/// plan of events: course.hpp walks a run with all its stops.
#pragma once

#include <vector>

#include "sim/analytic/evaluate.hpp"

namespace fleetcache::analytic {

/// Both ends of a run, and between them the first epochs: all jobs at the same share of theirs, cut
/// into kFirstEpochSlices where several read one data set (the later, the more of it the others
/// have brought in).
struct Phases {
  Answer first;  ///< at the start of the first epoch: the peak
  Answer steady;
  std::vector<double> first_hit;      ///< by job: mean hit ratio over its first epoch
  std::vector<double> first_stall;    ///< by job: of the time of its first epoch
  std::vector<double> first_goodput;  ///< likewise
};

constexpr int kFirstEpochSlices = 8;

/// Jobs are taken to start together and never to stop.
Phases evaluate_phases(const FleetView& view, const Design& design, EpochLaw& law,
                       Parts parts = Parts::kAll);

}  // namespace fleetcache::analytic
