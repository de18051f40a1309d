// S3-FIFO: Yang, Zhang, Qiu, Yue, Vinayak, SOSP 2023. Two insert rules of the reference library are
// kept apart, since one rule alone moves miss ratios by several points: until the first eviction,
// the 2024-12 rule fills main once small is at its size; the 2024-10 rule never does.
//
// Sizes are in the unit of the capacity: small = trunc(0.1 C) (at least 1), main = C - small, ghost
// FIFO = trunc(0.9 C). Named deviation: an object of exactly the small queue's size is stored (the
// library evicts for it and then drops it).
#include "policies/eviction/ghost_fifo.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint8_t kSmall = 0;
constexpr std::uint8_t kMain = 1;
constexpr std::uint8_t kNoResume = 2;
constexpr std::uint8_t kPromoteAt = 2;  // hits in small that lead to main
constexpr std::uint8_t kMaxFreq = 3;    // more hits than this change no decision

constexpr std::string_view kS3FifoParameters[] = {
    "small_ratio=0.1 [0.001..0.999]: share of the capacity of the small queue",
    "ghost_ratio=0.9 [0..10]: remembered evictions, as a share of the capacity",
    "approx_ghosts=0 [0|1]: 1 remembers by 32-bit fingerprints, 10 bytes each; fixed at creation"};

template <bool kFillMain>
struct S3Fifo : Policy {
  static constexpr std::string_view kSource =
      kFillMain ? "Yang et al., SOSP 2023; insert rule of libCacheSim 2024-12"
                : "Yang et al., SOSP 2023; insert rule of libCacheSim 2024-10";
  static constexpr const std::string_view* kParameters = kS3FifoParameters;
  static constexpr std::size_t kParameterCount = 3;

  struct Tuning {
    double small_ratio = 0.1;
    double ghost_ratio = 0.9;
    std::uint32_t approx_ghosts = 0;
  };
  struct State {
    Tuning tuning;
    Queue small;
    Queue main;
    std::uint64_t small_size = 0;
    std::uint64_t main_size = 0;
    std::uint64_t ghost_size = 0;
    std::uint8_t has_evicted = 0;
    /// After an abort: the queue whose pass was broken off, so that it goes on with the same victim
    /// even where promotions of that pass now speak for the other queue.
    std::uint8_t resume = kNoResume;
  };
  struct Cursor {
    ListCursor small;
    ListCursor main;
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.small_ratio = reader.number("small_ratio", tuning.small_ratio, 0.001, 0.999);
    tuning.ghost_ratio = reader.number("ghost_ratio", tuning.ghost_ratio, 0.0, 10.0);
    tuning.approx_ghosts = reader.integer("approx_ghosts", tuning.approx_ghosts, 0, 1);
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    tune(state.tuning, reader);
    work_out(state, s);
    return GhostFifo::shape(ghost_count(s, state.tuning.ghost_ratio),
                            state.tuning.approx_ghosts != 0);
  }
  static void work_out(State& state, const CacheState& s) {
    const auto capacity = static_cast<double>(s.capacity);
    state.small_size = at_least_one(capacity * state.tuning.small_ratio);
    state.main_size = s.capacity - state.small_size;
    state.ghost_size = static_cast<std::uint64_t>(capacity * state.tuning.ghost_ratio);
  }
  static void resize(Arena a) {
    State& state = a.state<State>();
    work_out(state, *a.s);
    ghosts(a).shrink();
  }

  static bool admissible(Arena a, std::uint64_t charge) {
    return charge <= a.state<State>().small_size;
  }
  static GhostFifo ghosts(Arena a) { return {a, a.state<State>().ghost_size}; }
  static void miss(Arena a, const Meta& meta) { ghosts(a).hit(Arena::key(meta)); }

  static void insert(Arena a, std::uint32_t i, const Meta& meta) {
    State& state = a.state<State>();
    const bool fill_main =
        kFillMain && state.has_evicted == 0 && state.small.used >= state.small_size;
    const bool to_main = ghosts(a).claim(Arena::key(meta)) || fill_main;
    Queue& queue = to_main ? state.main : state.small;
    a.slot(i).queue = to_main ? kMain : kSmall;
    a.link_front(queue, i);
    queue.used += a.charge(i);
  }

  static void access(Arena a, std::uint32_t i, std::int64_t) {
    std::uint8_t& freq = a.slot(i).freq;
    if (freq < kMaxFreq) ++freq;
  }

  /// The tail of small that was not hit twice; the others move to main on the way.
  static std::uint32_t pick_small(Arena a, Search& search, ListCursor& cursor, bool& promoted) {
    State& state = a.state<State>();
    std::uint32_t i = cursor.start(state.small);
    while (i != kNil) {
      const std::uint32_t newer = a.slot(i).prev;
      if (!search.held(i)) {
        if (a.slot(i).freq >= kPromoteAt) {
          a.slot(i).freq = 0;
          a.transfer(state.small, state.main, i, kMain);
          promoted = true;
        } else {
          const Verdict verdict = search.ask(i);
          if (verdict == Verdict::kStop) return kNil;
          if (verdict == Verdict::kTake) {
            state.small.used -= a.charge(i);
            return cursor.take(a, i);
          }
        }
      } else if (search.stopped()) {
        return kNil;
      }
      i = newer;
    }
    cursor = {kNil, false};  // its place may be in main by now
    return kNil;
  }

  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    State& state = a.state<State>();
    const std::uint8_t resume = state.resume;
    bool small_dry = false;
    bool main_dry = false;
    while (!(small_dry && main_dry) && !search.stopped()) {
      bool from_main = state.main.used > state.main_size || state.small.used == 0;
      if (state.resume != kNoResume) from_main = state.resume == kMain;
      state.resume = kNoResume;
      if (from_main ? main_dry : small_dry) from_main = !from_main;
      bool promoted = false;
      const std::uint32_t i = from_main ? pick_second_chance(a, state.main, search, cursor.main)
                                        : pick_small(a, search, cursor.small, promoted);
      if (i != kNil) return i;
      (from_main ? main_dry : small_dry) = true;
      if (promoted) main_dry = false;
    }
    // A search past leases has a second pass, over soft ones, that is to find the same victim.
    if (a.has(kLeases)) state.resume = resume;
    return kNil;
  }

  static Queue& queue_of(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    return a.slot(i).queue == kMain ? state.main : state.small;
  }
  static void commit(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    state.has_evicted = 1;
    a.unlink(queue_of(a, i), i);
    if (a.slot(i).queue == kSmall) {
      ghosts(a).push(a.key(i), a.charge(i));
    }
  }
  static void abort(Arena a, std::uint32_t i) {
    queue_of(a, i).used += a.charge(i);
    a.state<State>().resume = a.slot(i).queue;
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
    std::string fault = audit_queue(a, state.small, kSmall, count);
    if (fault.empty()) fault = audit_queue(a, state.main, kMain, count);
    if (fault.empty() && count != a.s->entries) fault = "entries are in no list";
    return fault.empty() ? ghosts(a).audit() : fault;
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    digest_queue(a, state.small, digest);
    digest_queue(a, state.main, digest);
    digest.add(state.has_evicted * 256U + state.resume);
    ghosts(a).digest(digest);
  }
};

}  // namespace

constexpr EvictionOps s3fifo_2024_10_ops = make_ops<S3Fifo<false>>();
constexpr EvictionOps s3fifo_2024_12_ops = make_ops<S3Fifo<true>>();

}  // namespace fleetcache::eviction
