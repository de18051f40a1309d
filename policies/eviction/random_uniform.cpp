// Random replacement: every entry that may go is as likely a victim as any other. Hits change
// nothing. The yardstick that a policy has to beat, and not a bad one: it has no pattern to fall
// for, so a loop that defeats LRU and CLOCK costs it little.
//
// Entries stand in an array in no order; a victim is the entry at a drawn place, and the last entry
// moves into the gap it leaves. Draw number = victims dropped so far + entries now reserved, from a
// counter-based generator (policies/base/rng.hpp): taking a reservation back takes the draw back
// too, so the next victim is the same. A draw that hits an entry which may not go is repeated, up
// to 16 times; then the next entry in the array that may go is taken, so that a cache of pinned
// entries costs one pass and still finds the last victim there is. With a share p of the entries
// held, a victim is chosen unevenly with probability p^16.
#include "policies/base/rng.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct RandomUniform : Policy {
  static constexpr std::string_view kSource = "folklore; Philox draws, uniform over live entries";
  static constexpr std::uint32_t kAttempts = 16;

  struct State {
    std::uint64_t dropped = 0;
    std::uint32_t key[2] = {0, 0};
  };
  struct Cursor {};

  static Shape configure(State& state, const CacheState& s, ParamReader&) {
    const std::uint64_t key = mix64(s.seed + 0x9e3779b97f4a7c15ULL) ^ hash_name("random-uniform");
    state.key[0] = static_cast<std::uint32_t>(key);
    state.key[1] = static_cast<std::uint32_t>(key >> 32);
    Shape shape;
    shape.extra_per_slot = sizeof(std::uint32_t);
    return shape;
  }

  /// The array: entries, reserved ones too, at [0, CacheState::entries).
  static std::uint32_t& entry(Arena a, std::uint32_t place) {
    return a.at<std::uint32_t>(a.s->extra_at)[place];
  }
  /// An entry's place in the array. It is in no list, so its link is free for that.
  static std::uint32_t& place(Arena a, std::uint32_t i) { return a.slot(i).prev; }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    place(a, i) = a.s->entries - 1;  // the slot is counted already
    entry(a, place(a, i)) = i;
  }
  static void access(Arena, std::uint32_t, std::int64_t) {}

  /// A uniform place in [0, entries), for the attempt of that number at one victim.
  static std::uint32_t draw(Arena a, std::uint32_t attempt) {
    const State& state = a.state<State>();
    const std::uint64_t number = state.dropped + a.s->reserved;
    const auto words = philox4x32(
        {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32), attempt, 0},
        {state.key[0], state.key[1]});
    const std::uint64_t bits = (std::uint64_t{words[1]} << 32) | words[0];
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>((static_cast<Wide>(bits) * a.s->entries) >> 64);
  }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor&) {
    const std::uint32_t entries = a.s->entries;
    if (entries == a.s->reserved) return kNil;
    std::uint32_t at = 0;
    for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
      at = draw(a, attempt);
      if (takes(a, search, at)) return entry(a, at);
      if (search.stopped()) return kNil;
    }
    for (std::uint32_t step = 0; step < entries; ++step) {
      at = at + 1 == entries ? 0 : at + 1;
      if (takes(a, search, at)) return entry(a, at);
      if (search.stopped()) return kNil;
    }
    return kNil;
  }
  static bool takes(Arena a, Search& search, std::uint32_t at) {
    const std::uint32_t i = entry(a, at);
    return !search.held(i) && search.ask(i) == Verdict::kTake;
  }

  static void commit(Arena a, std::uint32_t i) {
    erase(a, i);
    ++a.state<State>().dropped;
  }
  static void abort(Arena, std::uint32_t) {}
  static void claim(Arena, std::uint32_t) {}
  static void erase(Arena a, std::uint32_t i) {
    const std::uint32_t last = entry(a, a.s->entries - 1);  // the slot is still counted
    entry(a, place(a, i)) = last;
    place(a, last) = place(a, i);
  }

  static std::string audit(Arena a) {
    for (std::uint32_t k = 0; k < a.s->entries; ++k) {
      const std::uint32_t i = entry(a, k);
      if (i >= a.s->fresh || (a.slot(i).hold & kFree) != 0) return "the array holds a free slot";
      if (place(a, i) != k) return "an entry lost its place in the array";
    }
    return {};
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest.add(state.dropped);
    digest.add((std::uint64_t{state.key[1]} << 32) | state.key[0]);
    for (std::uint32_t k = 0; k < a.s->entries; ++k) {
      const std::uint32_t i = entry(a, k);
      digest.add(a.slot(i).id());
      digest.add(a.charge(i));
      digest.add(a.slot(i).hold);
      if (a.s->features != 0) digest_columns(a, i, digest);
    }
  }
};

}  // namespace

constexpr EvictionOps random_uniform_ops = make_ops<RandomUniform>();

}  // namespace fleetcache::eviction
