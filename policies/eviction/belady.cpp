// Belady's MIN (IBM Systems Journal 1966): evicts what is needed farthest in the future, as told by
// Meta::next_access. The newcomer is always stored. Optimal for equal charges; with unequal ones a
// heuristic. Ties (objects never needed again) go to the lower id.
#include "policies/eviction/heap.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Belady : Policy {
  static constexpr std::string_view kSource = "Belady, IBM Systems Journal 1966; no bypass";
  static constexpr bool kNeedsNextAccess = true;

  struct State {
    std::uint32_t heap_size = 0;
  };
  struct Cursor {};

  static Shape configure(State&, const CacheState&, ParamReader&) {
    Shape shape;
    shape.extra_per_slot = Heap::kBytesPerSlot + sizeof(std::uint64_t);
    return shape;
  }
  static Heap heap(Arena a) { return {a, a.state<State>().heap_size}; }
  /// Smaller is farther, so that the heap's minimum is the victim; -1 (never) becomes 0.
  static std::uint64_t nearness(std::int64_t next_access) {
    return next_access < 0 ? 0 : ~static_cast<std::uint64_t>(next_access);
  }
  static std::uint64_t& key(Arena a, std::uint32_t i) {
    return a.at<std::uint64_t>(Heap::end(a.s->extra_at, a.s->slots))[i];
  }

  static void insert(Arena a, std::uint32_t i, const Meta& meta) {
    key(a, i) = nearness(meta.next_access);
    heap(a).push(key(a, i), meta.id, i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t next_access) {
    key(a, i) = nearness(next_access);
    heap(a).change(i, key(a, i), a.slot(i).id());
  }
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    return pick_from_heap(a, heap(a), search, [](Arena, Heap&) {});
  }
  static void commit(Arena, std::uint32_t) {}
  static void abort(Arena a, std::uint32_t i) { heap(a).push(key(a, i), a.slot(i).id(), i); }
  static void claim(Arena a, std::uint32_t i) { heap(a).erase(i); }
  static void erase(Arena a, std::uint32_t i) { heap(a).erase(i); }

  static std::string audit(Arena a) {
    const Heap nodes = heap(a);
    if (nodes.size() + a.s->reserved != a.s->entries) return "entries are not in the heap";
    for (std::uint32_t k = 0; k < nodes.size(); ++k) {
      if (nodes.node(k).major != key(a, nodes.node(k).slot)) return "a heap key is out of date";
    }
    return nodes.audit();
  }
  static void digest(Arena a, Digest& digest) {
    digest_unordered(a, digest, [&](std::uint32_t i, Digest& entry) { entry.add(key(a, i)); });
  }
};

}  // namespace

constexpr EvictionOps belady_ops = make_ops<Belady>();

}  // namespace fleetcache::eviction
