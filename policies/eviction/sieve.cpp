// SIEVE: Zhang, Yang, Yue, Vigfusson, Rashmi, NSDI 2024. One visited bit; survivors stay where they
// are and a hand walks from old to new.
//
// The hand rests on the entry that the next search looks at first, or on none to start at the tail.
// Entries that may not go (pinned, reserved, skipped) are passed with their bit untouched.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Sieve : OneListPolicy {
  static constexpr std::string_view kSource = "Zhang et al., NSDI 2024";

  struct State : OneListPolicy::State {
    std::uint32_t hand = kNil;
  };
  struct Cursor {};  // the hand is the cursor

  static Shape configure(State&, const CacheState&, ParamReader&) { return {}; }
  static void access(Arena a, std::uint32_t i, std::int64_t) { a.slot(i).freq = 1; }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    State& state = a.state<State>();
    std::uint32_t i = state.hand;
    // Two rounds see every entry with its bit cleared; after that nothing may go.
    const std::uint64_t most = 2 * std::uint64_t{a.s->entries};
    for (std::uint64_t step = 0; step < most; ++step) {
      if (i == kNil) i = state.queue.tail;
      const std::uint32_t newer = a.slot(i).prev;
      if (!search.held(i)) {
        if (a.slot(i).freq != 0) {
          a.slot(i).freq = 0;
        } else {
          const Verdict verdict = search.ask(i);
          if (verdict == Verdict::kStop) return kNil;
          if (verdict == Verdict::kTake) {
            state.hand = newer;
            state.queue.used -= a.charge(i);
            return i;
          }
        }
      } else if (search.stopped()) {
        state.hand = i;  // a bounded search goes on where it stopped
        return kNil;
      }
      i = newer;
    }
    return kNil;
  }

  /// The hand must not rest on an entry that leaves.
  static void leave(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    if (state.hand == i) state.hand = a.slot(i).prev;
  }
  static void commit(Arena a, std::uint32_t i) {
    leave(a, i);
    OneListPolicy::commit(a, i);
  }
  static void abort(Arena a, std::uint32_t i) {
    OneListPolicy::abort(a, i);
    a.state<State>().hand = i;
  }
  static void erase(Arena a, std::uint32_t i) {
    leave(a, i);
    OneListPolicy::erase(a, i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::string fault = OneListPolicy::audit(a);
    bool found = state.hand == kNil;
    if (!fault.empty()) return fault;
    for (std::uint32_t i = state.queue.head; i != kNil; i = a.slot(i).next) {
      found = found || i == state.hand;
    }
    return found ? fault : "the hand rests on no entry";
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    OneListPolicy::digest(a, digest);
    digest.add(state.hand == kNil ? 0 : a.slot(state.hand).id() + 1);
  }
};

}  // namespace

constexpr EvictionOps sieve_ops = make_ops<Sieve>();

}  // namespace fleetcache::eviction
