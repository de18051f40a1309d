#include "sim/cli/columns.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "analysis/io/format.hpp"

namespace fleetcache::cli {

namespace {

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kLeastLast = 12;
constexpr std::size_t kGap = 2;

using Row = std::vector<std::string>;

std::size_t width_of(const std::string& text) { return analysis::io::width(text); }

/// Bytes of the first `n` characters.
std::size_t bytes_of(const std::string& text, std::size_t n) {
  std::size_t at = 0;
  while (at < text.size() && n > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) ++at;
    --n;
  }
  return at;
}

/// Where to break a word that is too long: behind a joint, else where the line is full.
std::size_t break_of(const std::string& word, std::size_t width) {
  const std::size_t full = bytes_of(word, width);
  const std::size_t joint = word.find_last_of("/.,=:", full - 1);
  return joint == std::string::npos || joint + 1 < full / 2 ? full : joint + 1;
}

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

std::string without_end(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::size_t terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0) {
    return kUsualWidth;
  }
  return std::max<std::size_t>(size.ws_col, kLeastWidth);
}

std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  std::string word;
  while (words >> word) {
    const bool first = lines.back().empty();
    if (!first && width_of(lines.back()) + 1 + width_of(word) <= width) {
      lines.back() += " " + word;
      continue;
    }
    if (!first) lines.emplace_back();
    while (width_of(word) > width) {
      const std::size_t cut = break_of(word, width);
      lines.back() = word.substr(0, cut);
      lines.emplace_back();
      word.erase(0, cut);
    }
    lines.back() = word;
  }
  return lines;
}

std::string hanging(const std::string& prefix, const std::string& text, std::size_t width) {
  const std::size_t indent = width_of(prefix);
  std::string out, before = prefix;
  for (const std::string& line :
       wrapped(text, std::max(kLeastLast, width > indent ? width - indent : 0))) {
    out += without_end(before + line) + "\n";
    before = std::string(indent, ' ');
  }
  return out;
}

std::string Columns::text() const { return text(std::string::npos); }

std::size_t Columns::width() const {
  std::size_t widest = 0;
  std::istringstream lines(text());
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, width_of(line));
  return widest;
}

std::string Columns::text(std::size_t width) const {
  std::vector<Row> all = {head};
  all.insert(all.end(), rows.begin(), rows.end());
  const std::vector<std::size_t> widths = widths_of(all);
  std::string out;
  for (const Row& row : all) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - width_of(row[i]) + kGap, ' ');
    }
    out += width == std::string::npos ? without_end(line + row.back()) + "\n"
                                      : hanging(line, row.back(), width);
  }
  return out;
}

std::string Columns::markdown() const {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string out = "|";
    for (std::string cell : cells) {
      for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) {
        cell.replace(at, 1, "\\|");
      }
      out += " " + cell + " |";
    }
    return out + "\n";
  };
  std::string out = line(head) + line(std::vector<std::string>(head.size(), "---"));
  for (const auto& row : rows) out += line(row);
  return out;
}

}  // namespace fleetcache::cli
