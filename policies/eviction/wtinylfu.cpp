// W-TinyLFU: Einziger, Friedman, Manes, ACM TOS 13(4), 2017, as in Caffeine: an LRU window of 1 %
// of the capacity before a segmented LRU (probation, and protected with 80 % of it). What falls out
// of a full window meets the oldest of probation, and the one asked for less often, by a sketch, is
// evicted; on a tie the one from the window.
//
// Deviations from Caffeine: the window does not adapt its size; no random admission of losers with
// 6 requests and more (its guard against hash flooding), so no decision draws; every lookup is
// counted, also a miss that never leads to an insertion; a winner goes on against the next victim
// when several have to go; the sketch has exactly 16 counters an entry instead of 16 to 32.
// Objects larger than the window never enter it: one meets the oldest entries itself, must beat
// each that it needs the room of, and is refused at the first it does not beat (`reserve` finds
// nothing; victims already gone stay gone).
#include "policies/base/sketch.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::string_view kWtinylfuParameters[] = {
    "window_ratio=0.01 [0.001..0.999]: share of the capacity that newcomers pass through",
    "protected_ratio=0.8 [0..1]: share of the rest for entries hit twice and more",
    "sample_factor=10 [1..1000000]: counts halve after this many requests an entry"};

struct Wtinylfu : Policy {
  static constexpr std::string_view kSource =
      "Einziger et al., ACM TOS 2017, as in Caffeine; fixed window, no random admission";
  static constexpr const std::string_view* kParameters = kWtinylfuParameters;
  static constexpr std::size_t kParameterCount = 3;

  enum List : std::uint8_t { kWindow, kProbation, kProtected, kLists };

  struct Tuning {
    double window_ratio = 0.01;
    double protected_ratio = 0.8;
    std::uint32_t sample_factor = 10;
  };
  struct State {
    Tuning tuning;
    Queue list[kLists];
    std::uint64_t window_size = 0;
    std::uint64_t protected_size = 0;
    FrequencyState frequency;
    std::uint32_t most_entries = 0;  ///< resident at once so far
  };
  struct Cursor {
    ListCursor list[kLists];
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.window_ratio = reader.number("window_ratio", tuning.window_ratio, 0.001, 0.999);
    tuning.protected_ratio = reader.number("protected_ratio", tuning.protected_ratio, 0, 1);
    tuning.sample_factor = reader.integer("sample_factor", tuning.sample_factor, 1, 1000000);
  }
  /// Queue sizes, and the sample: `sample_factor` requests an entry that fits. Those are as many as
  /// the capacity when charges are 1, else the most that were resident at once.
  static void work_out(State& state, const CacheState& s) {
    state.window_size = s.capacity - share(1 - state.tuning.window_ratio, s.capacity);
    if (state.window_size == 0) state.window_size = 1;
    state.protected_size = share(state.tuning.protected_ratio, s.capacity - state.window_size);
    const std::uint64_t fit = s.capacity < s.slots ? s.capacity : s.slots;
    const std::uint64_t entries = s.unit_charge != 0 ? fit : state.most_entries;
    state.frequency.sample = state.tuning.sample_factor * entries;
  }
  static void resize(Arena a) {
    State& state = a.state<State>();
    work_out(state, *a.s);
    pass_down(a, kWindow, state.window_size);
    pass_down(a, kProtected, state.protected_size);
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    tune(state.tuning, reader);
    work_out(state, s);
    state.frequency.blocks = CountMinSketch::blocks_for(s.slots);
    Shape shape;
    shape.block = Frequency::words(state.frequency) * sizeof(std::uint64_t);
    return shape;
  }
  static std::uint64_t share(double ratio, std::uint64_t of) {
    const auto part = static_cast<std::uint64_t>(ratio * static_cast<double>(of));
    return part < of ? part : of;
  }

  static Frequency frequency(Arena a) {
    return {a.state<State>().frequency, a.at<std::uint64_t>(a.s->block_at)};
  }
  static std::uint32_t estimate(Arena a, std::uint64_t key) {
    return frequency(a).estimate(mix64(key));
  }

