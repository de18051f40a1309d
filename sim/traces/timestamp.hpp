/// Points in time as logs write them, to nanoseconds since 1970-01-01 UTC. Proleptic Gregorian
/// calendar, no leap seconds, no zone tables.
#pragma once

#include <cstdint>
#include <string_view>

namespace fleetcache::traces {

/// "2026-11-23T09:55:01.1234567Z", also with a blank for the T, "," before the fraction, without a
/// fraction, with "+02:00" for the Z, or with neither (then UTC). False for anything else, a date
/// that does not exist, a year outside 1970..2200. Digits past nanoseconds are dropped.
bool parse_iso_time(std::string_view text, std::int64_t& ns);
/// As tables exported from a portal have it: "11/23/2026, 9:55:01.123 AM" (month first; UTC).
bool parse_us_time(std::string_view text, std::int64_t& ns);
/// As `date` prints it: "Mon Nov 23 09:55:01 UTC 2026", or a syslog line's "Nov 23 09:55:01", which
/// has no year and is taken in `year`. The zone's name is ignored (such names are ambiguous), so
/// the time is that of the log's own clock.
bool parse_unix_time(std::string_view text, int year, std::int64_t& ns);

}  // namespace fleetcache::traces
