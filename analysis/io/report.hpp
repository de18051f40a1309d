/// A report as a list of sections, rendered as text of at most 80 columns or as Markdown.
#pragma once

#include <string>
#include <vector>

namespace fleetcache::analysis::io {

inline constexpr std::size_t kPageWidth = 80;

struct Section {
  std::string title;
  std::vector<std::string> columns;            ///< head of the grid; the first is left aligned
  std::vector<std::vector<std::string>> rows;  ///< shorter rows are filled with blanks
  std::vector<std::string> lines;              ///< sentences under the grid
  std::vector<std::string> verbatim = {};      ///< a drawing between them, kept as it is
};

struct Report {
  std::vector<std::string> head;  ///< sentences before the first section
  std::vector<Section> sections;
};

/// Grids as in grid.hpp; sentences wrap at words. A single word wider than the page is left as it
/// is.
std::string to_text(const Report& report);
std::string to_markdown(const Report& report);

}  // namespace fleetcache::analysis::io
