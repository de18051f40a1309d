#include "analysis/io/terminal_plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fleetcache::analysis::io {
namespace {

constexpr std::array<const char*, 9> kBlock = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 4> kPlain = {" ", ".", ":", "#"};

bool is_utf8(const std::string& locale) {
  std::string letters;
  for (const char c : locale) {
    if (c != '-') letters += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return letters.find("utf8") != std::string::npos;
}

}  // namespace

Glyphs glyphs_for(const char* no_color, const char* term, const char* locale) {
  const bool plain = no_color != nullptr && *no_color != '\0';
  const bool dumb = term != nullptr && std::string(term) == "dumb";
  const bool utf8 = locale != nullptr && is_utf8(locale);
  return utf8 && !plain && !dumb ? Glyphs::kBlocks : Glyphs::kAscii;
}

std::vector<double> to_columns(const std::vector<double>& values, bool peaks) {
  std::vector<double> out(kPlotColumns, std::numeric_limits<double>::quiet_NaN());
  if (values.empty()) return out;
  for (std::size_t c = 0; c < kPlotColumns; ++c) {
    const std::size_t first = c * values.size() / kPlotColumns;
    const std::size_t last = std::max(first + 1, (c + 1) * values.size() / kPlotColumns);
    double sum = 0, most = 0, n = 0;
    for (std::size_t i = first; i < last; ++i) {
      if (!std::isfinite(values[i])) continue;
      sum += values[i];
      most = n == 0 ? values[i] : std::max(most, values[i]);
      n += 1;
    }
    if (n > 0) out[c] = peaks ? most : sum / n;
  }
  return out;
}

std::array<std::string, 2> draw_curve(const std::vector<double>& columns, double most,
                                      Glyphs glyphs) {
  const int levels = glyphs == Glyphs::kBlocks ? 8 : 3;  // of one line
  const auto glyph = [&](int level) {
    const auto i = static_cast<std::size_t>(std::clamp(level, 0, levels));
    return glyphs == Glyphs::kBlocks ? kBlock[i] : kPlain[i];
  };
  std::array<std::string, 2> lines;
  for (const double value : columns) {
    int level = 0;
    if (std::isfinite(value)) {
      const double share = most > 0 ? std::clamp(value / most, 0.0, 1.0) : 0;
      level = 1 + static_cast<int>(std::floor(share * (2 * levels - 1) + 0.5));
    }
    lines[0] += glyph(level - levels);
    lines[1] += glyph(level);
  }
  return lines;
}

}  // namespace fleetcache::analysis::io
