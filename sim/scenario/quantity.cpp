#include "sim/scenario/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace fleetcache::scenario {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::uint64_t kMaxBytes = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kMaxNanoseconds = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kSiPrefixes = "kMGTPE";
constexpr std::string_view kIecPrefixes = "KMGTPE";

Error error(std::string what) { return Error{"", std::move(what)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// An unsigned decimal as written: digits without the point, and a power of ten.
struct Decimal {
  std::string digits;  ///< no leading and no trailing zeros; empty is zero
  int exponent = 0;
};

struct NumberAndRest {
  Decimal number;
  std::string_view rest;  ///< what follows, leading spaces dropped
};

/// Longest prefix that is a JSON-like decimal. "1EB" is 1 and "EB": an exponent needs a digit.
Result<NumberAndRest> split_number(std::string_view text) {
  constexpr std::size_t kMaxDigits = 40;
  constexpr int kMaxExponent = 400;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return error("is empty");
  if (text.front() == '-') return error("is negative");
  for (const char* word : {"nan", "inf", "NaN", "Inf", "INF", "NAN"}) {
    if (text.substr(0, 3) == word) return error("is not a finite number");
  }
  if (!is_digit(text.front())) return error("is not a number with a unit");
  Decimal number;
  std::size_t i = 0;
  while (i < text.size() && is_digit(text[i])) number.digits += text[i++];
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    for (++i; i < text.size() && is_digit(text[i]); ++i, --number.exponent) {
      number.digits += text[i];
    }
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    std::size_t j = i + 1;
    const bool minus = j < text.size() && text[j] == '-';
    if (j < text.size() && (text[j] == '-' || text[j] == '+')) ++j;
    if (j < text.size() && is_digit(text[j])) {
      int power = 0;
      for (; j < text.size() && is_digit(text[j]); ++j) {
        power = std::min(10 * power + (text[j] - '0'), 10 * kMaxExponent);
      }
      number.exponent += minus ? -power : power;
      i = j;
    }
  }
  const std::size_t first = number.digits.find_first_not_of('0');
  number.digits.erase(0, std::min(first, number.digits.size()));
  while (!number.digits.empty() && number.digits.back() == '0') {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) number.exponent = 0;
  if (number.digits.size() > kMaxDigits) return error("has too many digits");
  if (number.exponent > kMaxExponent) return error("is too large");
  if (number.exponent < -kMaxExponent) return error("is too small to be told from zero");
  text.remove_prefix(i);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return NumberAndRest{std::move(number), text};
}

/// number * scale as a whole number not above `limit`, exactly; what is left below one unit of a
/// prefixed number ("1.8TiB") is rounded, half up. A scale of 1 takes whole numbers only.
Result<std::uint64_t> whole(const Decimal& number, std::uint64_t scale, std::uint64_t limit,
                            std::string_view unit, const std::string& limit_text) {
  const std::string too_large = "is too large (at most " + limit_text + ")";
  const std::string not_whole = "is not a whole number of " + std::string(unit);
  if (number.digits.empty()) return std::uint64_t{0};
  Wide value = 0;
  constexpr Wide kRoom = Wide{1} << 64;  // below it, a product with a 64-bit scale cannot overflow
  for (const char c : number.digits) {
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value >= kRoom) return error(number.exponent < 0 ? "has too many digits" : too_large);
  }
  value *= scale;
  for (int e = number.exponent; e > 0; --e) {
    value *= 10;
    if (value > limit) return error(too_large);
  }
  unsigned tenths = 0;
  for (int e = number.exponent; e < 0; ++e) {
    if (scale == 1 && value % 10 != 0) return error(not_whole);
    tenths = static_cast<unsigned>(value % 10);
    value /= 10;
  }
  if (tenths >= 5) ++value;
  if (value == 0)
    return error("is less than one of the " + std::string(unit) + " it is counted in");
  if (value > limit) return error(too_large);
  return static_cast<std::uint64_t>(value);
}

/// number * 10^power, correctly rounded.
Result<double> rounded(const Decimal& number, int power) {
  if (number.digits.empty()) return 0.0;
  const std::string text = number.digits + "e" + std::to_string(number.exponent + power);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return error("is out of range");
  }
  return value;
}

/// "GiB/s" taken apart.
struct DataUnit {
  bool iec = false;
  int prefix = 0;  ///< power of 1000 or 1024
  bool bits = false;
  bool rate = false;
  bool ps_after_bytes = false;  ///< "GBps": neither usual spelling
};

