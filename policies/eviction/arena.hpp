/// The memory of one cache instance (private to policies/eviction): one block of plain data, laid
/// out by offsets, so that it can be saved, mapped or shared as it stands.
///
///     CacheState | slots 28 B each | index heads 4 B | charges 6 B unless unit | columns | ghosts
///     | the policy's extra and block
///
/// A slot is in the id index (chained buckets: as many as slots, half of that with 128-bit ids) and
/// in one list of its policy. What a host may tell beyond id and charge has a column each, present
/// when Config::features declares it (columns.hpp). All zero bytes are a valid empty arena: heads
/// hold index + 1, slots are handed out in order until the first one comes back. So creation writes
/// nothing but the header, and a cache of 100,000 that stays empty costs no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::eviction {

constexpr std::uint32_t kNil = Handle::kNone;

/// Ids are two words so that a slot needs no 8-byte alignment and no padding.
struct Slot {
  std::uint32_t id_low;
  std::uint32_t id_high;
  std::uint32_t prev;   ///< towards the head (newer)
  std::uint32_t next;   ///< towards the tail (older); in a free slot the next free one
  std::uint32_t chain;  ///< next slot of the same index bucket
  std::uint32_t generation;
  std::uint8_t queue;  ///< the policy's list this slot is in
  std::uint8_t freq;   ///< the policy's counter
  std::uint16_t hold;  ///< 0: may be a victim; else pins in the low bits, and the flags below

  ObjectId id() const { return (ObjectId{id_high} << 32) | id_low; }
};
static_assert(sizeof(Slot) == 28 && std::is_trivially_copyable_v<Slot>);

constexpr std::uint16_t kReserved = 0x8000;
constexpr std::uint16_t kFree = 0x4000;
constexpr std::uint16_t kMaxPins = 0x3fff;

/// A list of slots, newest at the head. `used` counts what is not reserved.
struct Queue {
  std::uint32_t head = kNil;
  std::uint32_t tail = kNil;
  std::uint64_t used = 0;
};

/// One remembered id of an object that is gone; `link` is chain index and list number.
struct Ghost {
  std::uint32_t id_low;
  std::uint32_t id_high;
  std::uint32_t prev;
  std::uint32_t next;
  std::uint32_t link;

  ObjectId id() const { return (ObjectId{id_high} << 32) | id_low; }
};
static_assert(sizeof(Ghost) == 20);

/// What a policy asks for beyond slots.
struct Shape {
  std::uint32_t ghosts = 0;          ///< remembered ids, all lists and held ones together
  std::uint32_t held = 0;            ///< of these, places for held ids (ghosts.hpp)
  std::uint32_t extra_per_slot = 0;  ///< bytes of the policy's own arrays, a multiple of 4
  std::uint64_t block = 0;           ///< bytes of its own that do not go by slots (a sketch)
};

/// Columns beyond id and charge, in the order in which they lie in the arena.
enum class Column : std::uint8_t {
  kIdHigh,    ///< u64, kWideIds
  kExpiry,    ///< i64 ns, kTtl; 0 never
  kWheel,     ///< 2 x u32, kTtl: neighbours in the timing wheel
  kLease,     ///< i64 ns, kLeases: not a victim before
  kSoft,      ///< i64 ns, kLeases: not a victim before, while there are others
  kMates,     ///< 2 x u32, kGroups: ring of the group
  kChildren,  ///< 2 x u32, kPrefix: resident children, and those not reserved
  kCost,      ///< u32, kCosts
  kParent,    ///< u32, kPrefix: slot + 1 of the parent
  kKind,      ///< u16 class, u16 depth, kKinds
  kCount,
};

constexpr std::size_t kPolicyStateBytes = 256;
/// CacheState::policy of a policy that has no line in eviction_policies.def.
constexpr std::uint32_t kExternalPolicy = 0xffffffffU;
constexpr std::uint32_t kGhostLists = 3;

