/// Remembered ids of evicted objects (private to policies/eviction): up to two FIFO lists of a
/// policy, an index of their own, 24 bytes a ghost (30 with charges), exact ids; of a
/// 128-bit id its 64-bit Arena::key.
///
/// A lookup that finds a ghost takes it out of its list at once, before the evictions of the same
/// request, and holds it aside until the object is inserted: between a miss and its insertion lies
/// a fetch, and other misses come meanwhile. Held ids that are never claimed are forgotten at the
/// next miss of the id, or when newer ones need the place.
#pragma once

#include "policies/eviction/arena.hpp"

namespace fleetcache::eviction {

class Ghosts {
 public:
  explicit Ghosts(Arena arena) : a_(arena), s_(arena.s) {}

  /// What a policy with `listed` ghosts needs. Ghost indices have 30 bits.
  static Shape shape(std::uint64_t listed) {
    if (listed == 0) return {};
    Shape shape;
    shape.held = static_cast<std::uint32_t>(listed / 8 < 16 ? 16 : listed / 8);
    if (shape.held > 4096) shape.held = 4096;
    const std::uint64_t total = listed + shape.held;
    shape.ghosts = static_cast<std::uint32_t>(total < kEnd ? total : kEnd - 1);
    return shape;
  }

  std::uint64_t used(std::uint32_t list) const { return s_->ghost_list[list].used; }
  bool empty(std::uint32_t list) const { return s_->ghost_list[list].head == kNil; }

  /// The list (0 or 1) where the id is remembered, or kNil.
  std::uint32_t list_of(ObjectId id) const {
    const std::uint32_t g = find(id);
    return g == kNil || tag(g) >= kHeld ? kNil : tag(g);
  }

  /// For a miss: takes the id out of its list and holds it. Returns the list, or kNil when the id
  /// was in none.
  std::uint32_t hit(ObjectId id) const {
    if (s_->ghosts == 0) return kNil;
    const std::uint32_t g = find(id);
    if (g == kNil) return kNil;
    const std::uint32_t list = tag(g);
    if (list >= kHeld) {
      remove(g);
      return kNil;
    }
    unlink(g);
    set_tag(g, list + kHeld);
    link_front(g);
    if (++s_->held > s_->held_max) drop_oldest(kHeld);
    ++s_->stats.ghost_hits;
    return list;
  }
  /// The list an id was held from, or kNil.
  std::uint32_t held(ObjectId id) const {
    if (empty(kHeld)) return kNil;
    const std::uint32_t g = find(id);
    return g == kNil || tag(g) < kHeld ? kNil : tag(g) - kHeld;
  }
  /// As `held`, and forgets it: for the insertion.
  std::uint32_t claim(ObjectId id) const {
    if (empty(kHeld)) return kNil;
    const std::uint32_t g = find(id);
    if (g == kNil || tag(g) < kHeld) return kNil;
    const std::uint32_t list = tag(g) - kHeld;
    remove(g);
    return list;
  }

  /// Remembers an id as the newest of a list. An id already listed keeps its old place.
  void push(std::uint32_t list, ObjectId id, std::uint64_t charge) const {
    if (s_->ghosts == 0) return;
    const std::uint32_t known = find(id);
    if (known != kNil) {
      if (tag(known) < kHeld) return;
      remove(known);
    }
    insert(list, id, charge);
  }
  /// The same for a FIFO of limited size: drops the oldest until it fits.
  void push_within(std::uint32_t list, ObjectId id, std::uint64_t charge,
                   std::uint64_t limit) const {
    if (charge > limit || list_of(id) != kNil) return;
    while (used(list) + charge > limit) drop_oldest(list);
    push(list, id, charge);
  }
  /// Drops the oldest until a list is within `limit`.
  void shrink(std::uint32_t list, std::uint64_t limit) const {
    while (used(list) > limit) drop_oldest(list);
  }
  void drop_oldest(std::uint32_t list) const {
    if (!empty(list)) remove(s_->ghost_list[list].tail);
  }

  /// Recounts lists and index, O(n). Empty when sound.
  std::string audit() const;
  /// Adds the lists in order to a digest.
  void digest(Digest& digest) const;

 private:
  static constexpr std::uint32_t kHeld = 2;  // tags 2 and 3, one list: what left lists 0 and 1
  static constexpr std::uint32_t kEnd = 0x3fffffffU;  // end of a chain, in 30 bits

  Ghost& ghost(std::uint32_t g) const { return a_.at<Ghost>(s_->ghosts_at)[g]; }
  std::uint32_t* heads() const { return a_.at<std::uint32_t>(s_->ghost_heads_at); }
  std::uint32_t tag(std::uint32_t g) const { return ghost(g).link >> 30; }
  std::uint32_t chain(std::uint32_t g) const {
    const std::uint32_t next = ghost(g).link & kEnd;
    return next == kEnd ? kNil : next;
  }
  Queue& list_holding(std::uint32_t g) const {
    return s_->ghost_list[tag(g) < kHeld ? tag(g) : kHeld];
  }
  void set_tag(std::uint32_t g, std::uint32_t list) const {
    ghost(g).link = (ghost(g).link & kEnd) | (list << 30);
  }
  void set_chain(std::uint32_t g, std::uint32_t next) const {
    ghost(g).link = (ghost(g).link & ~kEnd) | (next & kEnd);  // kNil becomes kEnd
  }
  std::uint64_t charge(std::uint32_t g) const {
    return s_->unit_charge != 0 ? 1 : a_.load_charge(s_->ghost_charges_at, g);
  }

  std::uint32_t find(ObjectId id) const {
    if (s_->ghosts == 0) return kNil;
    std::uint32_t g = heads()[bucket_of(id, s_->ghosts)] - 1;
    while (g != kNil && ghost(g).id() != id) g = chain(g);
    return g;
  }
  void link_front(std::uint32_t g) const {
    Queue& list = list_holding(g);
    ghost(g).prev = kNil;
    ghost(g).next = list.head;
    if (list.head != kNil) ghost(list.head).prev = g;
    list.head = g;
    if (list.tail == kNil) list.tail = g;
    list.used += charge(g);
  }
  void unlink(std::uint32_t g) const {
    Queue& list = list_holding(g);
    const Ghost& x = ghost(g);
    (x.prev != kNil ? ghost(x.prev).next : list.head) = x.next;
    (x.next != kNil ? ghost(x.next).prev : list.tail) = x.prev;
    list.used -= charge(g);
  }
  void insert(std::uint32_t list, ObjectId id, std::uint64_t charge) const;
  void remove(std::uint32_t g) const;
  std::uint32_t take_place(std::uint32_t list) const;

  Arena a_;
  CacheState* s_;
};

}  // namespace fleetcache::eviction
