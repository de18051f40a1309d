#include "sim/traces/number.hpp"

#include <algorithm>
#include <charconv>

namespace fleetcache::traces {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) { return std::all_of(text.begin(), text.end(), is_digit); }

}  // namespace

NumberFault parse_unsigned(std::string_view text, std::uint64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end) return NumberFault::kOk;
  if (text.empty()) return NumberFault::kEmpty;
  if (text.front() == '-' && text.size() > 1 && all_digits(text.substr(1))) {
    return NumberFault::kNegative;
  }
  const bool overflow = error == std::errc::result_out_of_range && stop == end;
  return overflow ? NumberFault::kTooLarge : NumberFault::kNotANumber;
}

NumberFault parse_signed(std::string_view text, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end) return NumberFault::kOk;
  if (text.empty()) return NumberFault::kEmpty;
  const bool overflow = error == std::errc::result_out_of_range && stop == end;
  return overflow ? NumberFault::kTooLarge : NumberFault::kNotANumber;
}

NumberFault parse_scaled(std::string_view text, int digits, std::int64_t& value) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = dot < text.size() ? text.substr(dot + 1) : std::string_view();
  std::uint64_t units = 0;
  if (const NumberFault fault = parse_unsigned(whole, units); fault != NumberFault::kOk) {
    const bool negative = fault == NumberFault::kNegative && all_digits(fraction);
    return negative || fault == NumberFault::kTooLarge || text.empty() ? fault
                                                                       : NumberFault::kNotANumber;
  }
  if (!all_digits(fraction) || (dot < text.size() && fraction.empty())) {
    return NumberFault::kNotANumber;
  }
  std::int64_t scaled = 0;
  if (__builtin_add_overflow(units, 0U, &scaled)) return NumberFault::kTooLarge;
  for (int i = 0; i < digits; ++i) {
    const auto place = static_cast<std::size_t>(i);
    const int digit = place < fraction.size() ? fraction[place] - '0' : 0;
    if (__builtin_mul_overflow(scaled, 10, &scaled)) return NumberFault::kTooLarge;
    if (__builtin_add_overflow(scaled, digit, &scaled)) return NumberFault::kTooLarge;
  }
  value = scaled;
  return NumberFault::kOk;
}

std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, 40)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out + (text.size() > 40 ? "…\"" : "\"");
}

std::string describe(NumberFault fault, std::string_view text) {
  switch (fault) {
    case NumberFault::kEmpty:
      return "a number is missing here";
    case NumberFault::kNegative:
      return quoted(text) + " is negative; want 0 or more";
    case NumberFault::kTooLarge:
      return quoted(text) + " is too large for 64 bits";
    case NumberFault::kOk:
    case NumberFault::kNotANumber:
      break;
  }
  return quoted(text) + " is not a number of the kind wanted here";
}

}  // namespace fleetcache::traces
