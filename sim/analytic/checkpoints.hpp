/// How long a job's checkpoint is on its way.
#pragma once

#include "models/origin/blob_front_end.hpp"
#include "sim/analytic/fleet_view.hpp"

namespace fleetcache::analytic {

models::FrontEndLimits limits_of(const scenario::BlobFrontEnd& blob);

/// Most bytes a second that a region's origin gives in reads of `object` bytes, both paths together
/// in the design's proportions.
BytesPerSecond path_capacity(const FleetView& view, const Design& design, std::uint32_t region,
                             double object);

/// Seconds from the nodes to the accounts: the slower of the NICs and what the checkpoints of other
/// jobs leave of the accounts' ingress. A blob is uploaded in blocks side by side, so no stream
/// limits it. Infinite where nothing gets in.
double write_seconds(const FleetView& view, const Design& design, const JobView& job);

/// Bytes a second of a restore that has the origin for itself and all it can give: each node reads
/// its part in one stream of the path that it takes, the slowest decides. 0 without a checkpoint.
double restore_streams(const FleetView& view, const Design& design, const JobView& job);
/// Seconds of a restore by itself: the slower of those streams and the paths' shared capacity.
double restore_seconds(const FleetView& view, const Design& design, const JobView& job);

}  // namespace fleetcache::analytic
