// 2Q, full version: Johnson and Shasha, VLDB 1994. A1in is a FIFO of newcomers, A1out remembers
// what left it, Am is an LRU of objects that came back while remembered.
//
// A1in = trunc(0.25 C), Am = C - A1in, A1out = trunc(0.5 C), each at least 1 but A1out. A hit in
// A1in moves nothing. Am has a limit of its own: an object that goes there on a ghost hit first
// makes room in Am, even where the cache as a whole has some.
#include "policies/eviction/ghost_fifo.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint8_t kIn = 0;
constexpr std::uint8_t kMain = 1;

constexpr std::string_view kTwoQParameters[] = {
    "in_ratio=0.25 [0.001..0.999]: share of the capacity of A1in",
    "out_ratio=0.5 [0..10]: remembered evictions (A1out), as a share of the capacity",
    "approx_ghosts=0 [0|1]: 1 remembers by 32-bit fingerprints, 10 bytes each; fixed at creation"};

struct TwoQ : Policy {
  static constexpr std::string_view kSource = "Johnson and Shasha, VLDB 1994; sizes of libCacheSim";
  static constexpr const std::string_view* kParameters = kTwoQParameters;
  static constexpr std::size_t kParameterCount = 3;

  struct Tuning {
    double in_ratio = 0.25;
    double out_ratio = 0.5;
    std::uint32_t approx_ghosts = 0;
  };
  struct State {
    Tuning tuning;
    Queue in;
    Queue main;
    std::uint64_t in_size = 0;
    std::uint64_t main_size = 0;
    std::uint64_t out_size = 0;
    std::uint64_t main_limit = 0;  ///< what Am may hold still after its size shrank
  };
  struct Cursor {
    ListCursor in;
    ListCursor main;
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.in_ratio = reader.number("in_ratio", tuning.in_ratio, 0.001, 0.999);
    tuning.out_ratio = reader.number("out_ratio", tuning.out_ratio, 0.0, 10.0);
    tuning.approx_ghosts = reader.integer("approx_ghosts", tuning.approx_ghosts, 0, 1);
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    tune(state.tuning, reader);
    work_out(state, s);
    return GhostFifo::shape(ghost_count(s, state.tuning.out_ratio),
                            state.tuning.approx_ghosts != 0);
  }
  static void work_out(State& state, const CacheState& s) {
    const auto capacity = static_cast<double>(s.capacity);
    state.in_size = at_least_one(capacity * state.tuning.in_ratio);
    state.main_size = s.capacity > state.in_size ? s.capacity - state.in_size : 1;
    state.out_size = static_cast<std::uint64_t>(capacity * state.tuning.out_ratio);
  }
  static void resize(Arena a) {
    State& state = a.state<State>();
    work_out(state, *a.s);
    state.main_limit = state.main.used > state.main_size ? state.main.used : state.main_size;
    ghosts(a).shrink();
  }

  static bool admissible(Arena a, std::uint64_t charge) {
    return charge <= a.state<State>().in_size && charge <= a.state<State>().main_size;
  }
  static GhostFifo ghosts(Arena a) { return {a, a.state<State>().out_size}; }
  static void miss(Arena a, const Meta& meta) { ghosts(a).hit(Arena::key(meta)); }

  static bool must_evict(Arena a, const Meta* incoming) {
    if (incoming == nullptr) return false;
    const State& state = a.state<State>();
    const std::uint64_t charge = a.charge(*incoming);
    if (a.full(charge)) return true;
    return state.main.used + charge > state.main_size && ghosts(a).held(Arena::key(*incoming));
  }

  static void insert(Arena a, std::uint32_t i, const Meta& meta) {
    State& state = a.state<State>();
    // A newcomer that is known has its room in Am (must_evict); an entry that is rotated and that
    // approximate ghosts mistake for one of them has not.
    const bool fits = state.main.used + a.charge(i) <= state.main_size;
    const bool known = ghosts(a).claim(Arena::key(meta)) && fits;
    Queue& queue = known ? state.main : state.in;
    a.slot(i).queue = known ? kMain : kIn;
    a.link_front(queue, i);
    queue.used += a.charge(i);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    if (a.slot(i).queue == kMain) a.to_front(a.state<State>().main, i);
  }

  static std::uint32_t pick(Arena a, const Meta* incoming, Search& search, Cursor& cursor) {
    State& state = a.state<State>();
    // With room in the cache as a whole, it is Am that has to give (see must_evict).
    const bool whole = incoming == nullptr || a.full(a.charge(*incoming));
    const bool in_first = whole && (state.in.used > state.in_size || state.main.used == 0);
    std::uint32_t i = in_first ? pick_oldest(a, state.in, search, cursor.in)
                               : pick_oldest(a, state.main, search, cursor.main);
    if (i != kNil || !whole || search.stopped()) return i;
    return in_first ? pick_oldest(a, state.main, search, cursor.main)
                    : pick_oldest(a, state.in, search, cursor.in);
  }

  static Queue& queue_of(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    return a.slot(i).queue == kMain ? state.main : state.in;
  }
  static void commit(Arena a, std::uint32_t i) {
    a.unlink(queue_of(a, i), i);
    if (a.slot(i).queue == kIn) {
      ghosts(a).push(a.key(i), a.charge(i));
    }
  }
  static void abort(Arena a, std::uint32_t i) {
    queue_of(a, i).used += a.charge(i);
    State& state = a.state<State>();  // its place may have been given away, or Am have shrunk
    if (state.main.used > state.main_limit) state.main_limit = state.main.used;
  }
  static void claim(Arena a, std::uint32_t i) { queue_of(a, i).used -= a.charge(i); }
  static void erase(Arena a, std::uint32_t i) {
    Queue& queue = queue_of(a, i);
    a.unlink(queue, i);
    queue.used -= a.charge(i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::uint64_t count = 0;
    std::string fault = audit_queue(a, state.in, kIn, count);
    if (fault.empty()) fault = audit_queue(a, state.main, kMain, count);
    if (fault.empty() && count != a.s->entries) fault = "entries are in no list";
    if (fault.empty() && state.main.used > state.main_size && state.main.used > state.main_limit) {
      fault = "Am is over its size";
    }
    return fault.empty() ? ghosts(a).audit() : fault;
  }
  static void digest(Arena a, Digest& digest) {
    digest_queue(a, a.state<State>().in, digest);
    digest_queue(a, a.state<State>().main, digest);
    ghosts(a).digest(digest);
  }
};

}  // namespace

constexpr EvictionOps twoq_ops = make_ops<TwoQ>();

}  // namespace fleetcache::eviction
