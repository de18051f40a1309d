// Cost-aware LRU for prefix trees: recency plus alpha times what an entry saves by the unit of
// space. The entry with the least of
//
//     time of its last touch + alpha x entries x (cost / charge) / (mean cost / mean charge)
//
// goes, times in touches: with alpha 1 an entry of average worth outlives a worthless one by as
// many touches as there are entries. With alpha 0 it is prefix-lru. Costs are those of a miss
// (kCosts; recomputation of a KV block grows with its depth) and 1 where they are not declared.
// Means and scores are taken when an entry is touched, in integers.
//
// Parents leave the heap while they have live children, so that no search has to pass them.
#include "policies/eviction/heap.hpp"
#include "policies/eviction/prefix_order.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::string_view kCostAwareParameters[] = {
    "alpha=0.25 [0..64]: weight of the cost saved by unit of space against recency"};
constexpr std::uint32_t kOne = 256;  // of alpha and of ratios, in fixed point
constexpr std::uint64_t kMostRatio = 256 * kOne;
constexpr std::uint8_t kAside = 1;  // Slot::freq: not in the heap

struct Rank {
  std::uint64_t score;
  std::uint64_t order;  ///< ties: of one chain the block that was touched later goes first
  std::uint32_t cost;   ///< as counted in the sum
  std::uint32_t unused;
};

struct CostAware : Policy {
  static constexpr std::string_view kSource =
      "Marconi (Pan et al., MLSys 2025): recency and saved work by byte; integers, no tuner";
  static constexpr const std::string_view* kParameters = kCostAwareParameters;
  static constexpr std::size_t kParameterCount = 1;
  static constexpr std::uint32_t kUses = kCosts | kPrefix;

  struct Tuning {
    std::uint32_t alpha = kOne / 4;
  };
  struct State {
    Tuning tuning;
    ChainEnd last;
    std::uint64_t clock = 0;  ///< touches
    std::uint64_t chain_began = 0;
    std::uint64_t costs = 0;  ///< sum over entries
    std::uint32_t heap_size = 0;
    std::uint32_t aside = 0;
  };
  struct Cursor {};

  static void tune(Tuning& tuning, ParamReader& reader) {
    const double now = static_cast<double>(tuning.alpha) / kOne;
    tuning.alpha = static_cast<std::uint32_t>(reader.number("alpha", now, 0, 64) * kOne + 0.5);
  }
  static Shape configure(State& state, const CacheState&, ParamReader& reader) {
    tune(state.tuning, reader);
    Shape shape;
    shape.extra_per_slot = Heap::kBytesPerSlot + sizeof(Rank);
    return shape;
  }
  static Heap heap(Arena a) { return {a, a.state<State>().heap_size}; }
  static Rank& rank(Arena a, std::uint32_t i) {
    return a.at<Rank>(Heap::end(a.s->extra_at, a.s->slots))[i];
  }

  /// Cost by space over the mean of that, at most kMostRatio.
  static std::uint64_t ratio(Arena a, std::uint32_t i) {
    __extension__ using Wide = unsigned __int128;
    const State& state = a.state<State>();
    const Wide above = Wide{rank(a, i).cost} * a.s->used * kOne;
    const Wide below = Wide{a.charge(i)} * state.costs;
    const Wide ratio = below == 0 ? kOne : above / below;
    return ratio < kMostRatio ? static_cast<std::uint64_t>(ratio) : kMostRatio;
  }
  static void touch(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    Rank& own = rank(a, i);
    ++state.clock;
    if (!state.last.continued_by(a, i)) state.chain_began = state.clock;
    state.last.slot = i + 1;
    state.costs += cost_of(a, i);
    state.costs -= own.cost;
    own.cost = cost_of(a, i);
    const std::uint64_t life = std::uint64_t{state.tuning.alpha} * a.s->entries;
    own.score = state.chain_began + life * ratio(a, i) / (kOne * kOne);
    own.order = ~state.clock;
  }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    rank(a, i) = {};
    touch(a, i);
    heap(a).push(rank(a, i).score, rank(a, i).order, i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    touch(a, i);
    if (a.slot(i).freq != kAside) heap(a).change(i, rank(a, i).score, rank(a, i).order);
  }

  /// Puts parents of live children aside until a leaf is on top.
  static void settle(Arena a, Heap& heap) {
    while (!heap.empty() && children_of(a, heap.top().slot).live != 0) {
      const std::uint32_t i = heap.top().slot;
      heap.erase(i);
      a.slot(i).freq = kAside;
      ++a.state<State>().aside;
    }
  }
  static void bring_back(Arena a, std::uint32_t i) {
    a.slot(i).freq = 0;
    --a.state<State>().aside;
    heap(a).push(rank(a, i).score, rank(a, i).order, i);
  }
  /// For a child that goes: where it is the last one, its parent is in the heap again.
  static void bring_back_parent(Arena a, std::uint32_t child) {
    const std::uint32_t i = parent_of(a, child);
    if (i == kNil || a.slot(i).freq != kAside || children_of(a, i).live != 1) return;
    bring_back(a, i);
  }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    const std::uint32_t i = pick_from_heap(a, heap(a), search, settle);
    if (i != kNil) bring_back_parent(a, i);
    return i;
  }
  static void forget(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    state.last.forget(i);
    state.costs -= rank(a, i).cost;
  }
  static void commit(Arena a, std::uint32_t i) { forget(a, i); }
  static void abort(Arena a, std::uint32_t i) {
    heap(a).push(rank(a, i).score, rank(a, i).order, i);
  }
  static void claim(Arena a, std::uint32_t i) {
    heap(a).erase(i);
    bring_back_parent(a, i);
  }
  static void erase(Arena a, std::uint32_t i) {
    forget(a, i);
    claim(a, i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    const Heap nodes = heap(a);
    if (nodes.size() + state.aside + a.s->reserved != a.s->entries) {
      return "entries are neither in the heap nor aside";
    }
    std::uint64_t costs = 0;
    for (std::uint32_t i = 0; i < a.s->fresh; ++i) {
      if ((a.slot(i).hold & kFree) != 0) continue;
      costs += rank(a, i).cost;
      if (a.slot(i).freq == kAside && children_of(a, i).live == 0) return "a leaf is set aside";
    }
    if (costs != state.costs) return "the sum of costs is wrong";
    for (std::uint32_t k = 0; k < nodes.size(); ++k) {
      const Rank& own = rank(a, nodes.node(k).slot);
      if (nodes.node(k).major != own.score || nodes.node(k).minor != own.order) {
        return "a heap key is out of date";
      }
    }
    return nodes.audit();
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest.add(state.clock - state.chain_began);
    state.last.digest(a, digest);
    digest_unordered(a, digest, [&](std::uint32_t i, Digest& entry) {
      entry.add(rank(a, i).score - state.clock);
      entry.add(rank(a, i).order + state.clock);
      entry.add(rank(a, i).cost);
    });
  }
};

}  // namespace

constexpr EvictionOps cost_aware_ops = make_ops<CostAware>();

}  // namespace fleetcache::eviction
