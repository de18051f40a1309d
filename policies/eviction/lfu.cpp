// LFU without aging: counts start at 1 and are forgotten with the entry; among equals the least
// recently touched goes first. Entries of one count form a list, lists of rising counts form a
// list: every step is O(1) (Shah, Mitra, Matani, 2010).
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

/// All entries of one count, oldest touch at the tail.
struct Bucket {
  std::uint64_t count;
  std::uint32_t head;
  std::uint32_t tail;
  std::uint32_t lower;  ///< bucket of the next smaller count; in a free bucket the next free one
  std::uint32_t higher;
};

struct Lfu : Policy {
  static constexpr std::string_view kSource = "folklore; ties by least recent touch";

  struct State {
    std::uint32_t lowest = kNil;
    std::uint32_t free = kNil;
    std::uint32_t fresh = 0;
  };
  struct Cursor {
    bool fresh = true;
    std::uint32_t bucket = kNil;
    std::uint32_t entry = kNil;
  };

  // As many counts as entries at most: an entry alone in its bucket takes the bucket along.
  static Shape configure(State&, const CacheState&, ParamReader&) {
    Shape shape;
    shape.extra_per_slot = sizeof(Bucket) + sizeof(std::uint32_t);
    return shape;
  }
  static Bucket& bucket(Arena a, std::uint32_t b) { return a.at<Bucket>(a.s->extra_at)[b]; }
  static std::uint32_t& home(Arena a, std::uint32_t i) {
    return a.at<std::uint32_t>(a.s->extra_at + sizeof(Bucket) * std::uint64_t{a.s->slots})[i];
  }

  /// A new empty bucket right above `lower` (kNil: the lowest).
  static std::uint32_t open(Arena a, std::uint64_t count, std::uint32_t lower) {
    State& state = a.state<State>();
    std::uint32_t b = state.free;
    if (b != kNil) {
      state.free = bucket(a, b).lower;
    } else {
      b = state.fresh++;
    }
    const std::uint32_t higher = lower == kNil ? state.lowest : bucket(a, lower).higher;
    bucket(a, b) = {count, kNil, kNil, lower, higher};
    (lower == kNil ? state.lowest : bucket(a, lower).higher) = b;
    if (higher != kNil) bucket(a, higher).lower = b;
    return b;
  }
  static void close_if_empty(Arena a, std::uint32_t b) {
    State& state = a.state<State>();
    Bucket& gone = bucket(a, b);
    if (gone.head != kNil) return;
    (gone.lower == kNil ? state.lowest : bucket(a, gone.lower).higher) = gone.higher;
    if (gone.higher != kNil) bucket(a, gone.higher).lower = gone.lower;
    gone.lower = state.free;
    state.free = b;
  }
  static void enter(Arena a, std::uint32_t i, std::uint32_t b) {
    a.link_front(bucket(a, b), i);
    home(a, i) = b;
  }
  static void leave(Arena a, std::uint32_t i) {
    a.unlink(bucket(a, home(a, i)), i);
    close_if_empty(a, home(a, i));
  }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    const std::uint32_t lowest = a.state<State>().lowest;
    const bool there = lowest != kNil && bucket(a, lowest).count == 1;
    enter(a, i, there ? lowest : open(a, 1, kNil));
  }

  static void access(Arena a, std::uint32_t i, std::int64_t) {
    const std::uint32_t from = home(a, i);
    Bucket& old = bucket(a, from);
    const std::uint32_t above = old.higher;
    const bool there = above != kNil && bucket(a, above).count == old.count + 1;
    if (!there && old.head == old.tail) {
      ++old.count;
      return;
    }
    const std::uint32_t to = there ? above : open(a, old.count + 1, from);
    a.unlink(old, i);
    enter(a, i, to);
    close_if_empty(a, from);
  }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    if (cursor.fresh) cursor = {false, a.state<State>().lowest, kNil};
    for (; cursor.bucket != kNil; cursor.bucket = bucket(a, cursor.bucket).higher) {
      std::uint32_t i =
          cursor.entry == kNil ? bucket(a, cursor.bucket).tail : a.slot(cursor.entry).prev;
      for (; i != kNil; i = a.slot(i).prev) {
        if (search.held(i)) {
          if (search.stopped()) return kNil;
          continue;
        }
        const Verdict verdict = search.ask(i);
        if (verdict == Verdict::kStop) return kNil;
        if (verdict == Verdict::kSkip) continue;
        cursor.entry = i;
        return i;
      }
      cursor.entry = kNil;
    }
    return kNil;
  }
  static void commit(Arena a, std::uint32_t i) { leave(a, i); }
  static void abort(Arena, std::uint32_t) {}
  static void claim(Arena, std::uint32_t) {}
  static void erase(Arena a, std::uint32_t i) { leave(a, i); }

  static std::string audit(Arena a) {
    std::uint64_t entries = 0;
    std::uint64_t count = 0;
    std::uint32_t lower = kNil;
    for (std::uint32_t b = a.state<State>().lowest; b != kNil; b = bucket(a, b).higher) {
      const Bucket& each = bucket(a, b);
      if (each.head == kNil) return "a bucket is empty";
      if (each.count <= count || each.lower != lower) return "the buckets are out of order";
      std::uint32_t before = kNil;
      for (std::uint32_t i = each.head; i != kNil; i = a.slot(i).next) {
        if (++entries > a.s->entries) return "a bucket is a ring or holds free slots";
        if (home(a, i) != b || a.slot(i).prev != before) return "a bucket is linked wrongly";
        before = i;
      }
      if (each.tail != before) return "a bucket has a wrong tail";
      count = each.count;
      lower = b;
    }
    return entries == a.s->entries ? std::string() : "entries are in no bucket";
  }
  static void digest(Arena a, Digest& digest) {
    for (std::uint32_t b = a.state<State>().lowest; b != kNil; b = bucket(a, b).higher) {
      digest.add(bucket(a, b).count);
      for (std::uint32_t i = bucket(a, b).head; i != kNil; i = a.slot(i).next) {
        digest.add(a.slot(i).id());
        digest.add(a.charge(i));
        digest.add(a.slot(i).hold);
        if (a.s->features != 0) digest_columns(a, i, digest);
      }
    }
  }
};

}  // namespace

constexpr EvictionOps lfu_ops = make_ops<Lfu>();

}  // namespace fleetcache::eviction
