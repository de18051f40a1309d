// Dead-block-aware LRU for KV caches. On recorded conversations the gap to the optimum is blocks
// that are never used again, not the order of the others. So entries live as long as their kind
// deserves: a kind is what is known when an entry comes (class, depth, whether its chain was hit
// before it), or that its chain ended with it, or how often it was used since. Each kind is a
// tail-first LRU list (prefix_order.hpp), and the victim is the list tail with the largest
// age / worth. Worth is a power of the odds that an entry of the kind was used before it was
// forgotten. A dead kind is thus a probation queue that is left first; no kind is refused.
//
// Odds come from counts that fade by halves: entries that entered a kind, and those that were used,
// resident or shortly after: a table remembers the kinds of ids that were dropped, and what comes
// back from there comes back as used. All decisions are integers.
#include "policies/eviction/prefix_order.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint32_t kClasses = 4;
constexpr std::uint32_t kNewKinds = kClasses * 4;  // class, deep or not, chain hit or not
constexpr std::uint32_t kChainEnd = kNewKinds;     // new, and nothing came after it
constexpr std::uint32_t kUsedOnce = kNewKinds + 1;
constexpr std::uint32_t kUsedOften = kNewKinds + 2;
constexpr std::uint32_t kKindCount = kNewKinds + 3;
constexpr std::uint32_t kAside = kKindCount;  // parents that children of other kinds outlive
constexpr std::uint32_t kLists = kKindCount + 1;
constexpr std::uint32_t kDeepFrom = 8;
constexpr std::uint32_t kHitChainFrom = 2;  // the root is a system prompt that everyone has
constexpr std::uint64_t kWeighEvery = 64;   // touches

constexpr std::string_view kDeadBlockParameters[] = {
    "sharpness=3 [0..4]: worth is the odds to the power of half of this; 0 is LRU",
    "spread=64 [1..1024]: the longest life of a kind over the shortest, at most",
    "ghost_ratio=2 [0..64]: dropped ids remembered, as a multiple of the slots",
    "memory=16 [1..1024]: touches after which the counts are halved, as a multiple of the slots"};

std::uint64_t square_root(std::uint64_t x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 16; bit != 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= x) root += bit;
  }
  return root;
}

/// `odds`, 16 bits after the point, to the power of `halves` / 2; at least 1.
std::uint64_t power(std::uint64_t odds, std::uint32_t halves) {
  std::uint64_t worth = std::uint64_t{1} << 16;
  for (std::uint32_t k = 0; k < halves / 2; ++k) worth = worth * odds >> 16;
  if (halves % 2 == 1) worth = worth * square_root(odds << 16) >> 16;
  return worth == 0 ? 1 : worth;
}

struct DeadBlock : Policy {
  static constexpr std::string_view kSource =
      "own; cf. dead block prediction (Lai et al., ISCA 2001) and S3-FIFO's probation";
  static constexpr const std::string_view* kParameters = kDeadBlockParameters;
  static constexpr std::size_t kParameterCount = 4;
  static constexpr std::uint32_t kUses = kPrefix | kKinds;

  struct Tuning {
    std::uint32_t sharpness = 3;
    std::uint32_t spread = 64;
    std::uint32_t ghost_ratio = 2;
    std::uint32_t memory = 16;
  };
  struct State {
    Tuning tuning;
    ChainEnd last;
    std::uint32_t chain_hits = 0;
    std::uint64_t clock = 0;  ///< touches
    std::uint64_t chain_began = 0;
    std::uint64_t weighed = 0;
    std::uint64_t faded = 0;
    std::uint32_t places = 0;  ///< of the table of dropped ids
    std::uint32_t ready = 0;   ///< the lists are made by the first insertion
  };
  struct Life {
    Queue queue;
    std::uint32_t entered;
    std::uint32_t used;
    std::uint64_t worth;
  };
  /// A dropped id: 32 bits of its hash, and its kind + 1; 0 is an empty place.
  struct Dropped {
    std::uint32_t tag;
    std::uint32_t kind;
  };
  struct Cursor {
    ListCursor list[kKindCount];
  };

