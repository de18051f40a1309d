#include "analysis/io/report.hpp"

#include <algorithm>

#include "analysis/io/format.hpp"

namespace fleetcache::analysis::io {
namespace {

constexpr std::size_t kGap = 2;

using Widths = std::vector<std::size_t>;

const std::string& cell(const std::vector<std::string>& row, std::size_t column) {
  static const std::string blank;
  return column < row.size() ? row[column] : blank;
}

Widths column_widths(const Section& section) {
  std::size_t columns = section.columns.size();
  for (const auto& row : section.rows) columns = std::max(columns, row.size());
  Widths widths(columns, 0);
  for (std::size_t c = 0; c < columns; ++c) {
    widths[c] = width(cell(section.columns, c));
    for (const auto& row : section.rows) widths[c] = std::max(widths[c], width(cell(row, c)));
  }
  return widths;
}

void put_row(const std::vector<std::string>& row, const Widths& widths, std::size_t from,
             std::size_t to, std::string& out) {
  std::string line = "  " + cell(row, 0) + std::string(widths[0] - width(cell(row, 0)), ' ');
  for (std::size_t c = from; c < to; ++c) {
    line += std::string(kGap + widths[c] - width(cell(row, c)), ' ') + cell(row, c);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

void put_grid(const Section& section, std::string& out) {
  const Widths widths = column_widths(section);
  if (widths.empty()) return;
  std::size_t from = 1;
  do {
    std::size_t to = from;
    std::size_t used = 2 + widths[0];
    while (to < widths.size() && (to == from || used + kGap + widths[to] <= kPageWidth)) {
      used += kGap + widths[to++];
    }
    if (from > 1) out += "\n";
    if (!section.columns.empty()) put_row(section.columns, widths, from, to, out);
    for (const auto& row : section.rows) put_row(row, widths, from, to, out);
    from = to;
  } while (from < widths.size());
}

/// Breaks at spaces; later lines start with `indent`.
void put_wrapped(const std::string& text, const std::string& indent, std::string& out) {
  std::string line = indent;
  std::size_t start = 0;
  while (start < text.size()) {
    std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    const bool empty = line.size() == indent.size();
    if (!empty && width(line) + 1 + width(word) > kPageWidth) {
      out += line + "\n";
      line = indent + "  " + word;
    } else {
      line += (empty ? "" : " ") + word;
    }
    start = end + 1;
  }
  out += line + "\n";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c;
  }
  return out;
}

void put_markdown_row(const std::vector<std::string>& row, std::size_t columns, std::string& out) {
  out += "|";
  for (std::size_t c = 0; c < columns; ++c) out += " " + escaped(cell(row, c)) + " |";
  out += "\n";
}

}  // namespace

std::string to_text(const Report& report) {
  std::string out;
  for (const std::string& line : report.head) put_wrapped(line, "", out);
  for (const Section& section : report.sections) {
    out += "\n" + section.title + "\n";
    put_grid(section, out);
    for (const std::string& line : section.verbatim)
      out += line.empty() ? "\n" : "  " + line + "\n";
    for (const std::string& line : section.lines) put_wrapped(line, "  ", out);
  }
  return out;
}

std::string to_markdown(const Report& report) {
  std::string out;
  for (std::size_t i = 0; i < report.head.size(); ++i) {
    out += (i == 0 ? "# " : "") + escaped(report.head[i]) + "\n\n";
  }
  for (const Section& section : report.sections) {
    out += "## " + escaped(section.title) + "\n\n";
    const std::size_t columns = column_widths(section).size();
    if (columns > 0) {
      put_markdown_row(section.columns, columns, out);
      out += "|";
      for (std::size_t c = 0; c < columns; ++c) out += c == 0 ? " --- |" : " ---: |";
      out += "\n";
      for (const auto& row : section.rows) put_markdown_row(row, columns, out);
      out += "\n";
    }
    if (!section.verbatim.empty()) {
      out += "```text\n";
      for (const std::string& line : section.verbatim) out += line + "\n";
      out += "```\n\n";
    }
    for (const std::string& line : section.lines) out += "- " + escaped(line) + "\n";
    if (!section.lines.empty()) out += "\n";
  }
  return out;
}

}  // namespace fleetcache::analysis::io
