/// A 4-ary minimum heap of slots with explicit keys in the arena's extra memory (private to
/// policies/eviction). Keys are two words compared in order; the slot breaks the last ties, so that
/// the next victim is one whatever came and went.
#pragma once

#include "policies/eviction/ops.hpp"

namespace fleetcache::eviction {

struct HeapNode {
  std::uint64_t major;
  std::uint64_t minor;
  std::uint32_t slot;
  std::uint32_t unused;

  friend bool operator<(const HeapNode& a, const HeapNode& b) {
    if (a.major != b.major) return a.major < b.major;
    // Wide ids may share the half that breaks ties.
    return a.minor != b.minor ? a.minor < b.minor : a.slot < b.slot;
  }
};

/// Nodes at [0, size); a search parks skipped nodes at the far end of the same array, which is free
/// because every parked node left the heap. O(log n) a call.
class Heap {
 public:
  /// Extra bytes a slot: a node and its position.
  static constexpr std::uint32_t kBytesPerSlot = sizeof(HeapNode) + sizeof(std::uint32_t);

  /// Where the policy's own arrays may start, 8-byte aligned.
  static std::uint64_t end(std::uint64_t extra_at, std::uint32_t slots) {
    return (extra_at + kBytesPerSlot * std::uint64_t{slots} + 7) / 8 * 8;
  }

  Heap(Arena a, std::uint32_t& size)
      : nodes_(a.at<HeapNode>(a.s->extra_at)),
        where_(a.at<std::uint32_t>(a.s->extra_at + sizeof(HeapNode) * std::uint64_t{a.s->slots})),
        slots_(a.s->slots),
        size_(size) {}

  bool empty() const { return size_ == 0; }
  const HeapNode& top() const { return nodes_[0]; }
  const HeapNode& node(std::uint32_t k) const { return nodes_[k]; }
  std::uint32_t size() const { return size_; }
  std::uint32_t where(std::uint32_t slot) const { return where_[slot]; }

  void push(std::uint64_t major, std::uint64_t minor, std::uint32_t slot) {
    sift_up(size_++, {major, minor, slot, 0});
  }
  void erase(std::uint32_t slot) {
    const std::uint32_t k = where_[slot];
    const HeapNode last = nodes_[--size_];
    if (k != size_) place(k, last);
  }
  void change(std::uint32_t slot, std::uint64_t major, std::uint64_t minor) {
    place(where_[slot], {major, minor, slot, 0});
  }

  /// Takes the top out and keeps it aside; `unpark` puts all of them back.
  void park(std::uint32_t& parked) {
    const HeapNode node = top();
    erase(node.slot);
    nodes_[slots_ - ++parked] = node;
  }
  void unpark(std::uint32_t parked) {
    // Before each push the slot it fills is below every node still parked.
    for (; parked > 0; --parked) {
      const HeapNode node = nodes_[slots_ - parked];
      sift_up(size_++, node);
    }
  }

  /// Empty when every node is above its children and knows its place.
  std::string audit() const {
    for (std::uint32_t k = 0; k < size_; ++k) {
      if (where_[nodes_[k].slot] != k) return "the heap lost a place";
      if (k > 0 && nodes_[k] < nodes_[(k - 1) / 4]) return "the heap is out of order";
    }
    return {};
  }

 private:
  void set(std::uint32_t k, const HeapNode& node) {
    nodes_[k] = node;
    where_[node.slot] = k;
  }
  void place(std::uint32_t k, const HeapNode& node) {
    if (k > 0 && node < nodes_[(k - 1) / 4]) {
      sift_up(k, node);
    } else {
      sift_down(k, node);
    }
  }
  void sift_up(std::uint32_t k, const HeapNode& node) {
    for (; k > 0 && node < nodes_[(k - 1) / 4]; k = (k - 1) / 4) set(k, nodes_[(k - 1) / 4]);
    set(k, node);
  }
  void sift_down(std::uint32_t k, const HeapNode& node) {
    while (true) {
      const std::uint64_t first = 4 * std::uint64_t{k} + 1;
      if (first >= size_) break;
      const std::uint64_t end = first + 4 < size_ ? first + 4 : size_;
      auto least = static_cast<std::uint32_t>(first);
      for (auto c = static_cast<std::uint32_t>(first + 1); c < end; ++c) {
        if (nodes_[c] < nodes_[least]) least = c;
      }
      if (!(nodes_[least] < node)) break;
      set(k, nodes_[least]);
      k = least;
    }
    set(k, node);
  }

  HeapNode* nodes_;
  std::uint32_t* where_;
  std::uint32_t slots_;
  std::uint32_t& size_;
};

/// The least entry that may go, taken out of the heap; kNil when there is none. `settle` makes the
/// top the true minimum. Skipped entries are back in the heap afterwards.
template <class Settle>
std::uint32_t pick_from_heap(Arena a, Heap heap, Search& search, Settle settle) {
  std::uint32_t parked = 0;
  std::uint32_t found = kNil;
  for (settle(a, heap); !heap.empty() && !search.stopped(); settle(a, heap)) {
    const std::uint32_t i = heap.top().slot;
    const Verdict verdict = search.held(i) ? Verdict::kSkip : search.ask(i);
    if (verdict == Verdict::kTake) {
      heap.erase(i);
      found = i;
      break;
    }
    if (verdict == Verdict::kSkip) heap.park(parked);
  }
  heap.unpark(parked);
  return found;
}

/// Adds all entries to a digest whatever their places in the arena: a sum of their own digests.
template <class AddKey>
void digest_unordered(Arena a, Digest& digest, AddKey add_key) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < a.s->fresh; ++i) {
    const Slot& slot = a.slot(i);
    if ((slot.hold & kFree) != 0) continue;
    Digest entry;
    entry.add(slot.id());
    entry.add(a.charge(i));
    entry.add(slot.hold);
    if (a.s->features != 0) digest_columns(a, i, entry);
    add_key(i, entry);
    sum += entry.value();
  }
  digest.add(sum);
}

}  // namespace fleetcache::eviction
