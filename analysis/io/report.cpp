#include "analysis/io/report.hpp"

#include <algorithm>

#include "analysis/io/format.hpp"
#include "analysis/io/grid.hpp"

namespace fleetcache::analysis::io {
namespace {

const std::string& cell(const std::vector<std::string>& row, std::size_t column) {
  static const std::string blank;
  return column < row.size() ? row[column] : blank;
}

std::size_t columns_of(const Section& section) {
  std::size_t columns = section.columns.size();
  for (const auto& row : section.rows) columns = std::max(columns, row.size());
  return columns;
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
    put_grid({section.columns, section.rows}, kPageWidth, out);
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
    const std::size_t columns = columns_of(section);
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
