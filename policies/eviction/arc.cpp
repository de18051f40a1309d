// ARC: Megiddo and Modha, FAST 2003, with the choices of libCacheSim where the paper leaves them
// open: the target p is a double and moves by a true quotient, sizes are in the unit of the
// capacity (by bytes p hardly moves), eviction happens only when space is needed, and a full miss
// with ghosts in B1 drops the oldest of them and then replaces.
//
// The ghosts that an eviction drops go at commit, so that an abort leaves no trace; the choice made
// at reserve is kept in Slot::freq.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint8_t kT1 = 0;  // B1 and B2 are ghost lists 0 and 1
constexpr std::uint8_t kT2 = 1;

constexpr std::uint8_t kDropB1 = 1;
constexpr std::uint8_t kDropB2 = 2;
constexpr std::uint8_t kNoGhost = 4;

struct Arc : Policy {
  static constexpr std::string_view kSource =
      "Megiddo and Modha, FAST 2003; open points as in libCacheSim";

  struct State {
    Queue list[2];
    double target = 0;  ///< p of the paper: the wanted size of T1
  };
  struct Cursor {
    ListCursor list[2];
  };

  static Shape configure(State&, const CacheState& s, ParamReader&) {
    // B1 and B2 hold at most C together with unit charges; by bytes their number has no such bound.
    return Ghosts::shape(std::uint64_t{s.slots} * (s.unit_charge != 0 ? 1 : 2));
  }

  static void resize(Arena a) {
    State& state = a.state<State>();
    const auto capacity = static_cast<double>(a.s->capacity);
    if (state.target > capacity) state.target = capacity;
  }

  static void miss(Arena a, const Meta& meta) {
    const Ghosts ghosts(a);
    const std::uint32_t list = ghosts.list_of(Arena::key(meta));
    if (list != kNil) {
      State& state = a.state<State>();
      const auto own = static_cast<double>(ghosts.used(list));
      const auto other = static_cast<double>(ghosts.used(1 - list));
      const double step = other > own ? other / own : 1.0;
      const auto capacity = static_cast<double>(a.s->capacity);
      if (list == kT1) {
        state.target = state.target + step < capacity ? state.target + step : capacity;
      } else {
        state.target = state.target > step ? state.target - step : 0;
      }
    }
    ghosts.hit(Arena::key(meta));
  }

  static void insert(Arena a, std::uint32_t i, const Meta& meta) {
    const std::uint8_t list = Ghosts(a).claim(Arena::key(meta)) != kNil ? kT2 : kT1;
    Queue& queue = a.state<State>().list[list];
    a.slot(i).queue = list;
    a.link_front(queue, i);
    queue.used += a.charge(i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    State& state = a.state<State>();
    if (a.slot(i).queue == kT2) {
      a.to_front(state.list[kT2], i);
    } else {
      a.transfer(state.list[kT1], state.list[kT2], i, kT2);
    }
  }

  /// REPLACE of the paper: whether T1 gives the victim.
  static bool replace_t1(const State& state, bool hit_b2) {
    const std::uint64_t t1 = state.list[kT1].used;
    const auto size = static_cast<double>(t1);
    if (state.list[kT2].used == 0) return true;
    return t1 > 0 && (size > state.target || (size == state.target && hit_b2));
  }

  static std::uint32_t pick(Arena a, const Meta* incoming, Search& search, Cursor& cursor) {
    State& state = a.state<State>();
    const Ghosts ghosts(a);
    const std::uint32_t held = incoming != nullptr ? ghosts.held(Arena::key(*incoming)) : kNil;
    std::uint8_t notes = 0;
    bool from_t1 = replace_t1(state, held == kT2);
    if (incoming != nullptr && held == kNil) {
      const std::uint64_t l1 = state.list[kT1].used + ghosts.used(kT1);
      if (l1 + a.charge(*incoming) > a.s->capacity) {
        if (ghosts.empty(kT1)) {
          notes = kNoGhost;
          from_t1 = true;
        } else {
          notes = kDropB1;
        }
      } else if (l1 + state.list[kT2].used + ghosts.used(kT2) >= 2 * a.s->capacity) {
        notes = kDropB2;
      }
    }
    const std::uint8_t first = from_t1 ? kT1 : kT2;
    std::uint32_t i = pick_oldest(a, state.list[first], search, cursor.list[first]);
    if (i == kNil && !search.stopped()) {
      i = pick_oldest(a, state.list[1 - first], search, cursor.list[1 - first]);
    }
    if (i != kNil) a.slot(i).freq = notes;
    return i;
  }

  static void commit(Arena a, std::uint32_t i) {
    const Slot& slot = a.slot(i);
    const Ghosts ghosts(a);
    a.unlink(a.state<State>().list[slot.queue], i);
    if ((slot.freq & kDropB1) != 0) ghosts.drop_oldest(kT1);
    if ((slot.freq & kDropB2) != 0) ghosts.drop_oldest(kT2);
    if ((slot.freq & kNoGhost) == 0) ghosts.push(slot.queue, a.key(i), a.charge(i));
  }
  static void abort(Arena a, std::uint32_t i) {
    a.slot(i).freq = 0;
    a.state<State>().list[a.slot(i).queue].used += a.charge(i);
  }
  static void claim(Arena a, std::uint32_t i) {
    a.slot(i).freq = 0;
    a.state<State>().list[a.slot(i).queue].used -= a.charge(i);
  }
  static void erase(Arena a, std::uint32_t i) {
    Queue& queue = a.state<State>().list[a.slot(i).queue];
    a.unlink(queue, i);
    queue.used -= a.charge(i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::uint64_t count = 0;
    std::string fault = audit_queue(a, state.list[kT1], kT1, count);
    if (fault.empty()) fault = audit_queue(a, state.list[kT2], kT2, count);
    if (fault.empty() && count != a.s->entries) fault = "entries are in no list";
    const bool in_range = state.target >= 0 && state.target <= static_cast<double>(a.s->capacity);
    if (fault.empty() && !in_range) fault = "the target is out of range";
    return fault;
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest_queue(a, state.list[kT1], digest);
    digest_queue(a, state.list[kT2], digest);
    digest.add(double_bits(state.target));
  }
};

}  // namespace

constexpr EvictionOps arc_ops = make_ops<Arc>();

}  // namespace fleetcache::eviction
