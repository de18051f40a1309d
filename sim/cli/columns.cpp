#include "sim/cli/columns.hpp"

#include <algorithm>

#include "analysis/io/format.hpp"

namespace fleetcache::cli {

std::string Columns::text() const {
  std::vector<std::vector<std::string>> all = {head};
  all.insert(all.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(head.size());
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], analysis::io::width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : all) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) {
        line += std::string(widths[i] - analysis::io::width(row[i]) + 2, ' ');
      }
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
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
