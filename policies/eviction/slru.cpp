// Segmented LRU: Karedla, Love, Wherry, IEEE Computer 1994; with four segments S4LRU of Huang et
// al., SOSP 2013. Semantics of libCacheSim: equal segments of floor(C / n) (at least 1); a newcomer
// goes to the lowest segment with room, so a cold cache fills the upper ones too; a hit moves up
// one segment and pushes tails down; what segment 0 gets too much of is evicted at once.
//
// That last rule is `must_evict(nullptr)`: it holds after an access that pushed an entry down into
// a segment 0 over its size, which happens with unequal charges or where n does not divide C.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint32_t kMostSegments = 8;

constexpr std::string_view kSlruParameters[] = {"segments=4 [2..8]: equal segments"};

struct Slru : Policy {
  static constexpr std::string_view kSource =
      "Karedla et al., IEEE Computer 1994; cold fill and overflow as in libCacheSim";
  static constexpr const std::string_view* kParameters = kSlruParameters;
  static constexpr std::size_t kParameterCount = 1;
  static constexpr bool kEvictsAfterAccess = true;

  struct Tuning {
    std::uint32_t segments = 4;
  };
  struct State {
    Tuning tuning;
    Queue segment[kMostSegments];
    std::uint64_t segment_size = 0;
    std::uint8_t segments = 0;
    std::uint8_t overflow = 0;  ///< the last access pushed an entry down into segment 0
  };
  struct Cursor {
    ListCursor segment[kMostSegments];
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.segments = reader.integer("segments", tuning.segments, 2, kMostSegments);
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    tune(state.tuning, reader);
    work_out(state, s);
    return {};
  }
  static void work_out(State& state, const CacheState& s) {
    state.segments = static_cast<std::uint8_t>(state.tuning.segments);
    state.segment_size = s.capacity / state.segments;
    if (state.segment_size == 0) state.segment_size = 1;
  }
  /// With fewer segments, what is in those above goes to the new top one, newest in front.
  static void resize(Arena a) {
    State& state = a.state<State>();
    const std::uint8_t before = state.segments;
    work_out(state, *a.s);
    for (std::uint8_t k = state.segments; k < before; ++k) {
      const auto top = static_cast<std::uint8_t>(state.segments - 1);
      while (state.segment[k].tail != kNil) {
        const std::uint32_t i = state.segment[k].tail;
        const bool is_reserved = (a.slot(i).hold & kReserved) != 0;
        if (is_reserved) state.segment[k].used += a.charge(i);
        a.transfer(state.segment[k], state.segment[top], i, top);
        if (is_reserved) state.segment[top].used -= a.charge(i);
      }
    }
  }

  static bool admissible(Arena a, std::uint64_t charge) {
    return charge <= a.state<State>().segment_size;
  }
  static bool must_evict(Arena a, const Meta* incoming) {
    const State& state = a.state<State>();
    if (incoming != nullptr) return a.full(a.charge(*incoming));
    return state.overflow != 0 && state.segment[0].used > state.segment_size;
  }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    State& state = a.state<State>();
    const std::uint64_t charge = a.charge(i);
    std::uint8_t lowest = 0;
    while (lowest < state.segments && state.segment[lowest].used + charge > state.segment_size) {
      ++lowest;
    }
    if (lowest == state.segments) lowest = 0;
    a.slot(i).queue = lowest;
    a.link_front(state.segment[lowest], i);
    state.segment[lowest].used += charge;
    state.overflow = 0;
  }

  static void access(Arena a, std::uint32_t i, std::int64_t) {
    State& state = a.state<State>();
    const std::uint8_t from = a.slot(i).queue;
    state.overflow = 0;
    if (from + 1 == state.segments) {
      a.to_front(state.segment[from], i);
      return;
    }
    a.transfer(state.segment[from], state.segment[from + 1], i,
               static_cast<std::uint8_t>(from + 1));
    for (std::uint8_t above = static_cast<std::uint8_t>(from + 1); above > 0; --above) {
      if (!push_down(a, state, above)) return;
    }
    state.overflow = 1;
  }

  /// Moves tails of a segment over its size to the one below; false when there was nothing to do.
  /// Reserved tails stay: their space is counted as gone already.
  static bool push_down(Arena a, State& state, std::uint8_t above) {
    const auto below = static_cast<std::uint8_t>(above - 1);
    bool moved = false;
    std::uint32_t i = state.segment[above].tail;
    while (state.segment[above].used > state.segment_size && i != kNil) {
      const std::uint32_t newer = a.slot(i).prev;
      if ((a.slot(i).hold & kReserved) == 0) {
        a.transfer(state.segment[above], state.segment[below], i, below);
        moved = true;
      }
      i = newer;
    }
    return moved;
  }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    State& state = a.state<State>();
    for (std::uint8_t k = 0; k < state.segments && !search.stopped(); ++k) {
      const std::uint32_t i = pick_oldest(a, state.segment[k], search, cursor.segment[k]);
      if (i != kNil) return i;
    }
    return kNil;
  }

  static void commit(Arena a, std::uint32_t i) {
    a.unlink(a.state<State>().segment[a.slot(i).queue], i);
  }
  static void abort(Arena a, std::uint32_t i) {
    a.state<State>().segment[a.slot(i).queue].used += a.charge(i);
  }
  static void claim(Arena a, std::uint32_t i) {
    a.state<State>().segment[a.slot(i).queue].used -= a.charge(i);
  }
  static void erase(Arena a, std::uint32_t i) {
    Queue& queue = a.state<State>().segment[a.slot(i).queue];
    a.unlink(queue, i);
    queue.used -= a.charge(i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::uint64_t count = 0;
    for (std::uint8_t k = 0; k < state.segments; ++k) {
      const std::string fault = audit_queue(a, state.segment[k], k, count);
      if (!fault.empty()) return fault;
    }
    return count == a.s->entries ? std::string() : "entries are in no list";
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    for (std::uint8_t k = 0; k < state.segments; ++k) digest_queue(a, state.segment[k], digest);
    digest.add(state.overflow);
  }
};

}  // namespace

constexpr EvictionOps slru_ops = make_ops<Slru>();

}  // namespace fleetcache::eviction
