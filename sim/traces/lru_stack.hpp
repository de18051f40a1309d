/// Exact LRU stack depths of a stream of objects, in objects and in bytes.
#pragma once

#include <cstdint>
#include <vector>

namespace fleetcache::traces {

/// Mattson's stack: how deep an object lies when it is asked for again is the least LRU capacity
/// that still holds it. Objects are dense indices 0, 1, 2, ...
/// Cost: O(log objects) a touch, 20 bytes a slot, at most 4 slots an object.
/// Source: Mattson, Gecsei, Slutz, Traiger, IBM Systems Journal 1970; a Fenwick tree over the order
/// of last touches as in Olken 1981. Valid for unequal sizes as a stack model only: a byte LRU that
/// evicts until the object fits can keep an object that the stack counts as gone.
class LruStack {
 public:
  struct Depth {
    std::uint64_t objects = 0;  ///< 1: it was the last one touched
    std::uint64_t bytes = 0;    ///< its own included
  };

  /// Adds an object of this size on top. Requires: `object` is the next unused number, or was
  /// removed.
  void push(std::uint32_t object, std::uint64_t size);
  /// The depth of an object, which moves to the top. Requires: pushed before and not removed.
  Depth touch(std::uint32_t object, std::uint64_t size);
  /// Takes an object out; those below it move up. Requires: pushed before and not removed.
  void remove(std::uint32_t object);
  std::uint64_t objects() const { return objects_; }
  std::uint64_t size_of(std::uint32_t object) const { return size_[object]; }

 private:
  struct Node {
    std::uint32_t objects = 0;
    std::uint64_t bytes = 0;
  };
  static constexpr std::uint32_t kEmpty = 0xffffffffU;

  void place(std::uint32_t object, std::uint64_t size);
  void add(std::uint32_t slot, bool enter, std::uint64_t size);
  void compact();

  std::vector<Node> tree_;            ///< Fenwick, 1-based
  std::vector<std::uint32_t> owner_;  ///< object of a slot, or kEmpty
  std::vector<std::uint32_t> slot_;   ///< of an object, kEmpty when removed
  std::vector<std::uint64_t> size_;   ///< of an object
  std::uint32_t next_ = 0;            ///< first unused slot
  std::uint64_t objects_ = 0;
  std::uint64_t bytes_ = 0;  ///< of all objects
};

}  // namespace fleetcache::traces
