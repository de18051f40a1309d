#include "sim/analytic/text.hpp"

#include <cmath>
#include <cstdio>

namespace fleetcache::analytic {

namespace {

// Below this a figure is the rounding of others.
constexpr double kNothing = 1e-9;

std::string formatted(const char* format, double x) {
  char text[64];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

// The value in the largest unit of steps of 1,000 that keeps it at 1 or more.
std::string scaled(double x, const char* const* units, int count) {
  int i = 0;
  double v = std::fabs(x);
  while (i + 1 < count && v >= 999.5) {
    v /= 1000;
    ++i;
  }
  return (x <= -kNothing ? "-" : "") + digits(v) + " " + units[i];
}

}  // namespace

std::string digits(double x) {
  if (std::isinf(x)) return x > 0 ? "unlimited" : "-unlimited";
  const double v = std::fabs(x);
  if (v < kNothing) return "0";
  if (v >= 999.5) {
    std::string whole = formatted("%.0f", x);
    for (int at = static_cast<int>(whole.size()) - 3; at > (x < 0 ? 1 : 0); at -= 3)
      whole.insert(static_cast<std::size_t>(at), ",");
    return whole;
  }
  if (v >= 99.95) return formatted("%.0f", x);
  if (v >= 9.995) return formatted("%.1f", x);
  if (v >= 0.9995) return formatted("%.2f", x);
  return formatted("%.3g", x);
}

std::string count(double n) {
  if (n >= 999.5 || std::isinf(n)) return digits(n);
  return formatted("%.0f", n);
}

std::string percent(double ratio) {
  const double p = std::fabs(ratio) < kNothing ? 0 : 100 * ratio;
  if (p != 0 && std::fabs(p) < 0.05) return formatted("%.2g %%", p);
  return formatted("%.1f %%", p);
}

std::string bits_per_second(double bytes) {
  static const char* const kUnits[] = {"bps", "kbps", "Mbps", "Gbps", "Tbps", "Pbps"};
  return scaled(8 * bytes, kUnits, 6);
}

std::string bytes_per_second(double bytes) {
  static const char* const kUnits[] = {"B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"};
  return scaled(bytes, kUnits, 6);
}

std::string amount(double x, const std::string& unit) {
  return unit == "B/s" ? bytes_per_second(x) : digits(x) + "/s";
}

std::string byte_count(double bytes) {
  static const char* const kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  return scaled(bytes, kUnits, 7);
}

std::string seconds(double s) {
  if (std::isinf(s)) return "never";
  const double v = std::fabs(s);
  if (v < kNothing) return "0 s";
  if (v < 1e-3) return digits(s * 1e6) + " us";
  if (v < 1) return digits(s * 1e3) + " ms";
  if (v < 120) return digits(s) + " s";
  if (v < 7200) return digits(s / 60) + " min";
  if (v < 172800) return digits(s / 3600) + " h";
  return digits(s / 86400) + " d";
}

std::string dollars(double usd) {
  static const char* const kUnits[] = {"$", "k$", "M$", "G$"};
  return scaled(usd, kUnits, 4);
}

}  // namespace fleetcache::analytic
