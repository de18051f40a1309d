/// A hierarchical timing wheel over the entries of one arena (private to policies/eviction):
/// Varghese and Lauck, SOSP 1987, with one bitmap a level to skip empty buckets.
///
/// Ticks are 2^20 ns (1.05 ms); eight levels of 64 buckets cover all times to come. An entry lies
/// at the level of the highest 6-bit digit in which its tick differs from the wheel's own, and
/// moves down when the wheel reaches its bucket, at most once a level: O(1) amortised. What the
/// wheel has passed is in the list `due`; whether its exact time is over is for the caller to ask.
///
/// All zero bytes are an empty wheel at time 0: links and heads hold slot + 1.
#pragma once

#include "policies/eviction/arena.hpp"

namespace fleetcache::eviction {

constexpr std::uint32_t kWheelLevels = 8;
constexpr std::uint32_t kWheelBuckets = 64;
constexpr std::uint32_t kTickShift = 20;

struct WheelList {
  std::uint32_t head;  ///< slot + 1, 0 none
  std::uint32_t tail;
};

struct WheelState {
  std::uint64_t tick;
  std::uint64_t occupied[kWheelLevels];
  WheelList bucket[kWheelLevels][kWheelBuckets];
  WheelList due;
};

class Wheel {
 public:
  explicit Wheel(Arena a) : a_(a), w_(*a.at<WheelState>(a.s->wheel_at)) {}

  TimePoint expiry(std::uint32_t i) const { return {a_.cell<std::int64_t>(Column::kExpiry, i)}; }
  bool expired(std::uint32_t i, TimePoint now) const {
    return expiry(i).ns != 0 && expiry(i) <= now;
  }
  /// Sets the time of an entry that is in no list of the wheel; 0 or less is never.
  void add(std::uint32_t i, TimePoint expires);
  /// Takes an entry out of the wheel, if it is in.
  void remove(std::uint32_t i);
  /// Moves on to `now`. Afterwards all entries whose time is over are in `due`, perhaps with some
  /// of the same tick whose time is not.
  void advance(TimePoint now);

  /// The list of due entries, oldest first; kNil ends it.
  std::uint32_t first_due() const { return w_.due.head - 1; }
  std::uint32_t next_due(std::uint32_t i) const { return links(i).next - 1; }

  /// Empty when every entry with a time is in the list it belongs to. O(n).
  std::string audit() const;

 private:
  struct Links {
    std::uint32_t prev;  ///< slot + 1, 0 none
    std::uint32_t next;
  };
  Links& links(std::uint32_t i) const { return a_.cell<Links>(Column::kWheel, i); }
  WheelList& list_of(std::uint32_t i, std::uint32_t& level, std::uint32_t& bucket) const;
  void link(std::uint32_t i);
  void unlink(WheelList& list, std::uint32_t i);
  void cascade(std::uint32_t level, std::uint32_t bucket);

  Arena a_;
  WheelState& w_;
};

}  // namespace fleetcache::eviction
