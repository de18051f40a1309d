/// Strict reading of numbers from trace text: no sign unless allowed, no blanks, no silent
/// overflow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policies/base/result.hpp"

namespace fleetcache::traces {

/// Why a number was refused; `kOk` when it was not.
enum class NumberFault : std::uint8_t { kOk, kEmpty, kNotANumber, kNegative, kTooLarge };

/// A whole number 0..2^64-1 in decimal digits. The whole text must be the number.
NumberFault parse_unsigned(std::string_view text, std::uint64_t& value);
/// A whole number -2^63..2^63-1.
NumberFault parse_signed(std::string_view text, std::int64_t& value);
/// A non-negative decimal number times 10^`digits`, exact: "1.5" with 3 digits is 1500. Further
/// digits of the fraction are dropped. Requires: digits <= 18.
NumberFault parse_scaled(std::string_view text, int digits, std::int64_t& value);

/// `"12x" is not a whole number`, with the text cut to a printable length.
std::string describe(NumberFault fault, std::string_view text);
/// The text in quotes, at most 40 bytes of it, with unprintable bytes as \xNN.
std::string quoted(std::string_view text);

}  // namespace fleetcache::traces