  static void tune(Tuning& tuning, ParamReader& reader) {
    tuning.sharpness = reader.integer("sharpness", tuning.sharpness, 0, 4);
    tuning.spread = reader.integer("spread", tuning.spread, 1, 1024);
    tuning.ghost_ratio = reader.integer("ghost_ratio", tuning.ghost_ratio, 0, 64);
    tuning.memory = reader.integer("memory", tuning.memory, 1, 1024);
  }
  static std::uint32_t places(const Tuning& tuning, const CacheState& s) {
    const std::uint64_t n = std::uint64_t{s.slots} * tuning.ghost_ratio;
    return n < kNil ? static_cast<std::uint32_t>(n) : kNil - 1;
  }
  static Shape configure(State& state, const CacheState& s, ParamReader& reader) {
    tune(state.tuning, reader);
    state.places = places(state.tuning, s);
    Shape shape;
    shape.extra_per_slot = sizeof(std::uint64_t);
    shape.block = sizeof(Life) * kLists + sizeof(Dropped) * std::uint64_t{state.places};
    return shape;
  }
  static void resize(Arena a) {
    State& state = a.state<State>();
    state.places = places(state.tuning, *a.s);
  }

  static Life& life(Arena a, std::uint32_t kind) { return a.at<Life>(a.s->block_at)[kind]; }
  static Life& life_of(Arena a, std::uint32_t i) { return life(a, a.slot(i).queue); }
  static std::uint32_t kind_at(Arena a, std::uint32_t i) {
    return a.slot(i).queue == kAside ? a.slot(i).freq : a.slot(i).queue;
  }
  /// When the chain began with which an entry was touched last.
  static std::uint64_t& touched(Arena a, std::uint32_t i) {
    return a.at<std::uint64_t>(a.s->extra_at)[i];
  }
  static std::uint64_t hash(Arena a, std::uint32_t i) { return mix64(a.key(i)); }
  /// Where a dropped id is remembered. Requires: places > 0.
  static Dropped& place(Arena a, std::uint64_t hash) {
    auto* table = a.at<Dropped>(a.s->block_at + sizeof(Life) * kLists);
    return table[((hash >> 32) * a.state<State>().places) >> 32];
  }

  /// What each kind is worth by now.
  static void weigh(Arena a) {
    State& state = a.state<State>();
    std::uint64_t most = 1;
    for (std::uint32_t k = 0; k < kKindCount; ++k) {
      Life& own = life(a, k);
      const std::uint64_t odds = ((std::uint64_t{own.used} + 1) << 16) / (own.entered + 2ULL);
      own.worth = power(odds < 65536 ? odds : 65536, state.tuning.sharpness);
      if (own.worth > most) most = own.worth;
    }
    const std::uint64_t least = most / state.tuning.spread + 1;
    for (std::uint32_t k = 0; k < kKindCount; ++k) {
      if (life(a, k).worth < least) life(a, k).worth = least;
    }
    state.weighed = state.clock;
  }
  static void fade(Arena a) {
    for (std::uint32_t k = 0; k < kKindCount; ++k) {
      life(a, k).entered /= 2;
      life(a, k).used /= 2;
    }
    a.state<State>().faded = a.state<State>().clock;
  }

