/// Text of the trace verbs: tables, numbers and plots that fit 80 columns and need no colour.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/traces/watch.hpp"

namespace fleetcache::cli {

inline double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}
std::string fixed(double value, int digits);

using Table = std::vector<std::vector<std::string>>;
/// Columns two blanks apart; all but the first flush right.
std::string aligned(const Table& table);
std::string markdown(const Table& table);
inline std::string rendered(const Table& table, const std::string& format) {
  return format == "md" ? markdown(table) : aligned(table);
}

/// Exact: "30GiB", or a count.
std::string capacity_text(std::uint64_t capacity, bool objects);
/// Four digits and a binary unit, for reading only.
std::string about_bytes(std::uint64_t bytes);

/// A line of points with ascending x > 0 and y in 0..1.
struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};
/// Curves over a logarithmic x axis, 78 columns by about 20 rows: a letter a series, '*' where they
/// meet, and which letter is which. `low` and `high` are printed at the ends of the axis.
std::string plot_curves(const std::vector<Series>& series, const std::string& low,
                        const std::string& high, const std::string& axis);

/// One line a power of two from the first to the last that occurs, with shares of two histograms
/// side by side. `unit` follows the bound of a line: "ms".
std::string plot_ages(const traces::Log2Histogram& left, const traces::Log2Histogram& right,
                      const std::string& unit);

}  // namespace fleetcache::cli