std::optional<DataUnit> parse_data_unit(std::string_view unit) {
  DataUnit out;
  const auto take_prefix = [&](std::string_view prefixes, bool iec) {
    const std::size_t at = unit.empty() ? std::string_view::npos : prefixes.find(unit.front());
    if (at == std::string_view::npos || (iec && (unit.size() < 2 || unit[1] != 'i'))) return false;
    out.prefix = static_cast<int>(at) + 1;
    out.iec = iec;
    unit.remove_prefix(iec ? 2 : 1);
    return true;
  };
  if (!take_prefix(kIecPrefixes, true)) take_prefix(kSiPrefixes, false);
  if (unit.substr(0, 1) == "B") {
    unit.remove_prefix(1);
  } else if (unit.substr(0, 1) == "b") {
    out.bits = true;
    unit.remove_prefix(unit.substr(0, 3) == "bit" ? 3 : 1);
  } else {
    return std::nullopt;
  }
  if (unit == "/s" || unit == "ps") {
    out.rate = true;
    out.ps_after_bytes = unit == "ps" && !out.bits;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  return out;
}

std::string prefix_text(const DataUnit& unit) {
  if (unit.prefix == 0) return "";
  const auto at = static_cast<std::size_t>(unit.prefix - 1);
  return unit.iec ? std::string{kIecPrefixes[at], 'i'} : std::string{kSiPrefixes[at]};
}

Error wrong_data_unit(std::string_view unit, Dimension dimension) {
  const std::string quoted = "\"" + std::string(unit) + "\"";
  if (unit == "KB" || unit == "KB/s" || unit == "Kb" || unit == "Kbps") {
    return error("has the unit " + quoted + ": write k for 1000 or Ki for 1024");
  }
  return error("has the unknown unit " + quoted + " (want e.g. " +
               std::string(examples(dimension)) + ")");
}

Error no_unit(Dimension dimension) {
  return error("has no unit (want e.g. " + std::string(examples(dimension)) + ")");
}

struct NamedSpan {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<NamedSpan, 9> kSpans = {{{"w", 604'800'000'000'000},
                                              {"d", 86'400'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"min", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"µs", 1'000},
                                              {"ns", 1}}};

}  // namespace

Result<Dimension> dimension_named(std::string_view name) {
  if (name == "bytes") return Dimension::kBytes;
  if (name == "bytes_per_second") return Dimension::kBytesPerSecond;
  if (name == "duration") return Dimension::kDuration;
  if (name == "rate") return Dimension::kRate;
  if (name == "ratio") return Dimension::kRatio;
  if (name == "money_per_gb") return Dimension::kMoneyPerGb;
  if (name == "money_per_hour") return Dimension::kMoneyPerHour;
  return error("unknown dimension \"" + std::string(name) + "\"");
}

std::string_view base_unit(Dimension dimension) {
  switch (dimension) {
    case Dimension::kBytes:
      return "B";
    case Dimension::kBytesPerSecond:
      return "B/s";
    case Dimension::kDuration:
      return "ns";
    case Dimension::kRate:
      return "1/s";
    case Dimension::kRatio:
      return "";
    case Dimension::kMoneyPerGb:
      return "USD/GB";
    case Dimension::kMoneyPerHour:
      return "USD/h";
  }
  return "";
}

std::string_view examples(Dimension dimension) {
  switch (dimension) {
    case Dimension::kBytes:
      return "\"12TB\" or \"28TiB\"";
    case Dimension::kBytesPerSecond:
      return "\"160Gbps\" or \"2.5GB/s\"";
    case Dimension::kDuration:
      return "\"83ms\" or \"2d4h\"";
    case Dimension::kRate:
      return "\"40k/s\" or \"3/min\"";
    case Dimension::kRatio:
      return "\"20%\" or 0.2";
    case Dimension::kMoneyPerGb:
      return "\"0.02USD/GB\"";
    case Dimension::kMoneyPerHour:
      return "\"3USD/h\"";
  }
  return "";
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  const std::string_view unit = split->rest;
  if (unit.empty()) return no_unit(Dimension::kBytes);
  const auto data = parse_data_unit(unit);
  if (!data) return wrong_data_unit(unit, Dimension::kBytes);
  const std::string prefix = prefix_text(*data);
  if (data->rate) {
    return error("is a rate (\"" + std::string(unit) + "\"), but an amount is wanted, e.g. " +
                 std::string(examples(Dimension::kBytes)));
  }
  if (data->bits) {
    return error("is in bits (\"" + std::string(unit) + "\"), but capacities are in bytes: write " +
                 prefix + "B, and mind that 8 bits are 1 byte");
  }
  std::uint64_t scale = 1;
  for (int i = 0; i < data->prefix; ++i) scale *= data->iec ? 1024 : 1000;
  return whole(split->number, scale, kMaxBytes, "bytes", "18.4EB");
}

Result<double> parse_bytes_per_second(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  const std::string_view unit = split->rest;
  if (unit.empty()) return no_unit(Dimension::kBytesPerSecond);
  const auto data = parse_data_unit(unit);
  if (!data) return wrong_data_unit(unit, Dimension::kBytesPerSecond);
  const std::string prefix = prefix_text(*data);
  if (!data->rate) {
    return error("is an amount (\"" + std::string(unit) + "\"), but a rate is wanted: write " +
                 prefix + "B/s for bytes or " + prefix + "bps for bits per second");
  }
  if (data->ps_after_bytes) {
    return error("has the unit \"" + std::string(unit) + "\": write " + prefix +
                 "B/s for bytes or " + prefix + "bps for bits per second");
  }
  auto value = rounded(split->number, data->iec ? 0 : 3 * data->prefix);
  if (!value) return value;
  // Powers of two are exact, so the one rounding above is the only one.
  double result = data->iec ? std::ldexp(*value, 10 * data->prefix) : *value;
  if (data->bits) result /= 8;
  if (!std::isfinite(result)) return error("is out of range");
  return result;
}

Result<std::int64_t> parse_duration(std::string_view text) {
  std::uint64_t total = 0;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  std::string_view rest = text;
  do {
    auto split = split_number(rest);
    if (!split) return split.error();
    rest = split->rest;
    std::size_t length = 0;
    while (length < rest.size() && !is_digit(rest[length]) && rest[length] != ' ') ++length;
    const std::string_view unit = rest.substr(0, length);
    rest.remove_prefix(length);
    if (unit.empty()) return no_unit(Dimension::kDuration);
    const NamedSpan* span = nullptr;
    for (const NamedSpan& candidate : kSpans) {
      if (candidate.name == unit) span = &candidate;
    }
    if (unit == "m") return error("has the unit \"m\": write min for minutes or ms for milli");
    if (span == nullptr) {
      return error("has the unknown unit \"" + std::string(unit) +
                   "\" (want w, d, h, min, s, ms, us or ns)");
    }
    if (span->nanoseconds >= last) return error("must go from large units to small, each once");
    last = span->nanoseconds;
    auto part =
        whole(split->number, span->nanoseconds, kMaxNanoseconds, "nanoseconds", "292 years");
    if (!part) return part.error();
    total += *part;
    if (total > static_cast<std::uint64_t>(kMaxNanoseconds)) {
      return error("is too large (at most 292 years)");
    }
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  } while (!rest.empty());
  return static_cast<std::int64_t>(total);
}

Result<double> parse_rate(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  std::string_view unit = split->rest;
  if (unit.empty()) return no_unit(Dimension::kRate);
  int power = 0;
  const std::size_t at = kSiPrefixes.find(unit.front());
  if (at != std::string_view::npos) {
    power = 3 * (static_cast<int>(at) + 1);
    unit.remove_prefix(1);
  }
  double seconds = 0;
  if (unit == "/s") seconds = 1;
  if (unit == "/min") seconds = 60;
  if (unit == "/h") seconds = 3600;
  if (unit == "/d") seconds = 86400;
  if (seconds == 0) {
    return error("has the unit \"" + std::string(split->rest) + "\", but a rate is wanted, e.g. " +
                 std::string(examples(Dimension::kRate)));
  }
  auto value = rounded(split->number, power);
  if (!value) return value;
  return *value / seconds;
}

Result<double> parse_ratio(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (split->rest == "%") return rounded(split->number, -2);
  if (split->rest.empty()) return rounded(split->number, 0);
  return error("has the unit \"" + std::string(split->rest) + "\", but a ratio is wanted, e.g. " +
               std::string(examples(Dimension::kRatio)));
}

Result<double> parse_money_per_gb(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (split->rest.empty()) return no_unit(Dimension::kMoneyPerGb);
  if (split->rest == "USD/GB") return rounded(split->number, 0);
  if (split->rest == "USD/TB") return rounded(split->number, -3);
  return error("has the unit \"" + std::string(split->rest) + "\", but a price is wanted, e.g. " +
               std::string(examples(Dimension::kMoneyPerGb)));
}

Result<double> parse_money_per_hour(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (split->rest.empty()) return no_unit(Dimension::kMoneyPerHour);
  const bool daily = split->rest == "USD/d";
  if (!daily && split->rest != "USD/h") {
    return error("has the unit \"" + std::string(split->rest) + "\", but a price is wanted, e.g. " +
                 std::string(examples(Dimension::kMoneyPerHour)));
  }
  auto value = rounded(split->number, 0);
  if (!value) return value;
  return daily ? *value / 24 : *value;
}

bool counts_blocks(std::string_view text) {
  auto split = split_number(text);
  return split && (split->rest == "blocks" || split->rest == "block");
}

Result<std::uint64_t> parse_blocks(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (split->rest != "blocks" && split->rest != "block") return error("does not count blocks");
  return whole(split->number, 1, kMaxBytes, "blocks", "2^64 - 1");
}

Result<std::int64_t> parse_count(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (!split->rest.empty()) return error("is not a plain whole number");
  auto value = whole(split->number, 1, kMaxNanoseconds, "units", "2^63 - 1");
  if (!value) {
    return error(value.error().what.rfind("is not", 0) == 0 ? "is not a whole number"
                                                            : value.error().what);
  }
  return static_cast<std::int64_t>(*value);
}

Result<double> parse_number(std::string_view text) {
  auto split = split_number(text);
  if (!split) return split.error();
  if (!split->rest.empty()) return error("is not a plain number");
  return rounded(split->number, 0);
}

}  // namespace fleetcache::scenario
