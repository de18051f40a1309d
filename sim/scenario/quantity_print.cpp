#include <array>
#include <charconv>

#include "sim/scenario/quantity.hpp"

namespace fleetcache::scenario {
namespace {

constexpr std::string_view kSiPrefixes = "kMGTPE";
constexpr std::string_view kIecPrefixes = "KMGTPE";

struct NamedSpan {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<NamedSpan, 3> kLongSpans = {
    {{"d", 86'400'000'000'000}, {"h", 3'600'000'000'000}, {"min", 60'000'000'000}}};

/// Shortest digits of a positive double and the power of ten of the first digit.
struct Digits {
  std::string digits;
  int exponent;
};

Digits shortest(double value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  Digits out{std::string(1, text[0]), 0};
  if (e > 2) out.digits += text.substr(2, e - 2);
  out.exponent = std::stoi(std::string(text.substr(e + 1)));
  return out;
}

/// Digits with the decimal point after `whole_digits` of them.
std::string place_point(std::string digits, int whole_digits) {
  if (whole_digits <= 0) {
    return "0." + std::string(static_cast<std::size_t>(-whole_digits), '0') + digits;
  }
  const auto n = static_cast<std::size_t>(whole_digits);
  if (n >= digits.size()) return digits + std::string(n - digits.size(), '0');
  return digits.insert(n, ".");
}

/// "2.5G" + unit, exact by shifting the decimal point of the shortest digits.
std::string print_with_si(double value, std::string_view unit, std::string_view prefixes) {
  if (value == 0) return "0" + std::string(unit);
  const Digits d = shortest(value);
  int group = 0;
  while (group < static_cast<int>(prefixes.size()) && d.exponent >= 3 * (group + 1)) ++group;
  std::string text;
  if (d.exponent - 3 * group > 20 || d.exponent < -6) {
    text = d.digits + "e" +
           std::to_string(d.exponent - static_cast<int>(d.digits.size()) + 1 - 3 * group);
  } else {
    text = place_point(d.digits, d.exponent - 3 * group + 1);
  }
  if (group > 0) text += prefixes[static_cast<std::size_t>(group - 1)];
  return text + std::string(unit);
}

/// value / 10^power as a decimal without trailing zeros.
std::string scaled_decimal(std::uint64_t value, int power) {
  std::string digits = std::to_string(value);
  int whole_digits = static_cast<int>(digits.size()) - power;
  while (digits.size() > 1 && digits.back() == '0' &&
         static_cast<int>(digits.size()) > whole_digits) {
    digits.pop_back();
  }
  return place_point(digits, whole_digits);
}

}  // namespace

std::string print_bytes(std::uint64_t bytes) {
  std::string best = std::to_string(bytes) + "B";
  for (int prefix = 1; prefix <= 6; ++prefix) {
    const auto at = static_cast<std::size_t>(prefix - 1);
    const std::uint64_t iec = std::uint64_t{1} << (10 * prefix);
    if (bytes > 0 && bytes % iec == 0) {
      const std::string text = std::to_string(bytes / iec) + kIecPrefixes[at] + "iB";
      if (text.size() < best.size()) best = text;
    }
    std::uint64_t si = 1;
    for (int i = 0; i < prefix; ++i) si *= 1000;
    if (bytes >= si) {
      const std::string text = scaled_decimal(bytes, 3 * prefix) + kSiPrefixes[at] + "B";
      if (text.size() <= best.size()) best = text;
    }
  }
  return best;
}

std::string print_bytes_per_second(double value) {
  return print_with_si(value, "B/s", kSiPrefixes);
}

std::string print_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  auto rest = static_cast<std::uint64_t>(nanoseconds);
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (rest < kSecond) {
    if (rest >= 1'000'000) return scaled_decimal(rest, 6) + "ms";
    return rest >= 1'000 ? scaled_decimal(rest, 3) + "us" : std::to_string(rest) + "ns";
  }
  std::string text;
  for (const NamedSpan& span : kLongSpans) {
    const std::uint64_t count = rest / span.nanoseconds;
    rest %= span.nanoseconds;
    if (count > 0) text += std::to_string(count) + std::string(span.name);
  }
  return rest == 0 ? text : text + scaled_decimal(rest, 9) + "s";
}

std::string print_rate(double value) { return print_with_si(value, "/s", "kMG"); }

std::string print_money_per_gb(double value) { return print_with_si(value, "USD/GB", ""); }

std::string print_money_per_hour(double value) { return print_with_si(value, "USD/h", ""); }

std::string print_number(double value) {
  return value < 0 ? "-" + print_with_si(-value, "", "") : print_with_si(value, "", "");
}

}  // namespace fleetcache::scenario
