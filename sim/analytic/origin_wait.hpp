/// What reads of a region's origin wait for one another: streams on the accounts' links or the
/// stamp, bursts of a synchronous step, refused requests and their back-off.
#pragma once

#include <vector>

#include "models/capacity/burst_reads.hpp"
#include "models/capacity/shared_origin.hpp"
#include "sim/analytic/resources.hpp"

namespace fleetcache::analytic {

struct OriginWait {
  double sharing_s = 0;  ///< mean, at the loads reached; 0 at a full link, where rates say it all
  double burst_s = 0;    ///< until the last of a step's reads is through, beyond one alone
  double tokens_s = 0;   ///< until the last of them is granted
  /// Adds to the slowest read of a step: an upper estimate, the longer of sharing and burst.
  double slowest_s() const { return (sharing_s > burst_s ? sharing_s : burst_s) + tokens_s; }
  /// Adds to the mean read: half of a burst.
  double mean_s() const {
    return (sharing_s > burst_s / 2 ? sharing_s : burst_s / 2) + tokens_s / 2;
  }
};

/// Reads of `object` bytes, `reads` of them at once, of which `under_way` at most are anywhere.
/// Uses the loads of `resources` (after filling). O(256).
OriginWait origin_wait(const FleetView& view, const Design& design,
                       const std::vector<ResourceAnswer>& resources, std::uint32_t region,
                       double object, double reads, double under_way);

/// Reads of one job that all ask at once.
struct StepReads {
  double object = 0;    ///< bytes of one
  double reads = 0;     ///< of a step, from the origin
  double period_s = 0;  ///< from one such step to the next
};

/// The law of the time of one read of `own`, which the bursts of `others` on the same way may meet.
/// Empty where the way has no link. O(4,000 x others).
std::vector<models::TimeShare> burst_law(const FleetView& view, const Design& design,
                                         const std::vector<ResourceAnswer>& resources,
                                         std::uint32_t region, const StepReads& own,
                                         const std::vector<StepReads>& others);

/// The law of the time of one read of a job that waits for a direct path, its steps taking
/// `step_s`: plans come in order, for as much of a step as the plan service is busy, and reads that
/// have theirs share the stamp. O(200).
std::vector<models::TimeShare> queued_law(const FleetView& view, const Design& design,
                                          const std::vector<ResourceAnswer>& resources,
                                          const JobView& job, double step_s);

/// One account's bucket.
models::ThrottleSpec account_bucket(const scenario::BlobFrontEnd& blob);

/// Refusals of a region's front end by its request limit: `clients` reads under way, each of
/// `service_s` when it is granted at once. All zero while the offered requests stay below the
/// limit.
models::ThrottleAnswer throttle_of(const FleetView& view, const Design& design,
                                   const std::vector<ResourceAnswer>& resources,
                                   std::uint32_t region, double clients, double service_s);

}  // namespace fleetcache::analytic
