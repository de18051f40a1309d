#include "sim/cli/trace_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "policies/base/math.hpp"
#include "sim/scenario/quantity.hpp"

namespace fleetcache::cli {

namespace {

constexpr std::size_t kWidth = 70;   // of a plot, beside its axis
constexpr std::size_t kHeight = 21;  // rows from 0 to 1, a twentieth each
constexpr std::size_t kBar = 20;

std::size_t row_of(double y) {
  return static_cast<std::size_t>(std::clamp(1 - y, 0.0, 1.0) * (kHeight - 1) + 0.5);
}

/// The curve between its points, straight on the logarithmic axis; below 0 outside them.
double height(const Series& series, double log_x) {
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const double at = portable_log(series.points[i].first);
    if (std::abs(at - log_x) < 1e-9) return series.points[i].second;
    if (at < log_x) continue;
    if (i == 0) return -1;
    const double before = portable_log(series.points[i - 1].first);
    const double part = (log_x - before) / (at - before);
    return series.points[i - 1].second * (1 - part) + series.points[i].second * part;
  }
  return -1;
}

std::string bar(double share, double most) {
  const auto cells =
      most <= 0 ? std::size_t{0} : static_cast<std::size_t>(share / most * kBar + 0.5);
  return std::string(cells, '#') + std::string(kBar - std::min(cells, kBar), ' ');
}

}  // namespace

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string aligned(const Table& table) {
  std::vector<std::size_t> width;
  for (const auto& row : table) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const auto& row : table) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(width[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string markdown(const Table& table) {
  std::string out;
  for (std::size_t r = 0; r < table.size(); ++r) {
    out += "|";
    for (const std::string& cell : table[r]) out += " " + cell + " |";
    out += "\n";
    if (r != 0) continue;
    for (std::size_t i = 0; i < table[0].size(); ++i) out += i == 0 ? "| --- |" : " ---: |";
    out += "\n";
  }
  return out;
}

std::string capacity_text(std::uint64_t capacity, bool objects) {
  return objects ? std::to_string(capacity) : scenario::print_bytes(capacity);
}

std::string about_bytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit < 6) {
    value /= 1024;
    ++unit;
  }
  const int digits = unit == 0 || value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return fixed(value, digits) + kUnits[unit];
}

std::string plot_curves(const std::vector<Series>& series, const std::string& low,
                        const std::string& high, const std::string& axis) {
  double first = std::numeric_limits<double>::max(), last = 0;
  for (const Series& s : series) {
    for (const auto& [x, y] : s.points) {
      first = std::min(first, x);
      last = std::max(last, x);
    }
  }
  if (last <= first) return "";  // one size is no curve
  std::vector<std::string> rows(kHeight, std::string(kWidth, ' '));
  const double from = portable_log(first), to = portable_log(last);
  for (std::size_t k = 0; k < series.size(); ++k) {
    const char letter = static_cast<char>('a' + k % 26);
    for (std::size_t c = 0; c < kWidth; ++c) {
      const double y =
          height(series[k], from + (to - from) * static_cast<double>(c) / (kWidth - 1));
      if (y < 0) continue;
      char& cell = rows[row_of(y)][c];
      cell = cell == ' ' ? letter : '*';
    }
  }
  std::string out;
  for (std::size_t r = 0; r < kHeight; ++r) {
    const double y = 1 - static_cast<double>(r) / (kHeight - 1);
    out += (r % 4 == 0 ? fixed(y, 2) : std::string("    ")) + " |" + rows[r];
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  out += "     +" + std::string(kWidth, '-') + "\n      " + low;
  const std::size_t used = low.size() + high.size() + axis.size();
  const std::size_t gap = used + 2 < kWidth ? (kWidth - used) / 2 : 1;
  const std::size_t rest = used + gap < kWidth ? kWidth - used - gap : 1;
  out += std::string(gap, ' ') + axis + std::string(rest, ' ') + high + "\n";
  std::string line = "     ";
  for (std::size_t k = 0; k < series.size(); ++k) {
    const std::string item =
        std::string(" ") + static_cast<char>('a' + k % 26) + " " + series[k].name + " ";
    if (line.size() + item.size() > kWidth + 8) {
      out += line + "\n";
      line = "     ";
    }
    line += item;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return out + line + "\n";
}

std::string plot_ages(const traces::Log2Histogram& left, const traces::Log2Histogram& right,
                      const std::string& unit) {
  const double lefts = static_cast<double>(left.total());
  const double rights = static_cast<double>(right.total());
  std::size_t first = left.counts.size(), last = 0;
  double most = 0;
  for (std::size_t k = 0; k < left.counts.size(); ++k) {
    if (left.counts[k] + right.counts[k] == 0) continue;
    first = std::min(first, k);
    last = k;
    if (lefts > 0) most = std::max(most, static_cast<double>(left.counts[k]) / lefts);
    if (rights > 0) most = std::max(most, static_cast<double>(right.counts[k]) / rights);
  }
  std::string out;
  for (std::size_t k = first; k <= last && k < left.counts.size(); ++k) {
    const double a = lefts > 0 ? static_cast<double>(left.counts[k]) / lefts : 0;
    const double b = rights > 0 ? static_cast<double>(right.counts[k]) / rights : 0;
    // Values below 2^k; the last bucket's bound does not fit 64 bits.
    const std::string bound =
        "< " + (k < 64 ? std::to_string(std::uint64_t{1} << k) : std::string("2^64")) + unit;
    std::string line = std::string(bound.size() < 16 ? 16 - bound.size() : 0, ' ') + bound;
    const std::string shares[] = {fixed(100 * a, 1), fixed(100 * b, 1)};
    line += std::string(7 - shares[0].size(), ' ') + shares[0] + " % " + bar(a, most);
    line += std::string(6 - std::min<std::size_t>(shares[1].size(), 6), ' ') + shares[1] + " % " +
            bar(b, most);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace fleetcache::cli
