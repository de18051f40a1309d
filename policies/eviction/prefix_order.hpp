/// The order in which policies for prefix trees keep a chain (private to policies/eviction).
#pragma once

#include "policies/eviction/ops.hpp"

namespace fleetcache::eviction {

/// The entry that was touched last, if it is still there. All zero bytes: none.
struct ChainEnd {
  std::uint32_t slot = 0;  ///< slot + 1

  /// Whether an entry continues the chain: its parent was touched right before it.
  bool continued_by(Arena a, std::uint32_t i) const {
    const std::uint32_t parent = parent_of(a, i);
    return parent != kNil && parent + 1 == slot;
  }
  void forget(std::uint32_t i) {
    if (slot == i + 1) slot = 0;
  }
  void digest(Arena a, Digest& digest) const { digest.add(slot == 0 ? 0 : a.key(slot - 1) | 1); }
};

/// Puts an entry that is in no list right behind (older than) `newer`, which is in the list.
inline void link_after(Arena a, Queue& queue, std::uint32_t newer, std::uint32_t i) {
  Slot& own = a.slot(i);
  Slot& before = a.slot(newer);
  own.prev = newer;
  own.next = before.next;
  (own.next != kNil ? a.slot(own.next).prev : queue.tail) = i;
  before.next = i;
}

/// Puts an entry that is in no list behind its parent when that was touched last and is in the same
/// list, else at the front; and remembers it as the one touched last. Queue::used is the caller's
/// business.
inline void link_behind_parent(Arena a, Queue& queue, ChainEnd& last, std::uint32_t i) {
  const std::uint32_t parent = parent_of(a, i);
  if (last.continued_by(a, i) && a.slot(parent).queue == a.slot(i).queue) {
    link_after(a, queue, parent, i);
  } else {
    a.link_front(queue, i);
  }
  last.slot = i + 1;
}

}  // namespace fleetcache::eviction
