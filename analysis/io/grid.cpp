#include "analysis/io/grid.hpp"

#include <algorithm>
#include <set>

#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kIndent = 2;
/// Narrower columns are numbers with their units and do not wrap.
constexpr std::size_t kLeastText = 16;
/// A first column at least as wide is a description rather than a name.
constexpr std::size_t kDescription = 28;

using Row = std::vector<std::string>;
struct Layout {
  std::vector<std::size_t> widths;
  std::vector<bool> wraps;
  std::size_t indent = kIndent;
};

const std::string& cell(const Row& row, std::size_t column) {
  static const std::string blank;
  return column < row.size() ? row[column] : blank;
}

template <class F>
void each_cell(const Grid& grid, std::size_t column, F f) {
  f(cell(grid.columns, column));
  for (const Row& row : grid.rows) f(cell(row, column));
}

Layout natural(const Grid& grid) {
  std::size_t columns = grid.columns.size();
  for (const Row& row : grid.rows) columns = std::max(columns, row.size());
  Layout layout{std::vector<std::size_t>(columns, 0), std::vector<bool>(columns, false)};
  for (std::size_t c = 0; c < columns; ++c) {
    each_cell(grid, c, [&](const std::string& text) {
      layout.widths[c] = std::max(layout.widths[c], width(text));
    });
  }
  return layout;
}

std::size_t total(const Layout& layout) {
  std::size_t sum = layout.indent;
  for (std::size_t c = 0; c < layout.widths.size(); ++c) {
    sum += layout.widths[c] + (c > 0 ? kGap : 0);
  }
  return sum;
}

std::size_t widest_word(const Grid& grid, std::size_t column) {
  std::size_t widest = 0;
  each_cell(grid, column, [&](const std::string& text) {
    for (const std::string& word : wrapped(text, 1)) widest = std::max(widest, width(word));
  });
  return widest;
}

/// Makes the widest column but the first as narrow as the page asks for. False: it cannot be.
bool wrap_widest(const Grid& grid, std::size_t page, Layout& layout) {
  if (layout.widths.size() < 2) return false;
  const auto widest = std::max_element(layout.widths.begin() + 1, layout.widths.end());
  const auto column = static_cast<std::size_t>(widest - layout.widths.begin());
  const std::size_t rest = total(layout) - *widest;
  const std::size_t least = std::max(kLeastText, widest_word(grid, column));
  if (rest + least > page) return false;
  *widest = page - rest;
  layout.wraps[column] = true;
  return true;
}

void put_row(const Row& row, const Layout& layout, std::string& out) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t c = 0; c < layout.widths.size(); ++c) {
    const std::string& text = cell(row, c);
    cells.push_back(layout.wraps[c] ? wrapped(text, layout.widths[c])
                                    : std::vector<std::string>{text});
    height = std::max(height, cells.back().size());
  }
  for (std::size_t i = 0; i < height; ++i) {
    std::string line(layout.indent, ' ');
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string text = i < cells[c].size() ? cells[c][i] : "";
      const std::string pad(layout.widths[c] - std::min(layout.widths[c], width(text)), ' ');
      if (c > 0) line += std::string(kGap, ' ');
      line += c == 0 || layout.wraps[c] ? text + pad : pad + text;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
}

void put_block(const Grid& grid, const Layout& layout, std::string& out) {
  if (!grid.columns.empty()) put_row(grid.columns, layout, out);
  for (const Row& row : grid.rows) put_row(row, layout, out);
}

/// The first column and those of [from, to).
Grid part_of(const Grid& grid, std::size_t from, std::size_t to) {
  const auto cut = [&](const Row& row) {
    Row out = {cell(row, 0)};
    for (std::size_t c = from; c < to; ++c) out.push_back(cell(row, c));
    return out;
  };
  Grid part;
  if (!grid.columns.empty()) part.columns = cut(grid.columns);
  for (const Row& row : grid.rows) part.rows.push_back(cut(row));
  return part;
}

void put_blocks(const Grid& grid, std::size_t page, const Layout& whole, std::string& out) {
  std::size_t from = 1;
  do {
    std::size_t to = from;
    std::size_t used = whole.indent + whole.widths[0];
    while (to < whole.widths.size() && (to == from || used + kGap + whole.widths[to] <= page)) {
      used += kGap + whole.widths[to++];
    }
    const Grid part = part_of(grid, from, to);
    Layout layout = natural(part);
    layout.indent = whole.indent;
    if (total(layout) > page) wrap_widest(part, page, layout);
    if (from > 1) out += "\n";
    put_block(part, layout, out);
    from = to;
  } while (from < whole.widths.size());
}

void put_within(const Grid& grid, std::size_t page, std::size_t indent, std::string& out) {
  Layout layout = natural(grid);
  layout.indent = indent;
  if (layout.widths.empty()) return;
  if (total(layout) <= page || wrap_widest(grid, page, layout)) return put_block(grid, layout, out);
  put_blocks(grid, page, layout, out);
}

bool comes_again(const Grid& grid) {
  std::set<std::string> seen;
  return std::any_of(grid.rows.begin(), grid.rows.end(),
                     [&](const Row& row) { return !seen.insert(cell(row, 0)).second; });
}

std::string heads_of(const Grid& grid) {
  std::string line;
  for (std::size_t c = 0; c < grid.columns.size(); ++c) {
    line += (c == 0 ? "" : c == 1 ? ": " : " | ") + grid.columns[c];
  }
  return line;
}

/// Each group has widths of its own, so its columns have no common heads: one line names them.
void put_groups(const Grid& grid, std::size_t page, std::string& out) {
  for (const std::string& line : wrapped(heads_of(grid), page - kIndent)) {
    out += std::string(kIndent, ' ') + line + "\n";
  }
  std::vector<std::pair<std::string, Grid>> groups;
  for (const Row& row : grid.rows) {
    auto found = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& group) { return group.first == cell(row, 0); });
    if (found == groups.end()) found = groups.insert(groups.end(), {cell(row, 0), {}});
    found->second.rows.emplace_back(row.begin() + (row.empty() ? 0 : 1), row.end());
  }
  for (const auto& [name, rows] : groups) {
    for (const std::string& line : wrapped(name, page - kIndent)) {
      out += std::string(kIndent, ' ') + line + "\n";
    }
    put_within(rows, page, 2 * kIndent, out);
  }
}

}  // namespace

std::vector<std::string> wrapped(const std::string& text, std::size_t to) {
  std::vector<std::string> lines = {""};
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!lines.back().empty() && width(lines.back()) + 1 + width(word) > to) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    start = end + 1;
  }
  return lines;
}

void put_grid(const Grid& grid, std::size_t page, std::string& out) {
  Layout layout = natural(grid);
  if (layout.widths.empty()) return;
  if (total(layout) <= page) return put_block(grid, layout, out);
  if (layout.widths[0] >= kDescription && comes_again(grid)) return put_groups(grid, page, out);
  put_within(grid, page, kIndent, out);
}

}  // namespace fleetcache::analysis::io
