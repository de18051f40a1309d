/// How long the reads of a synchronous step take that are all asked for at once, over a link that
/// they share.
#pragma once

#include <cstddef>
#include <vector>

#include "models/capacity/response_time.hpp"
#include "models/origin/latency.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::models {

struct BurstSpec {
  double reads = 1;         ///< asked for at time 0, >= 1
  double bytes = 0;         ///< of each
  BytesPerSecond capacity;  ///< of the link for them; > 0
  BytesPerSecond stream;    ///< cap of one transfer; 0: none
  PerSecond plans;          ///< one after the other before anything else; 0: all at once
  double before_s = 0;      ///< a constant before the first byte
};

/// The law of the time of one read from asking to its last byte, ascending: its plan (its place in
/// a queue of them), the constant, a first byte by `first_byte`, then its share of the link, which
/// all transfers under way share equally (processor sharing). A fluid of 2,048 groups, moved
/// exactly from event to event. Where nothing staggers them all take as long as the whole burst.
/// Valid for: a burst that ends before the next begins. Cost: 0.1 ms. Source: derived. Checked by:
/// tests/unit/models/burst_reads_test.cpp.
std::vector<TimeShare> burst_read_law(const LogNormalLatency& first_byte, const BurstSpec& spec);

/// The same over `accounts` links, each with its part of the capacity, that share the reads by a
/// hash of their keys: where few fall to each, some links get more, with a relative deviation of
/// sqrt(accounts / reads). Seven strata of links, 200 points each. Checked by:
/// tests/unit/models/burst_reads_test.cpp.
std::vector<TimeShare> burst_over_accounts(const LogNormalLatency& first_byte, BurstSpec burst,
                                           double accounts);

/// Bursts that others send over the same link, at phases of their own.
struct OtherBurst {
  double alone_s = 0;   ///< a burst by itself
  double period_s = 1;  ///< from one to the next; > 0
};

/// The law of burst_read_law when bursts of others may fall on this one, which takes `own_s` by
/// itself: of two that meet, each is longer by the work of the other that falls into it; how far
/// they are apart is uniform, and one of each kind at most is met. At most 100 points of the law
/// times 40 of the rest. Valid for: a link that is not full. O(points x others). Source: derived;
/// to first order the mean is that of a link less the others' mean load. Checked by:
/// tests/unit/models/burst_reads_test.cpp (against a played link).
std::vector<TimeShare> met_by_others(const std::vector<TimeShare>& law, double own_s,
                                     const std::vector<OtherBurst>& others);

/// The law of the time of one read, ascending, where all reads of a step are asked for at once,
/// `ahead` steps before it, and what they wait for is never idle. A line serves them in order, so
/// its times are even from (ahead - 1) to ahead times `step_s`; a link that all share lets them end
/// together. `ordered` is the share of a step that the line takes: they end over that part of it.
/// Requires: ahead >= 1, step_s > 0, ordered in 0..1. 200 points. Source: derived. Checked by:
/// tests/unit/models/burst_reads_test.cpp.
std::vector<TimeShare> queued_read_law(double ahead, double step_s, double ordered);

/// At most about `most` points of equal share, each the mean of those that it stands for.
/// Requires: ascending, most >= 1. O(points).
std::vector<TimeShare> thinned(const std::vector<TimeShare>& law, std::size_t most);

double mean_of(const std::vector<TimeShare>& law);

}  // namespace fleetcache::models
