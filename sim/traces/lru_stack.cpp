#include "sim/traces/lru_stack.hpp"

#include <algorithm>

#include "policies/base/check.hpp"

namespace fleetcache::traces {

void LruStack::add(std::uint32_t slot, bool enter, std::uint64_t size) {
  for (std::uint32_t i = slot + 1; i < tree_.size(); i += i & (0U - i)) {
    tree_[i].objects += enter ? 1U : ~0U;
    tree_[i].bytes += enter ? size : std::uint64_t{0} - size;
  }
}

/// Gives the objects new slots in their order and leaves at least as many free.
void LruStack::compact() {
  std::vector<std::uint32_t> order;
  order.reserve(slot_.size());
  for (const std::uint32_t object : owner_) {
    if (object != kEmpty) order.push_back(object);
  }
  std::size_t capacity = 1024;
  while (capacity < 2 * order.size()) capacity *= 2;
  owner_.assign(capacity, kEmpty);
  tree_.assign(capacity + 1, Node{});
  for (next_ = 0; next_ < order.size(); ++next_) {
    owner_[next_] = order[next_];
    slot_[order[next_]] = next_;
    tree_[next_ + 1] = {1, size_[order[next_]]};
  }
  for (std::uint32_t i = 1; i < tree_.size(); ++i) {
    const std::uint32_t parent = i + (i & (0U - i));
    if (parent >= tree_.size()) continue;
    tree_[parent].objects += tree_[i].objects;
    tree_[parent].bytes += tree_[i].bytes;
  }
}

void LruStack::place(std::uint32_t object, std::uint64_t size) {
  if (next_ == owner_.size()) compact();
  slot_[object] = next_;
  owner_[next_] = object;
  size_[object] = size;
  add(next_, true, size);
  ++next_;
}

void LruStack::push(std::uint32_t object, std::uint64_t size) {
  if (object == slot_.size()) {
    slot_.push_back(kEmpty);
    size_.push_back(size);
  }
  FLEETCACHE_CHECK(object < slot_.size() && slot_[object] == kEmpty,
                   "objects are pushed in the order of their numbers, or after their removal");
  ++objects_;
  bytes_ += size;
  place(object, size);
}

void LruStack::remove(std::uint32_t object) {
  const std::uint32_t slot = slot_[object];
  FLEETCACHE_CHECK(slot != kEmpty, "only what is there can be removed");
  add(slot, false, size_[object]);
  owner_[slot] = kEmpty;
  slot_[object] = kEmpty;
  --objects_;
  bytes_ -= size_[object];
}

LruStack::Depth LruStack::touch(std::uint32_t object, std::uint64_t size) {
  const std::uint32_t slot = slot_[object];
  Node below{};
  for (std::uint32_t i = slot; i > 0; i &= i - 1) {
    below.objects += tree_[i].objects;
    below.bytes += tree_[i].bytes;
  }
  const Depth depth{objects_ - below.objects, bytes_ - below.bytes};
  add(slot, false, size_[object]);
  owner_[slot] = kEmpty;
  bytes_ += size - size_[object];
  place(object, size);
  return depth;
}

}  // namespace fleetcache::traces
