/// Quantities with a dimension: integers where a decision may depend on them, doubles where only a
/// formula does. Mixing two of them does not compile.
#pragma once

#include <cstdint>
#include <limits>

namespace fleetcache {

namespace detail {

/// A number with a dimension. `Tag` tells dimensions apart; `Rep` is the integer or double behind
/// it.
template <class Tag, class Rep>
struct Quantity {
  Rep count{};

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep n) : count(n) {}

  friend constexpr bool operator==(Quantity a, Quantity b) { return a.count == b.count; }
  friend constexpr bool operator!=(Quantity a, Quantity b) { return a.count != b.count; }
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.count < b.count; }
  friend constexpr bool operator<=(Quantity a, Quantity b) { return a.count <= b.count; }
  friend constexpr bool operator>(Quantity a, Quantity b) { return a.count > b.count; }
  friend constexpr bool operator>=(Quantity a, Quantity b) { return a.count >= b.count; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(static_cast<Rep>(a.count + b.count));
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(static_cast<Rep>(a.count - b.count));
  }
  friend constexpr Quantity operator*(Quantity a, Rep k) {
    return Quantity(static_cast<Rep>(a.count * k));
  }
  constexpr Quantity& operator+=(Quantity b) {
    count = static_cast<Rep>(count + b.count);
    return *this;
  }
  constexpr Quantity& operator-=(Quantity b) {
    count = static_cast<Rep>(count - b.count);
    return *this;
  }
};

}  // namespace detail

/// Bytes, unsigned: an underflow is a bug of ours, not a negative size.
using Bytes = detail::Quantity<struct BytesTag, std::uint64_t>;
/// A span of time in integer nanoseconds (± 292 years).
using Duration = detail::Quantity<struct DurationTag, std::int64_t>;
/// A throughput in bytes per second.
using BytesPerSecond = detail::Quantity<struct BytesPerSecondTag, double>;
/// A rate of events (requests, arrivals, failures) per second.
using PerSecond = detail::Quantity<struct PerSecondTag, double>;
/// United States dollars.
using Money = detail::Quantity<struct MoneyTag, double>;

/// An instant: integer nanoseconds since the start of the run. Never wall-clock time.
struct TimePoint {
  std::int64_t ns = 0;

  friend constexpr bool operator==(TimePoint a, TimePoint b) { return a.ns == b.ns; }
  friend constexpr bool operator!=(TimePoint a, TimePoint b) { return a.ns != b.ns; }
  friend constexpr bool operator<(TimePoint a, TimePoint b) { return a.ns < b.ns; }
  friend constexpr bool operator<=(TimePoint a, TimePoint b) { return a.ns <= b.ns; }
  friend constexpr bool operator>(TimePoint a, TimePoint b) { return a.ns > b.ns; }
  friend constexpr bool operator>=(TimePoint a, TimePoint b) { return a.ns >= b.ns; }
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return {t.ns + d.count}; }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return Duration(a.ns - b.ns); }
};

constexpr double kNanosecondsPerSecond = 1e9;

/// Seconds as a double, for formulas only.
constexpr double to_seconds(Duration d) {
  return static_cast<double>(d.count) / kNanosecondsPerSecond;
}
constexpr double to_seconds(TimePoint t) {
  return static_cast<double>(t.ns) / kNanosecondsPerSecond;
}

/// The nearest whole nanosecond, half away from zero; saturates instead of overflowing.
constexpr Duration from_seconds(double seconds) {
  const double ns = seconds * kNanosecondsPerSecond;
  if (ns >= 9.2e18) return Duration(std::numeric_limits<std::int64_t>::max());
  if (ns <= -9.2e18) return Duration(std::numeric_limits<std::int64_t>::min());
  return Duration(static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5));
}

}  // namespace fleetcache
