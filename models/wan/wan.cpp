#include "models/wan/wan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::models {

BytesPerSecond wan_stream_rate(Bytes window, Duration rtt) {
  FLEETCACHE_CHECK(rtt.count > 0, "a window over no round trip");
  return BytesPerSecond(static_cast<double>(window.count) / to_seconds(rtt));
}

std::uint64_t wan_streams_to_fill(BytesPerSecond capacity, Bytes window, Duration rtt) {
  return static_cast<std::uint64_t>(
      std::ceil(capacity.count / wan_stream_rate(window, rtt).count * (1 - 1e-12)));
}

Duration wan_transfer_time(Bytes size, std::uint64_t flows, BytesPerSecond stream,
                           BytesPerSecond capacity) {
  FLEETCACHE_CHECK(flows >= 1 && stream.count > 0 && capacity.count > 0, "a transfer at no rate");
  const double rate = std::min(stream.count, capacity.count / static_cast<double>(flows));
  return from_seconds(static_cast<double>(size.count) / rate);
}

double break_even_reads_per_month(Money transfer_per_gb, Money hold_per_gb_month,
                                  double months_kept) {
  FLEETCACHE_CHECK(months_kept > 0, "a copy kept for no time");
  if (transfer_per_gb.count <= 0) return std::numeric_limits<double>::infinity();
  return 1 / months_kept + hold_per_gb_month.count / transfer_per_gb.count;
}

}  // namespace fleetcache::models
