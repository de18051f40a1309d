/// Quantities as people write them: "28TiB", "160Gbps", "2d4h". One code path for files and flags.
///
/// A number, optional spaces, a unit. SI prefixes (k M G T P E) are powers of 1000, IEC prefixes
/// (Ki Mi Gi Ti Pi Ei) of 1024; `B` is bytes, `b` or `bit` is bits. Nothing is guessed: a missing
/// unit, bits where bytes are meant, an amount where a rate is meant are errors that say so.
/// Errors have an empty `where`: only the caller knows the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policies/base/result.hpp"

namespace fleetcache::scenario {

enum class Dimension : std::uint8_t {
  kBytes,           ///< "30TB", "28TiB": whole bytes
  kBytesPerSecond,  ///< "160Gbps", "2.5GB/s": bytes per second
  kDuration,        ///< "83ms", "2d4h": whole nanoseconds
  kRate,            ///< "40k/s", "3/min": per second
  kRatio,           ///< "20%", "0.2": dimensionless
  kMoneyPerGb,      ///< "0.02USD/GB": dollars per 10^9 bytes
  kMoneyPerHour,    ///< "3USD/h": dollars per hour
};

/// "bytes", "bytes_per_second", ...: the names of the schema's `x-quantity`.
Result<Dimension> dimension_named(std::string_view name);
/// Unit of the plain number of a dimension: "B", "B/s", "ns", "1/s", "", "USD/GB", "USD/h".
std::string_view base_unit(Dimension dimension);
/// Two spellings to show in an error: `"12TB" or "28TiB"`.
std::string_view examples(Dimension dimension);

/// Bytes in integer arithmetic, exact where the number is whole; "1.8TiB" is rounded to the nearest
/// byte. Fails for part of a byte ("1.5B") and above 2^64 - 1.
Result<std::uint64_t> parse_bytes(std::string_view text);
/// Correctly rounded, but for a bandwidth in "/min" or "/h", which do not exist.
Result<double> parse_bytes_per_second(std::string_view text);
/// Nanoseconds, as exact as bytes. Parts go from large to small, each unit once: "2d4h", "1min30s".
Result<std::int64_t> parse_duration(std::string_view text);
/// Per second; accepts /s, /min, /h and /d.
Result<double> parse_rate(std::string_view text);
Result<double> parse_ratio(std::string_view text);
Result<double> parse_money_per_gb(std::string_view text);
/// Dollars an hour; accepts USD/h and USD/d.
Result<double> parse_money_per_hour(std::string_view text);
/// "1000blocks": whole, positive. Error when the text does not end in "blocks" or "block".
Result<std::uint64_t> parse_blocks(std::string_view text);
/// A whole number without a unit, at most 2^63 - 1; "1e3" is 1000.
Result<std::int64_t> parse_count(std::string_view text);
/// A number without a unit, not negative.
Result<double> parse_number(std::string_view text);
/// True when the text counts blocks rather than bytes.
bool counts_blocks(std::string_view text);

/// The shortest spelling that parses back to the same value: parse(print(x)) == x.
std::string print_bytes(std::uint64_t bytes);
std::string print_bytes_per_second(double value);
std::string print_duration(std::int64_t nanoseconds);
std::string print_rate(double value);
std::string print_money_per_gb(double value);
std::string print_money_per_hour(double value);
/// Shortest decimal that reads back to the same double. Requires: finite.
std::string print_number(double value);

}  // namespace fleetcache::scenario
