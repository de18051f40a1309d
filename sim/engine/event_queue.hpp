/// The native event queue: a 4-ary heap ordered by (time, priority, sequence number), so that ties
/// have one fixed order. SimGrid only ever sees one timer, for the head of this queue.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::engine {

/// Receives the events it scheduled. `code` and `arg` are its own.
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  virtual void on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) = 0;
};

struct Event {
  TimePoint at;
  std::uint32_t priority = 0;  ///< smaller first among equal times
  std::uint32_t code = 0;
  std::uint64_t sequence = 0;
  std::uint64_t arg = 0;
  EventHandler* handler = nullptr;
};

/// True when `a` happens before `b`. The one tie-break of the whole simulator.
inline bool before(const Event& a, const Event& b) {
  if (a.at != b.at) return a.at < b.at;
  if (a.priority != b.priority) return a.priority < b.priority;
  return a.sequence < b.sequence;
}

class EventQueue {
 public:
  /// Requires: at is not earlier than the time of the last popped event.
  void push(TimePoint at, EventHandler* handler, std::uint32_t code, std::uint64_t arg = 0,
            std::uint32_t priority = 0);
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Event& top() const { return heap_.front(); }
  Event pop();

  TimePoint now() const { return now_; }
  /// Moves the clock forward without an event (a flow ended). Requires: t >= now().
  void advance(TimePoint t);
  std::uint64_t popped() const { return popped_; }
  /// Digest of (time, code, arg) of every popped event: the fingerprint of a run.
  std::uint64_t digest() const { return digest_; }

 private:
  std::vector<Event> heap_;
  TimePoint now_;
  std::uint64_t sequence_ = 0;
  std::uint64_t popped_ = 0;
  std::uint64_t digest_ = 0x9e3779b97f4a7c15ULL;
};

}  // namespace fleetcache::engine
