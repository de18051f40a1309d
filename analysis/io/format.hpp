/// Numbers for people: three significant digits, a unit that fits, one decimal point.
#pragma once

#include <cstdint>
#include <string>

namespace fleetcache::analysis::io {

/// `unit` as in Metric: "s" gives "83.0 ms", "ratio" "97.3 %", "B" "1.20 TB", "B/s" "3.10 GB/s",
/// "1/s" "40.0 k/s", "USD" "12.3 USD", "1" "1,234"; another unit is put behind the number.
std::string quantity(double value, const std::string& unit);

/// The difference of two such figures: "+0.31 pp" for ratios, "-83.0 ms".
std::string difference(double before, double after, const std::string& unit);

/// 12345678 as "12,345,678".
std::string grouped(std::uint64_t n);

/// A share of a whole as "12.3 %"; "-" when nothing, "<0.1 %" when too small to show.
std::string percent(std::uint64_t part, std::uint64_t whole);

/// Code points of UTF-8 text: its width in a terminal, wide glyphs apart.
std::size_t width(const std::string& text);

}  // namespace fleetcache::analysis::io