  static void miss(Arena a, const Meta& meta) { frequency(a).count(mix64(Arena::key(meta))); }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    State& state = a.state<State>();
    if (a.s->entries > state.most_entries) {
      state.most_entries = a.s->entries;
      work_out(state, *a.s);
    }
    const std::uint64_t charge = a.charge(i);
    const List to = charge > state.window_size ? kProbation : kWindow;
    a.slot(i).queue = to;
    a.link_front(state.list[to], i);
    state.list[to].used += charge;
    pass_down(a, kWindow, state.window_size);
  }

  /// Moves the oldest of a list over its size to the head of probation. Reserved ones stay: their
  /// space is counted as gone already.
  static void pass_down(Arena a, List from, std::uint64_t size) {
    State& state = a.state<State>();
    std::uint32_t i = state.list[from].tail;
    while (state.list[from].used > size && i != kNil) {
      const std::uint32_t newer = a.slot(i).prev;
      if ((a.slot(i).hold & kReserved) == 0) {
        a.transfer(state.list[from], state.list[kProbation], i, kProbation);
      }
      i = newer;
    }
  }

  static void access(Arena a, std::uint32_t i, std::int64_t) {
    State& state = a.state<State>();
    frequency(a).count(mix64(a.key(i)));
    const std::uint8_t in = a.slot(i).queue;
    if (in != kProbation || a.charge(i) > state.protected_size) {
      a.to_front(state.list[in], i);
      return;
    }
    a.transfer(state.list[kProbation], state.list[kProtected], i, kProtected);
    pass_down(a, kProtected, state.protected_size);
  }

  /// The oldest entry of a list that may go, its charge still in `used`; the next search of the
  /// same cursor begins with it again. kNil when there is none.
  static std::uint32_t oldest(Arena a, List list, Search& search, Cursor& cursor) {
    Queue& queue = a.state<State>().list[list];
    const std::uint32_t i = pick_oldest(a, queue, search, cursor.list[list]);
    if (i == kNil) return kNil;
    queue.used += a.charge(i);
    cursor.list[list].at = i;
    return i;
  }
  static std::uint32_t take(Arena a, std::uint32_t i, Cursor& cursor) {
    Queue& queue = a.state<State>().list[a.slot(i).queue];
    queue.used -= a.charge(i);
    return cursor.list[a.slot(i).queue].take(a, i);
  }

  static std::uint32_t pick(Arena a, const Meta* incoming, Search& search, Cursor& cursor) {
    if (incoming != nullptr && a.charge(*incoming) > a.state<State>().window_size) {
      const std::uint32_t i = oldest_of_main(a, search, cursor);
      if (i == kNil || estimate(a, Arena::key(*incoming)) <= estimate(a, a.key(i))) return kNil;
      return take(a, i, cursor);
    }
    const std::uint32_t candidate = oldest(a, kWindow, search, cursor);
    if (search.stopped()) return kNil;
    const std::uint32_t victim = oldest(a, kProbation, search, cursor);
    if (search.stopped()) return kNil;
    if (candidate == kNil && victim == kNil) {
      const std::uint32_t last = oldest(a, kProtected, search, cursor);
      return last == kNil ? kNil : take(a, last, cursor);
    }
    if (candidate == kNil) return take(a, victim, cursor);
    if (victim == kNil) return take(a, candidate, cursor);
    const bool wins = estimate(a, a.key(candidate)) > estimate(a, a.key(victim));
    return take(a, wins ? victim : candidate, cursor);
  }
  /// For an object too large for the window: probation first, then protected, the window last.
  static std::uint32_t oldest_of_main(Arena a, Search& search, Cursor& cursor) {
    for (const List list : {kProbation, kProtected, kWindow}) {
      const std::uint32_t i = oldest(a, list, search, cursor);
      if (i != kNil || search.stopped()) return i;
    }
    return kNil;
  }

  static void commit(Arena a, std::uint32_t i) {
    a.unlink(a.state<State>().list[a.slot(i).queue], i);
  }
  static void claim(Arena a, std::uint32_t i) {
    a.state<State>().list[a.slot(i).queue].used -= a.charge(i);
  }
  static void abort(Arena a, std::uint32_t i) {
    a.state<State>().list[a.slot(i).queue].used += a.charge(i);
  }
  static void erase(Arena a, std::uint32_t i) {
    Queue& queue = a.state<State>().list[a.slot(i).queue];
    a.unlink(queue, i);
    queue.used -= a.charge(i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::uint64_t entries = 0;
    for (std::uint8_t k = 0; k < kLists; ++k) {
      const std::string fault = audit_queue(a, state.list[k], k, entries);
      if (!fault.empty()) return fault;
    }
    if (state.most_entries < a.s->entries) return "the most entries at once are not the most";
    return entries == a.s->entries ? std::string() : "entries are in no list";
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    for (const Queue& list : state.list) digest_queue(a, list, digest);
    digest.add(state.most_entries);
    frequency(a).digest(digest);
  }
};

}  // namespace

constexpr EvictionOps wtinylfu_ops = make_ops<Wtinylfu>();

}  // namespace fleetcache::eviction
