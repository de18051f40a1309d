#include "sim/traces/oracle_gap.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::traces {

std::vector<OracleGap> oracle_gaps(const ReplayReport& report) {
  std::vector<OracleGap> gaps;
  for (const ReplayRow& row : report.rows) {
    const auto best =
        std::find_if(report.rows.begin(), report.rows.end(), [&](const ReplayRow& other) {
          return other.policy == "belady" && other.capacity == row.capacity;
        });
    FLEETCACHE_CHECK(best != report.rows.end(), "every capacity is replayed with belady");

    FLEETCACHE_CHECK(best->misses >= report.cold, "no policy hits a first request");
    gaps.push_back({report.cold, best->misses - report.cold,
                    static_cast<std::int64_t>(row.misses - best->misses), report.cold_bytes,
                    best->miss_bytes - report.cold_bytes,
                    static_cast<std::int64_t>(row.miss_bytes - best->miss_bytes)});
  }
  return gaps;
}

}  // namespace fleetcache::traces
