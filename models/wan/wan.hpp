/// Reads over a region pair.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Window / RTT: the most that one transfer gets. Requires: rtt > 0. Checked by: V6.
BytesPerSecond wan_stream_rate(Bytes window, Duration rtt);
/// Streams that fill a link: capacity x RTT / window, rounded up.
std::uint64_t wan_streams_to_fill(BytesPerSecond capacity, Bytes window, Duration rtt);
/// Time for each of `flows` equal transfers started together: max(size / stream, flows x size /
/// capacity).
Duration wan_transfer_time(Bytes size, std::uint64_t flows, BytesPerSecond stream,
                           BytesPerSecond capacity);

/// Reads an object must get in the remote region each month before a copy there is cheaper than
/// reading it over the link each time: one transfer per lifetime of the copy plus storage. With
/// prices per 1e9 bytes: reads > 1 / months_kept + hold / transfer. Infinite at transfer price 0.
double break_even_reads_per_month(Money transfer_per_gb, Money hold_per_gb_month,
                                  double months_kept = 1);

}  // namespace fleetcache::models
