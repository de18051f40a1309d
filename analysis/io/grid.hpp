/// Tables in text of a given width: columns that fit, cells that wrap.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fleetcache::analysis::io {

/// A table. The first column is left aligned, the others right; cells that wrap are left aligned.
struct Grid {
  std::vector<std::string> columns;            ///< heads; none: no line of heads
  std::vector<std::vector<std::string>> rows;  ///< shorter rows are filled with blanks
};

/// Appends the table in lines of at most `page` columns, as long as no single word is wider. What
/// does not fit is tried in this order: the widest column of words wraps; a first column of long
/// names that come again becomes a heading over its rows, in the order of their first; the rest is
/// cut into blocks that repeat the first column. O(cells).
void put_grid(const Grid& grid, std::size_t page, std::string& out);

/// Breaks at spaces; at least one line, and a word wider than `width` is left as it is.
std::vector<std::string> wrapped(const std::string& text, std::size_t width);

}  // namespace fleetcache::analysis::io
