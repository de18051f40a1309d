/// When each class has its next end: a 4-ary heap of (date, class) in which a class can be moved.
/// Private to this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::engine {

/// Dates of dense ids; equal dates in the order of ids. All operations O(log n).
class Agenda {
 public:
  bool empty() const { return heap_.empty(); }
  TimePoint first_date() const { return heap_.front().at; }
  std::uint32_t first_id() const { return heap_.front().id; }

  /// Enters `id`, or moves it.
  void set(std::uint32_t id, TimePoint at) {
    if (id >= place_.size()) place_.resize(id + 1, kAbsent);
    if (place_[id] == kAbsent) {
      place_[id] = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back({at, id});
      rise(place_[id]);
      return;
    }
    const std::uint32_t i = place_[id];
    if (heap_[i].at == at) return;
    const bool earlier = at < heap_[i].at;
    heap_[i].at = at;
    earlier ? rise(i) : sink(i);
  }

  /// Takes `id` out, if it is in.
  void erase(std::uint32_t id) {
    if (id >= place_.size() || place_[id] == kAbsent) return;
    const std::uint32_t i = place_[id];
    place_[id] = kAbsent;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (i == heap_.size()) return;
    put(i, last);
    rise(i);
    sink(place_[last.id]);
  }

 private:
  struct Entry {
    TimePoint at;
    std::uint32_t id;
  };
  static constexpr std::uint32_t kAbsent = 0xffffffffU;
  static constexpr std::uint32_t kArity = 4;

  static bool before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.id < b.id;
  }
  void put(std::uint32_t i, const Entry& entry) {
    heap_[i] = entry;
    place_[entry.id] = i;
  }
  void rise(std::uint32_t i) {
    const Entry entry = heap_[i];
    while (i > 0 && before(entry, heap_[(i - 1) / kArity])) {
      put(i, heap_[(i - 1) / kArity]);
      i = (i - 1) / kArity;
    }
    put(i, entry);
  }
  void sink(std::uint32_t i) {
    const Entry entry = heap_[i];
    const auto size = static_cast<std::uint32_t>(heap_.size());
    for (std::uint32_t child = i * kArity + 1; child < size; child = i * kArity + 1) {
      std::uint32_t best = child;
      for (std::uint32_t c = child + 1; c < std::min(child + kArity, size); ++c) {
        if (before(heap_[c], heap_[best])) best = c;
      }
      if (!before(heap_[best], entry)) break;
      put(i, heap_[best]);
      i = best;
    }
    put(i, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> place_;
};

}  // namespace fleetcache::engine
