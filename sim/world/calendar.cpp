#include "sim/world/calendar.hpp"

#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::world {

void Calendar::push(TimePoint date, engine::EventHandler* handler, std::uint32_t code,
                    std::uint64_t arg) {
  const bool first = entries_.empty() || date < entries_.top().date;
  entries_.push({date, sequence_++, handler, code, arg});
  if (first) arm();
}

TimePoint Calendar::next() const {
  return entries_.empty() ? TimePoint{std::numeric_limits<std::int64_t>::max()}
                          : entries_.top().date;
}

void Calendar::step_over(TimePoint now, Duration step) {
  FLEETCACHE_CHECK(date(now) + step <= next(), "nothing that is due is stepped over");
  stepped_ = stepped_ + step;
  arm();
}

// One timer, for the earliest date.
void Calendar::arm() {
  ++armed_;
  if (entries_.empty()) return;
  queue_->push(TimePoint{entries_.top().date.ns - stepped_.count}, this, 0, armed_);
}

void Calendar::on_event(TimePoint now, std::uint32_t, std::uint64_t arg) {
  if (arg != armed_) return;
  while (!entries_.empty() && entries_.top().date <= date(now)) {
    const Entry entry = entries_.top();
    entries_.pop();
    entry.handler->on_event(now, entry.code, entry.arg);
  }
  arm();
}

}  // namespace fleetcache::world
