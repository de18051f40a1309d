/// Population of one station: who is inside now, on average, and for how long. The time integral is
/// kept by events, the sojourn sum by the visitors' own stamps, so that Little's law compares two
/// figures that were measured apart.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::probes {

/// Visitor-nanoseconds: 128 bits, since 100,000 visitors fill 63 bits in a day.
__extension__ using VisitorNs = __int128;

class Population {
 public:
  void enter(TimePoint now) {
    integrate(now);
    ++inside_;
    ++arrivals_;
  }
  /// `entered` is the visitor's own stamp.
  void leave(TimePoint now, TimePoint entered) {
    integrate(now);
    --inside_;
    ++departures_;
    sojourn_ns_ += (now - entered).count;
  }

  /// Starts the measured window: what happened before is subtracted from the `measured_` figures.
  void end_warmup(TimePoint now) {
    integral_at_warmup_ = integral_ns(now);
    arrivals_at_warmup_ = arrivals_;
    departures_at_warmup_ = departures_;
    sojourn_at_warmup_ = sojourn_ns_;
  }
  VisitorNs measured_integral_ns(TimePoint now) const {
    return integral_ns(now) - integral_at_warmup_;
  }
  std::uint64_t measured_arrivals() const { return arrivals_ - arrivals_at_warmup_; }
  std::uint64_t measured_departures() const { return departures_ - departures_at_warmup_; }
  VisitorNs measured_sojourn_ns() const { return sojourn_ns_ - sojourn_at_warmup_; }

  std::int64_t inside() const { return inside_; }
  std::uint64_t arrivals() const { return arrivals_; }
  std::uint64_t departures() const { return departures_; }
  /// Visitor-nanoseconds up to `now`.
  VisitorNs integral_ns(TimePoint now) const {
    return integral_ns_ + VisitorNs{inside_} * (now - last_).count;
  }
  /// Nanoseconds spent by those who left.
  VisitorNs sojourn_ns() const { return sojourn_ns_; }

 private:
  void integrate(TimePoint now) {
    integral_ns_ += VisitorNs{inside_} * (now - last_).count;
    last_ = now;
  }

  std::int64_t inside_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint64_t departures_ = 0;
  VisitorNs integral_ns_ = 0;
  VisitorNs sojourn_ns_ = 0;
  TimePoint last_;
  VisitorNs integral_at_warmup_ = 0;
  VisitorNs sojourn_at_warmup_ = 0;
  std::uint64_t arrivals_at_warmup_ = 0;
  std::uint64_t departures_at_warmup_ = 0;
};

}  // namespace fleetcache::probes
