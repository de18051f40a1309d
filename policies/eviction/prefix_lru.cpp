// Tail-first LRU for the blocks of prefix trees (KV caches). A host looks a chain up from its root:
// each block that comes right after its parent goes right behind it in the order, not to the front.
// So a chain lies in the order as it grows, a parent is never older than its child, and the oldest
// entry is always a leaf: O(1), and the same victims as an LRU over leaves
// (tests/unit/eviction/prefix_lru_test.cpp).
//
// A block that does not come right after its parent (lookups of several chains that interleave, a
// host that touches its blocks one by one) goes to the front as in LRU. Victims are leaves then
// too, since a search passes over parents; it only has more to pass.
#include "policies/eviction/prefix_order.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct PrefixLru : OneListPolicy {
  static constexpr std::string_view kSource =
      "leaf LRU of RadixAttention (Zheng et al., NeurIPS 2024), as one list";
  static constexpr std::uint32_t kUses = kPrefix;

  struct State : OneListPolicy::State {
    ChainEnd last;
  };

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    State& state = a.state<State>();
    link_behind_parent(a, state.queue, state.last, i);
    state.queue.used += a.charge(i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    State& state = a.state<State>();
    a.unlink(state.queue, i);
    link_behind_parent(a, state.queue, state.last, i);
  }
  static void commit(Arena a, std::uint32_t i) {
    a.state<State>().last.forget(i);
    OneListPolicy::commit(a, i);
  }
  static void erase(Arena a, std::uint32_t i) {
    a.state<State>().last.forget(i);
    OneListPolicy::erase(a, i);
  }
  static void digest(Arena a, Digest& digest) {
    OneListPolicy::digest(a, digest);
    a.state<State>().last.digest(a, digest);
  }
};

}  // namespace

constexpr EvictionOps prefix_lru_ops = make_ops<PrefixLru>();

}  // namespace fleetcache::eviction
