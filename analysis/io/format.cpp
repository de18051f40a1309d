#include "analysis/io/format.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace fleetcache::analysis::io {
namespace {

std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

/// Three significant digits for 0.001 <= |value| < 1000, more in front of the point beyond.
std::string three(double value) {
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 99.95) return fixed(value, 0);
  if (size >= 9.995) return fixed(value, 1);
  if (size >= 0.9995) return fixed(value, 2);
  if (size >= 0.0995) return fixed(value, 3);
  return fixed(value, 4);
}

/// Scales by powers of a thousand from the first prefix on.
std::string prefixed(double value, const std::string& unit) {
  static constexpr std::array<const char*, 7> kPrefix = {"", "k", "M", "G", "T", "P", "E"};
  double scaled = value;
  std::size_t i = 0;
  while (std::abs(scaled) >= 999.5 && i + 1 < kPrefix.size()) {
    scaled /= 1000;
    ++i;
  }
  return three(scaled) + " " + kPrefix[i] + unit;
}

std::string duration(double seconds) {
  const double size = std::abs(seconds);
  if (size == 0) return "0 s";
  if (size < 0.9995e-6) return three(seconds * 1e9) + " ns";
  if (size < 0.9995e-3) return three(seconds * 1e6) + " us";
  if (size < 0.9995) return three(seconds * 1e3) + " ms";
  if (size < 600) return three(seconds) + " s";
  if (size < 3600 * 10) return three(seconds / 60) + " min";
  if (size < 86400 * 10) return three(seconds / 3600) + " h";
  return three(seconds / 86400) + " d";
}

std::string plain(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    const auto magnitude = static_cast<std::uint64_t>(std::abs(value));
    return (value < 0 ? "-" : "") + grouped(magnitude);
  }
  return three(value);
}

}  // namespace

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string quantity(double value, const std::string& unit) {
  if (!std::isfinite(value)) return "n/a";
  if (unit == "s") return duration(value);
  if (unit == "ratio") return three(value * 100) + " %";
  if (unit == "B" || unit == "B/s") return prefixed(value, unit);
  if (unit == "1/s") return prefixed(value, "/s");
  if (unit == "USD") return prefixed(value, "USD");
  if (unit == "1" || unit.empty()) return plain(value);
  return plain(value) + " " + unit;
}

std::string difference(double before, double after, const std::string& unit) {
  const double change = after - before;
  const char* sign = change >= 0 ? "+" : "";
  if (unit == "ratio") return sign + three(change * 100) + " pp";
  return sign + quantity(change, unit);
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) return "-";
  const double share = 100 * static_cast<double>(part) / static_cast<double>(whole);
  return share < 0.05 ? "<0.1 %" : fixed(share, 1) + " %";
}

std::size_t width(const std::string& text) {
  std::size_t points = 0;
  for (const char c : text) points += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U ? 1 : 0;
  return points;
}

}  // namespace fleetcache::analysis::io