struct CacheState {
  /// Where the policy from outside is in the process of the present call: set at the entry of each,
  /// so that a state in shared memory serves many, and zero in a snapshot. Null for our own.
  const ExternalPolicy* external = nullptr;
  std::uint32_t policy = 0;  ///< line of eviction_policies.def, or kExternalPolicy
  std::uint32_t unit_charge = 0;
  std::uint32_t version = 0;  ///< of the policy (Policy::kVersion)
  std::uint32_t features = 0;
  std::uint64_t bytes = 0;  ///< of the whole arena
  std::uint64_t capacity = 0;
  std::uint64_t limit = 0;         ///< what fits now: the capacity, or less (Cache::set_limit)
  std::uint64_t max_capacity = 0;  ///< what ghosts and slots were made for
  std::uint64_t allowance = 0;     ///< `used` may be this much: the capacity, more after a shrink
  std::uint64_t used = 0;
  std::uint64_t reserved_charge = 0;
  std::uint64_t seed = 0;
  std::uint32_t slots = 0;
  std::uint32_t buckets = 0;
  std::uint32_t entries = 0;
  std::uint32_t reserved = 0;
  std::uint32_t fresh = 0;  ///< slots from here on were never used
  std::uint32_t free_head = kNil;
  std::uint32_t ghosts = 0;
  std::uint32_t ghost_fresh = 0;
  std::uint32_t ghost_free_head = kNil;
  std::uint32_t held = 0;
  std::uint32_t held_max = 0;
  std::uint32_t unused = 0;  ///< so that a snapshot holds no padding
  Queue ghost_list[kGhostLists];
  std::uint64_t heads_at = 0;
  std::uint64_t column_at[static_cast<std::size_t>(Column::kCount)] = {};
  std::uint64_t wheel_at = 0;
  std::uint64_t charges_at = 0;
  std::uint64_t ghosts_at = 0;
  std::uint64_t ghost_heads_at = 0;
  std::uint64_t ghost_charges_at = 0;
  std::uint64_t extra_at = 0;
  std::uint64_t block_at = 0;
  std::uint64_t block_bytes = 0;
  Stats stats;
  alignas(8) unsigned char policy_state[kPolicyStateBytes] = {};
};
static_assert(std::is_trivially_copyable_v<CacheState> &&
              std::has_unique_object_representations_v<CacheState> && sizeof(CacheState) % 8 == 0);

/// Charges take 6 bytes: an object of 2^48 bytes (256 TiB) or more is never admissible.
constexpr std::uint64_t kChargeBytes = 6;
constexpr std::uint64_t kMostCharge = (std::uint64_t{1} << 48) - 1;

/// Fills in the offsets and `bytes` from slots, ghosts, features and unit_charge.
void lay_out(CacheState& s, const Shape& shape);

/// A bucket of `buckets`, by multiplication instead of a remainder.
inline std::uint32_t bucket_of(ObjectId id, std::uint32_t buckets) {
  return static_cast<std::uint32_t>(((mix64(id) >> 32) * buckets) >> 32);
}

/// A view of one arena; copied freely. Every call is O(1) but for index chains (mean below 2).
class Arena {
 public:
  explicit Arena(CacheState* state) : s(state) {}

  CacheState* s;

  Slot& slot(std::uint32_t i) const { return at<Slot>(sizeof(CacheState))[i]; }
  template <class State>
  State& state() const {
    static_assert(sizeof(State) <= kPolicyStateBytes && std::is_trivially_copyable_v<State>);
    return *reinterpret_cast<State*>(s->policy_state);
  }
  template <class T>
  T* at(std::uint64_t offset) const {
    return reinterpret_cast<T*>(reinterpret_cast<unsigned char*>(s) + offset);
  }

  bool has(Feature feature) const { return (s->features & feature) != 0; }
  /// Requires: the column's feature is declared.
  template <class T>
  T& cell(Column column, std::uint32_t i) const {
    return at<T>(s->column_at[static_cast<std::size_t>(column)])[i];
  }

  std::uint64_t charge(std::uint32_t i) const {
    return s->unit_charge != 0 ? 1 : load_charge(s->charges_at, i);
  }
  std::uint64_t load_charge(std::uint64_t offset, std::uint32_t i) const {
    std::uint64_t word = 0;  // two bytes of the next one are masked away
    std::memcpy(&word, at<unsigned char>(offset) + kChargeBytes * i, sizeof word);
    return word & kMostCharge;
  }
  void store_charge(std::uint64_t offset, std::uint32_t i, std::uint64_t charge) const {
    std::memcpy(at<unsigned char>(offset) + kChargeBytes * i, &charge, kChargeBytes);
  }
  std::uint64_t charge(const Meta& meta) const { return s->unit_charge != 0 ? 1 : meta.charge; }
  /// Whether an object of this charge would exceed the capacity or the slots.
  bool full(std::uint64_t incoming) const {
    return s->used + incoming > s->limit || s->entries == s->slots;
  }
  Handle handle(std::uint32_t i) const { return {i, slot(i).generation}; }
  ObjectId id_high(std::uint32_t i) const {
    return has(kWideIds) ? cell<std::uint64_t>(Column::kIdHigh, i) : 0;
  }
  Victim victim(std::uint32_t i) const { return {handle(i), slot(i).id(), charge(i), id_high(i)}; }
  /// What ghosts and sketches know an object by: its id, or 64 bits mixed from a 128-bit one.
  static std::uint64_t key(const Meta& meta) {
    return meta.id_high == 0 ? meta.id : meta.id ^ mix64(meta.id_high);
  }
  std::uint64_t key(std::uint32_t i) const {
    return has(kWideIds) ? key(Meta{slot(i).id(), 0, 0, id_high(i)}) : slot(i).id();
  }

