/// How a policy plugs in (private to policies/eviction). A policy is a struct of static functions
/// over an arena; `make_ops` turns it into the table of plain functions that the registry lists.
/// What all policies share (slots, index, states, counters) is done here, once.
///
/// A policy derives from `Policy` and defines
///
///     struct State;                                  // plain data, at most kPolicyStateBytes
///     struct Cursor;                                 // place of one search; {} starts it
///     static Shape configure(State&, const CacheState&, ParamReader&);
///     static void insert(Arena, uint32_t i, const Meta&);  // slot i is taken and in the index
///     static void access(Arena, uint32_t i, int64_t next_access);
///     static uint32_t pick(Arena, const Meta* incoming, Search&, Cursor&);
///     static void commit(Arena, uint32_t i);         // i is RESERVED; unlink, make a ghost
///     static void abort(Arena, uint32_t i);          // i was RESERVED; undo what pick did to it
///     static void claim(Arena, uint32_t i);          // i is LIVE and becomes RESERVED unpicked
///     static void erase(Arena, uint32_t i);          // i is LIVE; unlink
///     static std::string audit(Arena);  static void digest(Arena, Digest&);
///
/// A policy with parameters keeps them in `State::tuning`, of its own type `Tuning`, fills that by
/// `static void tune(Tuning&, ParamReader&)` (current values are the fallbacks), and has what
/// depends on them or on the capacity worked out by `static void resize(Arena)`.
///
/// It may replace what `Policy` gives. `pick` leaves the entry in its list, takes its charge from
/// Queue::used and returns it, or kNil; the framework flags it RESERVED.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "policies/base/params.hpp"
#include "policies/eviction/columns.hpp"
#include "policies/eviction/ghosts.hpp"

namespace fleetcache::eviction {

struct EvictionOps {
  std::string_view source;
  const std::string_view* parameters;
  std::size_t parameter_count;
  bool needs_next_access;
  bool evicts;
  bool evicts_after_access;  ///< `must_evict(nullptr)` may be true after an access

  std::uint32_t version;
  std::uint32_t uses;

  Shape (*configure)(Arena, ParamReader&);
  Status (*set_params)(Arena, ParamReader&);
  void (*resize)(Arena);
  void (*access)(Arena, std::uint32_t, std::int64_t);
  void (*miss)(Arena, const Meta&);
  bool (*admissible)(Arena, std::uint64_t);
  bool (*must_evict)(Arena, const Meta*);
  std::size_t (*reserve)(Arena, TimePoint, const Want&, Victim*, std::size_t);
  std::size_t (*expire)(Arena, TimePoint, Victim*, std::size_t);
  void (*commit)(Arena, TimePoint, std::uint32_t);
  void (*abort)(Arena, std::uint32_t);
  std::uint32_t (*insert)(Arena, const Meta&);
  void (*erase)(Arena, std::uint32_t);
  bool (*evict_one)(Arena, TimePoint, const Meta*, const OnVictim*);
  void (*drop_expired)(Arena, std::uint32_t, const OnVictim*);
  bool (*make_room)(Arena, TimePoint, const Meta*, const OnVictim*);
  bool (*request)(Arena, TimePoint, const Meta&);
  std::uint64_t (*request_batch)(Arena, const Lookup*, std::size_t, bool*);
  std::string (*audit)(Arena);
  void (*digest)(Arena, Digest&);
};

/// A place in one list, from the tail up. `fresh` starts at the tail.
struct ListCursor {
  std::uint32_t at = kNil;
  bool fresh = true;

