/// A hash map from 64-bit object ids to small plain values, for passes over whole traces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "policies/base/hash.hpp"

namespace fleetcache::traces {

/// Open addressing with linear probing, load at most 1/2. Nothing can be taken out and there is no
/// iteration, so no order of it can reach a result.
template <class Value>
class IdMap {
 public:
  explicit IdMap(std::size_t expected = 1024) {
    std::size_t capacity = 16;
    while (capacity < 2 * expected) capacity *= 2;
    slots_.resize(capacity);
  }

  /// The value of `id` and whether it was new (then it is `Value{}`). The reference holds until the
  /// next call. O(1) amortised.
  std::pair<Value&, bool> find_or_add(std::uint64_t id) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[probe(id)];
    const bool is_new = !slot.used;
    if (is_new) {
      slot.used = true;
      slot.id = id;
      ++size_;
    }
    return {slot.value, is_new};
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t id = 0;
    Value value{};
    bool used = false;
  };

  std::size_t probe(std::uint64_t id) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(mix64(id)) & mask;
    while (slots_[at].used && slots_[at].id != id) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.used) slots_[probe(slot.id)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace fleetcache::traces
