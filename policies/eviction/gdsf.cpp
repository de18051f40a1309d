// GDSF: Cherkasova, HP Labs HPL-98-69; greedy-dual-size with frequency. Priority = L + count x 1e6
// x cost / charge, L = priority of the last victim, the least goes, ties by older last access. Cost
// is 1 unless kCosts is declared. The newcomer is always stored.
//
// A hit only raises a priority, so it need not touch the heap: a node's key may be older, hence
// lower, than the entry's own, and is brought up to date when it surfaces. That is exact.
#include <cstring>

#include "policies/eviction/heap.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Rank {
  double priority;  ///< positive, so its bits order like the number
  std::uint64_t touched;
  std::uint64_t count;
};

struct Gdsf : Policy {
  static constexpr std::string_view kSource = "Cherkasova, HPL-98-69; no bypass";
  static constexpr std::uint32_t kUses = kCosts;

  struct State {
    double inflation = 0;  ///< L
    std::uint64_t clock = 0;
    std::uint32_t heap_size = 0;
  };
  struct Cursor {};

  static Shape configure(State&, const CacheState&, ParamReader&) {
    Shape shape;
    shape.extra_per_slot = Heap::kBytesPerSlot + sizeof(Rank);
    return shape;
  }
  static Heap heap(Arena a) { return {a, a.state<State>().heap_size}; }
  static Rank& rank(Arena a, std::uint32_t i) {
    return a.at<Rank>(Heap::end(a.s->extra_at, a.s->slots))[i];
  }

  static void touch(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    Rank& own = rank(a, i);
    const double worth = static_cast<double>(own.count) * 1e6 * cost_of(a, i);
    const double gain = worth / static_cast<double>(a.charge(i));
    own.priority = state.inflation + gain;
    own.touched = ++state.clock;
  }
  static void push(Arena a, std::uint32_t i) {
    heap(a).push(double_bits(rank(a, i).priority), rank(a, i).touched, i);
  }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    rank(a, i).count = 1;
    touch(a, i);
    push(a, i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    ++rank(a, i).count;
    touch(a, i);
    const std::uint64_t priority = double_bits(rank(a, i).priority);
    Heap nodes = heap(a);  // a cost that fell may lower it
    if (priority < nodes.node(nodes.where(i)).major) nodes.change(i, priority, rank(a, i).touched);
  }

  /// Brings the top up to date until it is the true minimum.
  static void settle(Arena a, Heap& heap) {
    while (!heap.empty()) {
      const std::uint32_t i = heap.top().slot;
      const Rank& own = rank(a, i);
      if (heap.top().minor == own.touched) return;
      heap.change(i, double_bits(own.priority), own.touched);
    }
  }
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    return pick_from_heap(a, heap(a), search, settle);
  }
  static void commit(Arena a, std::uint32_t i) {
    // L never falls: an entry that was pinned below L, or committed late, must not lower it.
    double& inflation = a.state<State>().inflation;
    if (rank(a, i).priority > inflation) inflation = rank(a, i).priority;
  }
  static void abort(Arena a, std::uint32_t i) { push(a, i); }
  static void claim(Arena a, std::uint32_t i) { heap(a).erase(i); }
  static void erase(Arena a, std::uint32_t i) { heap(a).erase(i); }

  static std::string audit(Arena a) {
    const Heap nodes = heap(a);
    if (nodes.size() + a.s->reserved != a.s->entries) return "entries are not in the heap";
    for (std::uint32_t k = 0; k < nodes.size(); ++k) {
      const Rank& own = rank(a, nodes.node(k).slot);
      if (nodes.node(k).major > double_bits(own.priority)) return "a heap key is above its entry";
    }
    return nodes.audit();
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest.add(double_bits(state.inflation));
    digest_unordered(a, digest, [&](std::uint32_t i, Digest& entry) {
      entry.add(double_bits(rank(a, i).priority));
      entry.add(state.clock - rank(a, i).touched);
      entry.add(rank(a, i).count);
    });
  }
};

}  // namespace

constexpr EvictionOps gdsf_ops = make_ops<Gdsf>();

}  // namespace fleetcache::eviction
