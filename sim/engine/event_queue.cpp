#include "sim/engine/event_queue.hpp"

#include <algorithm>
#include <utility>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::engine {
namespace {

constexpr std::size_t kArity = 4;  // one cache line of children: fewer misses than a binary heap

std::size_t parent(std::size_t i) { return (i - 1) / kArity; }

}  // namespace

void EventQueue::push(TimePoint at, EventHandler* handler, std::uint32_t code, std::uint64_t arg,
                      std::uint32_t priority) {
  FLEETCACHE_CHECK(at >= now_, "an event cannot be scheduled in the past");
  FLEETCACHE_CHECK(handler != nullptr, "an event needs a handler");
  const Event event{at, priority, code, sequence_++, arg, handler};
  std::size_t hole = heap_.size();
  heap_.push_back(event);
  while (hole > 0 && before(event, heap_[parent(hole)])) {
    heap_[hole] = heap_[parent(hole)];
    hole = parent(hole);
  }
  heap_[hole] = event;
}

Event EventQueue::pop() {
  FLEETCACHE_CHECK(!heap_.empty(), "pop of an empty event queue");
  const Event first = heap_.front();
  const Event last = heap_.back();
  heap_.pop_back();
  std::size_t hole = 0;
  while (!heap_.empty()) {
    const std::size_t child = hole * kArity + 1;
    if (child >= heap_.size()) break;
    std::size_t best = child;
    const std::size_t end = std::min(child + kArity, heap_.size());
    for (std::size_t i = child + 1; i < end; ++i) {
      if (before(heap_[i], heap_[best])) best = i;
    }
    if (!before(heap_[best], last)) break;
    heap_[hole] = heap_[best];
    hole = best;
  }
  if (!heap_.empty()) heap_[hole] = last;

  now_ = first.at;
  ++popped_;
  digest_ = mix64(digest_ ^ static_cast<std::uint64_t>(first.at.ns)) + first.code;
  digest_ = mix64(digest_ ^ first.arg);
  return first;
}

void EventQueue::advance(TimePoint t) {
  FLEETCACHE_CHECK(t >= now_, "time never goes back");
  now_ = t;
}

}  // namespace fleetcache::engine