  std::uint32_t start(const Queue& queue) const { return fresh ? queue.tail : at; }
  std::uint32_t take(Arena a, std::uint32_t i) {
    fresh = false;
    at = a.slot(i).prev;
    return i;
  }
};

/// The oldest entry of a list that may go, its charge taken from `used`; kNil when there is none.
inline std::uint32_t pick_oldest(Arena a, Queue& queue, Search& search, ListCursor& cursor) {
  for (std::uint32_t i = cursor.start(queue); i != kNil; i = a.slot(i).prev) {
    if (search.held(i)) {
      if (search.stopped()) return kNil;
      continue;
    }
    const Verdict verdict = search.ask(i);
    if (verdict == Verdict::kStop) return kNil;
    if (verdict == Verdict::kSkip) continue;
    queue.used -= a.charge(i);
    return cursor.take(a, i);
  }
  return kNil;
}

/// The oldest entry whose counter is 0; those before it lose one and start again at the head.
inline std::uint32_t pick_second_chance(Arena a, Queue& queue, Search& search, ListCursor& cursor) {
  std::uint32_t i = cursor.start(queue);
  bool again = !cursor.fresh;  // entries may have come in behind an older cursor
  while (true) {
    if (i == kNil) {
      if (!again) return kNil;
      again = false;
      i = queue.tail;
      continue;
    }
    const std::uint32_t newer = a.slot(i).prev;
    if (!search.held(i)) {
      if (a.slot(i).freq > 0) {
        --a.slot(i).freq;
        a.to_front(queue, i);
        again = true;
      } else {
        const Verdict verdict = search.ask(i);
        if (verdict == Verdict::kStop) return kNil;
        if (verdict == Verdict::kTake) {
          queue.used -= a.charge(i);
          return cursor.take(a, i);
        }
      }
    } else if (search.stopped()) {
      return kNil;
    }
    i = newer;
  }
}

/// Sizes of sub-queues truncate, but a queue that must hold something holds at least 1.
inline std::uint64_t at_least_one(double size) {
  return size < 1 ? 1 : static_cast<std::uint64_t>(size);
}
/// Places for a ghost list of `ratio` of the largest capacity: by charge the ghosts are no more
/// objects than would fit into that share of the slots, but never fewer than slots.
inline std::uint64_t ghost_count(const CacheState& s, double ratio) {
  const auto size = static_cast<std::uint64_t>(static_cast<double>(s.max_capacity) * ratio);
  const auto most =
      static_cast<std::uint64_t>(static_cast<double>(s.slots) * (ratio > 1 ? ratio : 1));
  return size < most ? size : most;
}
/// The bits of a number, for digests and as sort keys of positive numbers.
inline std::uint64_t double_bits(double x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// Checks one list: links, tags, size without reserved entries. Adds its length to `count`.
std::string audit_queue(Arena a, const Queue& queue, std::uint8_t tag, std::uint64_t& count);
/// Adds one list in order to a digest.
void digest_queue(Arena a, const Queue& queue, Digest& digest);

/// What most policies have in common.
struct Policy {
  static constexpr const std::string_view* kParameters = nullptr;
  static constexpr std::size_t kParameterCount = 0;
  static constexpr bool kNeedsNextAccess = false;
  static constexpr bool kEvicts = true;
  static constexpr bool kEvictsAfterAccess = false;
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::uint32_t kUses = 0;  ///< Feature bits

  struct Tuning {};
  static void resize(Arena) {}
  static void miss(Arena, const Meta&) {}
  static bool admissible(Arena a, std::uint64_t charge) { return charge <= a.s->capacity; }
  static bool must_evict(Arena a, const Meta* incoming) {
    return incoming != nullptr && a.full(a.charge(*incoming));
  }
};

/// A policy over one list whose victims come from the tail.
struct OneListPolicy : Policy {
  struct State {
    Queue queue;
  };
  using Cursor = ListCursor;

  static Shape configure(State&, const CacheState&, ParamReader&) { return {}; }
  static void insert(Arena a, std::uint32_t i, const Meta&) {
    Queue& queue = a.state<State>().queue;
    a.link_front(queue, i);
    queue.used += a.charge(i);
  }
  static void access(Arena, std::uint32_t, std::int64_t) {}
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    return pick_oldest(a, a.state<State>().queue, search, cursor);
  }
  static void commit(Arena a, std::uint32_t i) { a.unlink(a.state<State>().queue, i); }
  static void abort(Arena a, std::uint32_t i) { a.state<State>().queue.used += a.charge(i); }
  static void claim(Arena a, std::uint32_t i) { a.state<State>().queue.used -= a.charge(i); }
  static void erase(Arena a, std::uint32_t i) {
    Queue& queue = a.state<State>().queue;
    a.unlink(queue, i);
    queue.used -= a.charge(i);
  }
  static std::string audit(Arena a) {
    std::uint64_t count = 0;
    std::string fault = audit_queue(a, a.state<State>().queue, 0, count);
    if (fault.empty() && count != a.s->entries) fault = "entries are in no list";
    return fault;
  }
  static void digest(Arena a, Digest& digest) { digest_queue(a, a.state<State>().queue, digest); }
};

}  // namespace fleetcache::eviction
