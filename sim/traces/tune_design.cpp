#include "sim/traces/tune_design.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::uint32_t kPrimes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
constexpr double kMillion = 1e6;

bool parse_decimal(std::string_view text, double& out) {
  std::int64_t millionths = 0;
  if (parse_scaled(text, 6, millionths) != NumberFault::kOk) return false;
  out = static_cast<double>(millionths) / kMillion;
  return true;
}

bool parse_ends(std::string_view text, ParamRange& range) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return false;
  return parse_decimal(text.substr(0, dots), range.low) &&
         parse_decimal(text.substr(dots + 2), range.high) && range.low <= range.high;
}

/// A decimal point, other than the two dots of a range.
bool has_point(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '.') continue;
    const bool dots = (i + 1 < text.size() && text[i + 1] == '.') || (i > 0 && text[i - 1] == '.');
    if (!dots) return true;
  }
  return false;
}

/// Digits of `index` in `base`, mirrored at the point.
double radical_inverse(std::uint64_t index, std::uint32_t base) {
  double part = 1, sum = 0;
  for (; index > 0; index /= base) {
    part /= base;
    sum += part * static_cast<double>(index % base);
  }
  return sum;
}

double at(const ParamRange& range, double share) {
  if (range.low > 0 && range.high >= 20 * range.low) {
    const double from = portable_log(range.low), to = portable_log(range.high);
    return portable_exp(from + (to - from) * share);
  }
  return range.low + (range.high - range.low) * share;
}

/// Plain decimal text of about three significant digits, within the range.
std::string text_of(const ParamRange& range, double value) {
  char text[64];
  if (range.whole) {
    value = std::clamp(std::floor(value + 0.5), range.low, range.high);
    std::snprintf(text, sizeof text, "%.0f", value);
    return text;
  }
  int digits = 2;
  for (double v = value; v < 1 && digits < 6; v *= 10) ++digits;
  for (double v = value; v >= 10 && digits > 0; v /= 10) --digits;
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  double rounded = 0;
  if (!parse_decimal(text, rounded) || rounded < range.low || rounded > range.high) {
    std::snprintf(text, sizeof text, "%.6f", std::clamp(value, range.low, range.high));
  }
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out;
}

}  // namespace

Result<ParamRange> parse_param_range(std::string_view text) {
  ParamRange range;
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{"--param", quoted(std::string(text)) + " is not NAME=LOW..HIGH"};
  }
  range.name = std::string(text.substr(0, equals));
  range.whole = !has_point(text.substr(equals + 1));
  if (!parse_ends(text.substr(equals + 1), range)) {
    return Error{"--param", quoted(std::string(text)) +
                                " is not NAME=LOW..HIGH with plain numbers, the smaller first"};
  }
  return range;
}

std::vector<ParamRange> declared_ranges(const eviction::PolicyInfo& policy) {
  std::vector<ParamRange> ranges;
  for (const std::string_view text : policy.parameters) {
    const std::size_t equals = text.find('='), open = text.find('['), close = text.find(']');
    if (equals == std::string_view::npos || open == std::string_view::npos ||
        close == std::string_view::npos || open < equals || close < open) {
      continue;
    }
    ParamRange range;
    range.name = std::string(text.substr(0, equals));
    range.whole = !has_point(text.substr(equals, close - equals));
    if (parse_ends(text.substr(open + 1, close - open - 1), range)) ranges.push_back(range);
  }
  return ranges;
}

std::vector<Params> tuning_design(const std::vector<ParamRange>& ranges, std::size_t count,
                                  std::uint64_t seed) {
  std::vector<Params> design = {{}};
  Rng rng(seed, "tune/design");
  std::vector<double> shift;
  for (std::size_t d = 0; d < ranges.size(); ++d) shift.push_back(rng.uniform());
  // Whole numbers repeat, so more points are looked at than are wanted.
  for (std::uint64_t i = 1; design.size() < count && i <= 50 * count; ++i) {
    Params params;
    for (std::size_t d = 0; d < ranges.size(); ++d) {
      double share = radical_inverse(i, kPrimes[d % std::size(kPrimes)]) + shift[d];
      share -= share >= 1 ? 1 : 0;
      params.emplace_back(ranges[d].name, text_of(ranges[d], at(ranges[d], share)));
    }
    if (std::find(design.begin(), design.end(), params) == design.end()) {
      design.push_back(std::move(params));
    }
  }
  return design;
}

}  // namespace fleetcache::traces
