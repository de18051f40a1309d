#include "sim/traces/timestamp.hpp"

#include <array>
#include <cstddef>

namespace fleetcache::traces {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Civil {
  std::int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, ns = 0;
};

/// A cursor over the text of a date.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  /// Between `least` and `most` digits.
  bool number(std::size_t least, std::size_t most, std::int64_t& value) {
    std::size_t n = 0;
    value = 0;
    while (n < most && n < text_.size() && text_[n] >= '0' && text_[n] <= '9') {
      value = value * 10 + (text_[n++] - '0');
    }
    text_.remove_prefix(n);
    return n >= least;
  }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void blanks() {
    while (take(' ')) {
    }
  }
  bool word(std::string_view& out) {
    blanks();
    out = text_.substr(0, text_.find(' '));
    text_.remove_prefix(out.size());
    return !out.empty();
  }
  /// An optional fraction of a second, after "." or ",".
  bool fraction(std::int64_t& ns) {
    ns = 0;
    if (!take('.') && !take(',')) return true;
    std::int64_t place = kSecond / 10;
    std::size_t digits = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; ++digits) {
      ns += (text_.front() - '0') * place;
      place /= 10;
      text_.remove_prefix(1);
    }
    return digits > 0;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// Days from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
std::int64_t days_from_civil(std::int64_t y, std::int64_t m, std::int64_t d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = y / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

bool to_ns(const Civil& t, std::int64_t zone_s, std::int64_t& ns) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (t.year < 1970 || t.year > 2200 || t.month < 1 || t.month > 12) return false;
  const bool leap = (t.year % 4 == 0 && t.year % 100 != 0) || t.year % 400 == 0;
  const std::int64_t days =
      kDays[static_cast<std::size_t>(t.month - 1)] + (leap && t.month == 2 ? 1 : 0);
  if (t.day < 1 || t.day > days || t.hour > 23 || t.minute > 59 || t.second > 60) return false;
  const std::int64_t seconds = days_from_civil(t.year, t.month, t.day) * 86400 + t.hour * 3600 +
                               t.minute * 60 + t.second - zone_s;
  if (seconds < 0) return false;
  ns = seconds * kSecond + t.ns;
  return true;
}

bool clock(Scan& scan, Civil& t) {
  return scan.number(1, 2, t.hour) && scan.take(':') && scan.number(2, 2, t.minute) &&
         scan.take(':') && scan.number(2, 2, t.second) && scan.fraction(t.ns);
}

}  // namespace

bool parse_iso_time(std::string_view text, std::int64_t& ns) {
  Scan scan(text);
  Civil t;
  if (!(scan.number(4, 4, t.year) && scan.take('-') && scan.number(2, 2, t.month) &&
        scan.take('-') && scan.number(2, 2, t.day) && (scan.take('T') || scan.take(' ')) &&
        clock(scan, t))) {
    return false;
  }
  std::int64_t zone_s = 0;
  if (!scan.take('Z')) {
    const bool east = scan.take('+');
    if (east || scan.take('-')) {
      std::int64_t hours = 0, minutes = 0;
      if (!scan.number(2, 2, hours) || !scan.take(':') || !scan.number(2, 2, minutes)) return false;
      zone_s = (hours * 3600 + minutes * 60) * (east ? 1 : -1);
    }
  }
  return scan.at_end() && to_ns(t, zone_s, ns);
}

bool parse_us_time(std::string_view text, std::int64_t& ns) {
  Scan scan(text);
  Civil t;
  if (!(scan.number(1, 2, t.month) && scan.take('/') && scan.number(1, 2, t.day) &&
        scan.take('/') && scan.number(4, 4, t.year))) {
    return false;
  }
  scan.take(',');
  scan.blanks();
  std::string_view half;
  if (!clock(scan, t) || !scan.word(half) || !scan.at_end()) return false;
  if ((half != "AM" && half != "PM") || t.hour < 1 || t.hour > 12) return false;
  t.hour = t.hour % 12 + (half == "PM" ? 12 : 0);
  return to_ns(t, 0, ns);
}

bool parse_unix_time(std::string_view text, int year, std::int64_t& ns) {
  Scan scan(text);
  Civil t;
  std::string_view word;
  const auto month = [&] {
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
      if (kMonths[i] == word) t.month = static_cast<std::int64_t>(i) + 1;
    }
    return word.size() == 3 && kMonths[static_cast<std::size_t>(t.month - 1)] == word;
  };
  if (!scan.word(word)) return false;
  const bool syslog = month();
  if (!syslog && (!scan.word(word) || !month())) return false;
  scan.blanks();
  if (!scan.number(1, 2, t.day)) return false;
  scan.blanks();
  if (!clock(scan, t)) return false;
  t.year = year;
  if (!syslog) {
    if (!scan.word(word) || word.size() > 5) return false;
    scan.blanks();
    if (!scan.number(4, 4, t.year)) return false;
  }
  return scan.at_end() && to_ns(t, 0, ns);
}

}  // namespace fleetcache::traces
