/// What binds the whole fleet, by maximum flow over classes (topologies/aggregate.hpp): a second
/// opinion on the filling of `resources`, from the fleet's links instead of the resources' figures.
#pragma once

#include "sim/analytic/evaluate.hpp"
#include "topologies/aggregate.hpp"

namespace fleetcache::analytic {

/// What an answer puts on the fleet's links: at the rates reached, or at full pace. Reads by jobs
/// and by services; writes of checkpoints and of caches, requests and plans are not in it.
topologies::ClassLoads loads_of(const FleetView& view, const Design& design, const Answer& answer,
                                bool full_pace);

struct Bottlenecks {
  topologies::ClassCut wanted;   ///< at full pace: which cut binds
  topologies::ClassCut reached;  ///< at the rates of the answer, which must all fit
  /// False where services alone ask for more than a link has, and for a design with accounts of its
  /// own.
  bool comparable = true;
};

/// Fails where loads are out of range. Cost: well below a millisecond (a DeltaZero design builds
/// the fleet again, O(nodes)).
Result<Bottlenecks> bottlenecks_of(const FleetView& view, const Design& design,
                                   const Answer& answer);

}  // namespace fleetcache::analytic