  std::uint32_t find(ObjectId id, ObjectId high = 0) const {
    std::uint32_t i = heads()[bucket_of(id, s->buckets)] - 1;
    if (has(kWideIds)) {
      while (i != kNil && (slot(i).id() != id || id_high(i) != high)) i = slot(i).chain;
      return i;
    }
    while (i != kNil && slot(i).id() != id) i = slot(i).chain;
    return i;
  }

  /// A new slot, in the index and in no list. Requires: entries < slots and no entry of that id.
  std::uint32_t take(const Meta& meta) const {
    std::uint32_t i = s->free_head;
    if (i != kNil) {
      s->free_head = slot(i).next;
    } else {
      i = s->fresh++;
    }
    Slot& slot_i = slot(i);
    std::uint32_t& head = heads()[bucket_of(meta.id, s->buckets)];
    slot_i = {static_cast<std::uint32_t>(meta.id),
              static_cast<std::uint32_t>(meta.id >> 32),
              kNil,
              kNil,
              head - 1,
              slot_i.generation,
              0,
              0,
              0};
    head = i + 1;
    if (s->unit_charge == 0) store_charge(s->charges_at, i, meta.charge);
    if (has(kWideIds)) cell<std::uint64_t>(Column::kIdHigh, i) = meta.id_high;
    s->used += charge(i);
    ++s->entries;
    return i;
  }

  /// Returns a slot that is in no list. Its handles become stale.
  void release(std::uint32_t i) const {
    Slot& gone = slot(i);
    std::uint32_t& head = heads()[bucket_of(gone.id(), s->buckets)];
    if (head == i + 1) {
      head = gone.chain + 1;
    } else {
      std::uint32_t before = head - 1;
      while (slot(before).chain != i) before = slot(before).chain;
      slot(before).chain = gone.chain;
    }
    s->used -= charge(i);
    if (s->allowance > s->limit) s->allowance = s->used > s->limit ? s->used : s->limit;
    --s->entries;
    ++gone.generation;
    gone.hold = kFree;
    gone.next = s->free_head;
    s->free_head = i;
  }

  /// Puts a slot at the head; `used` is the caller's business for bare lists.
  template <class List>
  void link_front(List& list, std::uint32_t i) const {
    Slot& x = slot(i);
    x.prev = kNil;
    x.next = list.head;
    if (list.head != kNil) slot(list.head).prev = i;
    list.head = i;
    if (list.tail == kNil) list.tail = i;
  }
  template <class List>
  void link_back(List& list, std::uint32_t i) const {
    Slot& x = slot(i);
    x.next = kNil;
    x.prev = list.tail;
    if (list.tail != kNil) slot(list.tail).next = i;
    list.tail = i;
    if (list.head == kNil) list.head = i;
  }
  template <class List>
  void unlink(List& list, std::uint32_t i) const {
    const Slot& x = slot(i);
    (x.prev != kNil ? slot(x.prev).next : list.head) = x.next;
    (x.next != kNil ? slot(x.next).prev : list.tail) = x.prev;
  }
  template <class List>
  void to_front(List& list, std::uint32_t i) const {
    if (list.head == i) return;
    unlink(list, i);
    link_front(list, i);
  }
  /// Moves a live entry to the head of another queue.
  void transfer(Queue& from, Queue& to, std::uint32_t i, std::uint8_t queue) const {
    unlink(from, i);
    from.used -= charge(i);
    link_front(to, i);
    to.used += charge(i);
    slot(i).queue = queue;
  }

 private:
  std::uint32_t* heads() const { return at<std::uint32_t>(s->heads_at); }
};

inline Arena Cache::arena() const {
  if (external_ != nullptr) state_->external = external_;
  return Arena(state_);
}

}  // namespace fleetcache::eviction
