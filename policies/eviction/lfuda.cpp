// LFU with dynamic aging: Arlitt, Cherkasova, Dilley, Friedrich, Jin, "Evaluating content
// management techniques for web proxy caches" (WISP'99; HPL-98-173). Key = count + L, set when an
// entry comes in and at each hit; L = key of the last victim; the least key goes, ties by older
// last access. So an entry that was popular once stays no longer than it takes L to grow past its
// key. Charges do not count (gdsf is this rule over charge). All keys are whole numbers: exact.
//
// As in gdsf, a hit only raises a key, so it need not touch the heap: a node's key may be older,
// hence lower, than the entry's own, and is brought up to date when it surfaces.
#include "policies/eviction/heap.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Age {
  std::uint64_t key;
  std::uint64_t touched;
  std::uint64_t count;
};

struct Lfuda : Policy {
  static constexpr std::string_view kSource = "Arlitt et al., WISP 1999; ties by older last access";

  struct State {
    std::uint64_t age = 0;  ///< L
    std::uint64_t clock = 0;
    std::uint32_t heap_size = 0;
  };
  struct Cursor {};

  static Shape configure(State&, const CacheState&, ParamReader&) {
    Shape shape;
    shape.extra_per_slot = Heap::kBytesPerSlot + sizeof(Age);
    return shape;
  }
  static Heap heap(Arena a) { return {a, a.state<State>().heap_size}; }
  static Age& age(Arena a, std::uint32_t i) {
    return a.at<Age>(Heap::end(a.s->extra_at, a.s->slots))[i];
  }

  static void touch(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    Age& own = age(a, i);
    ++own.count;
    own.key = own.count + state.age;
    own.touched = ++state.clock;
  }
  static void push(Arena a, std::uint32_t i) { heap(a).push(age(a, i).key, age(a, i).touched, i); }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    age(a, i).count = 0;
    touch(a, i);
    push(a, i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) { touch(a, i); }

  /// Brings the top up to date until it is the true minimum.
  static void settle(Arena a, Heap& heap) {
    while (!heap.empty()) {
      const std::uint32_t i = heap.top().slot;
      const Age& own = age(a, i);
      if (heap.top().minor == own.touched) return;
      heap.change(i, own.key, own.touched);
    }
  }
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    return pick_from_heap(a, heap(a), search, settle);
  }
  static void commit(Arena a, std::uint32_t i) {
    // L never falls: an entry that was pinned below L, or committed late, must not lower it.
    std::uint64_t& level = a.state<State>().age;
    if (age(a, i).key > level) level = age(a, i).key;
  }
  static void abort(Arena a, std::uint32_t i) { push(a, i); }
  static void claim(Arena a, std::uint32_t i) { heap(a).erase(i); }
  static void erase(Arena a, std::uint32_t i) { heap(a).erase(i); }

  static std::string audit(Arena a) {
    const Heap nodes = heap(a);
    if (nodes.size() + a.s->reserved != a.s->entries) return "entries are not in the heap";
    for (std::uint32_t k = 0; k < nodes.size(); ++k) {
      const Age& own = age(a, nodes.node(k).slot);
      if (nodes.node(k).major > own.key) return "a heap key is above its entry";
      if (own.count == 0 || own.key > own.count + a.state<State>().age) return "a key is too high";
    }
    return nodes.audit();
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest.add(state.age);
    digest_unordered(a, digest, [&](std::uint32_t i, Digest& entry) {
      entry.add(age(a, i).key);
      entry.add(state.clock - age(a, i).touched);
      entry.add(age(a, i).count);
    });
  }
};

}  // namespace

constexpr EvictionOps lfuda_ops = make_ops<Lfuda>();

}  // namespace fleetcache::eviction
