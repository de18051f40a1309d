/// Curves drawn with characters: 64 columns wide, two lines high.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace fleetcache::analysis::io {

enum class Glyphs : std::uint8_t {
  kAscii,   ///< 6 levels over the two lines
  kBlocks,  ///< eighths of blocks, UTF-8: 16 levels
};

/// Blocks only where they will be read: a UTF-8 locale, a terminal that is not "dumb", and nobody
/// who asked for plain output. Arguments are the values of NO_COLOR, TERM and the first of LC_ALL,
/// LC_CTYPE and LANG that is set; null where unset.
Glyphs glyphs_for(const char* no_color, const char* term, const char* locale);

inline constexpr std::size_t kPlotColumns = 64;

/// `values` squeezed or stretched to the columns: the mean of what falls into one, or the largest
/// with `peaks`; NaN where there was nothing.
std::vector<double> to_columns(const std::vector<double>& values, bool peaks);

/// Upper and lower line of a curve from 0 to `most`, kPlotColumns characters each: the least mark
/// for 0, a blank for NaN. Requires: columns >= 0 or NaN.
std::array<std::string, 2> draw_curve(const std::vector<double>& columns, double most,
                                      Glyphs glyphs);

}  // namespace fleetcache::analysis::io