  /// Counts a touch; if that begins another chain, the newcomer that ended the one before is a
  /// kind of its own: often a block that is not full, and useless to any longer prompt.
  static void begin_touch(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    ++state.clock;
    if (state.clock - state.faded >= std::uint64_t{state.tuning.memory} * a.s->slots) fade(a);
    if (state.clock - state.weighed >= kWeighEvery) weigh(a);
    if (state.last.continued_by(a, i)) return;
    const std::uint32_t end = state.last.slot - 1;
    if (a.has(kPrefix) && state.last.slot != 0 && end != i && a.slot(end).queue < kNewKinds &&
        (a.slot(end).hold & kReserved) == 0 && children_of(a, end).resident == 0) {
      Life& old = life_of(a, end);
      if (old.entered > 0) --old.entered;
      ++life(a, kChainEnd).entered;
      a.transfer(old.queue, life(a, kChainEnd).queue, end, kChainEnd);
    }
    state.chain_hits = 0;
    state.chain_began = state.clock;
  }
  static void enter(Arena a, std::uint32_t i, std::uint32_t kind) {
    State& state = a.state<State>();
    a.slot(i).queue = static_cast<std::uint8_t>(kind);
    ++life(a, kind).entered;
    touched(a, i) = state.chain_began;
    link_behind_parent(a, life(a, kind).queue, state.last, i);
    life(a, kind).queue.used += a.charge(i);
  }

  static void insert(Arena a, std::uint32_t i, const Meta&) {
    State& state = a.state<State>();
    if (state.ready == 0) {
      for (std::uint32_t k = 0; k < kLists; ++k) life(a, k).queue = Queue();
      state.ready = 1;
      weigh(a);
    }
    begin_touch(a, i);
    const Kind known = kind_of(a, i);
    std::uint32_t kind = known.klass % kClasses * 4;
    if (known.depth >= kDeepFrom) kind += 2;
    if (state.chain_hits >= kHitChainFrom) kind += 1;
    if (state.places != 0) {
      const std::uint64_t h = hash(a, i);
      Dropped& ghost = place(a, h);
      if (ghost.kind != 0 && ghost.tag == static_cast<std::uint32_t>(h)) {
        ++life(a, ghost.kind - 1).used;
        ++a.s->stats.ghost_hits;
        ghost = {};
        kind = kUsedOnce;
      }
    }
    enter(a, i, kind);
  }
  static void access(Arena a, std::uint32_t i, std::int64_t) {
    begin_touch(a, i);
    ++a.state<State>().chain_hits;
    const std::uint32_t kind = kind_at(a, i);
    ++life(a, kind).used;
    Queue& queue = life_of(a, i).queue;
    a.unlink(queue, i);
    queue.used -= a.charge(i);
    enter(a, i, kind < kUsedOnce ? kUsedOnce : kUsedOften);
  }

  /// Takes a parent of live children out of its list, so that no search has to pass it again.
  static void set_aside(Arena a, std::uint32_t i) {
    const std::uint8_t kind = a.slot(i).queue;
    a.transfer(life(a, kind).queue, life(a, kAside).queue, i, kAside);
    a.slot(i).freq = kind;
  }
  /// For a child that goes: where it is the last one, its parent is the next of its kind to go.
  static void bring_back_parent(Arena a, std::uint32_t child) {
    const std::uint32_t i = parent_of(a, child);
    if (i == kNil || a.slot(i).queue != kAside || children_of(a, i).live != 1) return;
    Queue& queue = life(a, a.slot(i).freq).queue;
    a.unlink(life(a, kAside).queue, i);
    life(a, kAside).queue.used -= a.charge(i);
    a.slot(i).queue = a.slot(i).freq;
    a.slot(i).freq = 0;
    if (queue.tail != kNil && touched(a, queue.tail) < touched(a, i)) {
      touched(a, i) = touched(a, queue.tail);
    }
    a.link_back(queue, i);
    queue.used += a.charge(i);
  }

