/// Dates of what is known beforehand (fleet events, the end of the warm-up), when time can be
/// stepped over. Everything else in the world lives in played time, which has no gaps; the date is
/// the played time plus all that was stepped over.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "sim/engine/event_queue.hpp"

namespace fleetcache::world {

class Calendar : private engine::EventHandler {
 public:
  explicit Calendar(engine::EventQueue& queue) : queue_(&queue) {}

  /// The handler hears of it at that date, in played time. Equal dates keep the order of the calls.
  /// Requires: a date not before the present one.
  void push(TimePoint date, engine::EventHandler* handler, std::uint32_t code,
            std::uint64_t arg = 0);
  TimePoint date(TimePoint played) const { return played + stepped_; }
  Duration stepped() const { return stepped_; }
  /// The next date that something is due; the end of time when there is none.
  TimePoint next() const;
  /// Moves the date forward. Requires: nothing is due before date(now) + step.
  void step_over(TimePoint now, Duration step);

 private:
  struct Entry {
    TimePoint date;
    std::uint64_t sequence = 0;
    engine::EventHandler* handler = nullptr;
    std::uint32_t code = 0;
    std::uint64_t arg = 0;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.date != b.date ? b.date < a.date : b.sequence < a.sequence;
    }
  };
  void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) override;
  void arm();

  engine::EventQueue* queue_;
  std::priority_queue<Entry, std::vector<Entry>, Later> entries_;
  std::uint64_t sequence_ = 0;
  std::uint64_t armed_ = 0;  // number of the timer that counts
  Duration stepped_;
};

}  // namespace fleetcache::world