  /// The list whose next candidate has outlived its worth most; ties go to the lower kind.
  static std::uint32_t ripest(Arena a, const Cursor& cursor) {
    const std::uint64_t clock = a.state<State>().clock;
    std::uint32_t best = kNil;
    std::uint64_t best_age = 0;
    for (std::uint32_t k = 0; k < kKindCount; ++k) {
      const std::uint32_t i = cursor.list[k].start(life(a, k).queue);
      if (i == kNil) continue;
      const std::uint64_t age = clock - touched(a, i) + 1;
      if (best == kNil || age * life(a, best).worth > best_age * life(a, k).worth) {
        best = k;
        best_age = age;
      }
    }
    return best;
  }
  static std::uint32_t pick(Arena a, const Meta*, Search& search, Cursor& cursor) {
    if (a.state<State>().ready == 0) return kNil;
    while (!search.stopped()) {
      const std::uint32_t k = ripest(a, cursor);
      if (k == kNil) return kNil;
      const std::uint32_t i = cursor.list[k].start(life(a, k).queue);
      cursor.list[k].take(a, i);
      if (search.held(i)) {
        const bool reserved = (a.slot(i).hold & kReserved) != 0;
        if (!search.stopped() && !reserved && children_of(a, i).live != 0) set_aside(a, i);
        continue;
      }
      if (search.ask(i) != Verdict::kTake) continue;
      life(a, k).queue.used -= a.charge(i);
      bring_back_parent(a, i);
      return i;
    }
    return kNil;
  }

  static void commit(Arena a, std::uint32_t i) {
    State& state = a.state<State>();
    state.last.forget(i);
    if (state.places != 0) {
      const std::uint64_t h = hash(a, i);
      place(a, h) = {static_cast<std::uint32_t>(h), kind_at(a, i) + 1};
    }
    a.unlink(life_of(a, i).queue, i);
  }
  static void abort(Arena a, std::uint32_t i) { life_of(a, i).queue.used += a.charge(i); }
  static void claim(Arena a, std::uint32_t i) {
    life_of(a, i).queue.used -= a.charge(i);
    bring_back_parent(a, i);
  }
  static void erase(Arena a, std::uint32_t i) {
    a.state<State>().last.forget(i);
    a.unlink(life_of(a, i).queue, i);
    life_of(a, i).queue.used -= a.charge(i);
    bring_back_parent(a, i);
  }

  static std::string audit(Arena a) {
    const State& state = a.state<State>();
    std::uint64_t count = 0;
    for (std::uint32_t k = 0; state.ready != 0 && k < kLists; ++k) {
      const std::string fault =
          audit_queue(a, life(a, k).queue, static_cast<std::uint8_t>(k), count);
      if (!fault.empty()) return fault;
      if (k != kAside && life(a, k).worth == 0) return "a kind is worth nothing";
    }
    if (state.last.slot != 0 && (a.slot(state.last.slot - 1).hold & kFree) != 0) {
      return "the end of the chain is gone";
    }
    return count == a.s->entries ? std::string() : "entries are in no list";
  }
  static void digest(Arena a, Digest& digest) {
    const State& state = a.state<State>();
    if (state.ready == 0) return;
    for (std::uint32_t k = 0; k < kLists; ++k) {
      const Life& own = life(a, k);
      digest_queue(a, own.queue, digest);
      for (std::uint32_t i = own.queue.head; i != kNil; i = a.slot(i).next) {
        digest.add(state.clock - touched(a, i));
      }
      digest.add((std::uint64_t{own.entered} << 32) | own.used);
      digest.add(own.worth);
    }
    const auto* table = a.at<Dropped>(a.s->block_at + sizeof(Life) * kLists);
    for (std::uint32_t k = 0; k < state.places; ++k) {
      if (table[k].kind == 0) continue;
      digest.add(k);
      digest.add((std::uint64_t{table[k].tag} << 32) | table[k].kind);
    }
    state.last.digest(a, digest);
    digest.add(state.chain_hits);
    digest.add(state.clock - state.chain_began);
    digest.add(state.clock - state.weighed);
    digest.add(state.clock - state.faded);
  }
};

}  // namespace

constexpr EvictionOps deadblock_ops = make_ops<DeadBlock>();

}  // namespace fleetcache::eviction
