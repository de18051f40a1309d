// LARC: a miss enters a ghost list; a second miss while it is there is stored. The list has room
// for a tenth to nine tenths of the objects of the tier: a miss adds a little to it (what is thrown
// out too soon cannot come back), a hit takes a little away (the cache does well: let less in).
//
// Deviations: only ghosts and their size; the order of the cache is another policy's. Objects count
// as one each, whatever their size.
#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

struct Ghost {
  std::uint64_t id = 0;
  std::uint32_t newer = 0;  ///< links are position + 1, 0 is none
  std::uint32_t older = 0;
  std::uint32_t chain = 0;
  std::uint32_t again = 0;  ///< 1: missed a second time
};
static_assert(sizeof(Ghost) == 24);

struct Larc : Rule {
  static constexpr std::string_view kSource = "Huang, Wei, Chen, Dou, LARC, MSST 2013";
  static constexpr std::uint32_t kUses = kUsesHits;
  static constexpr std::uint32_t kFraction = 16;  ///< bits of the target behind the point

  struct State {
    std::uint64_t entries = 0;  ///< of the tier
    std::uint64_t room = 0;     ///< ghosts wanted, in 2^-16
    std::uint32_t slots = 0;    ///< ghosts at most, and index heads
    std::uint32_t count = 0;
    std::uint32_t newest = 0;
    std::uint32_t oldest = 0;
    std::uint32_t free = 0;   ///< list of slots through `chain`
    std::uint32_t fresh = 0;  ///< slots ever used
  };
  static Status configure(State& s, const PolicyState& head, ParamReader&) {
    s.entries = entries_or_default(head);
    s.room = least(s);
    s.slots = static_cast<std::uint32_t>((most(s) >> kFraction) + 2);
    return Nothing{};
  }
  static std::uint64_t words(const State& s) { return 3ULL * s.slots + (s.slots + 1ULL) / 2; }

  static std::uint64_t least(const State& s) { return (s.entries << kFraction) / 10; }
  static std::uint64_t most(const State& s) { return (s.entries << kFraction) * 9 / 10; }
  static Ghost& ghost(Block<State> b, std::uint32_t link) {
    return reinterpret_cast<Ghost*>(b.words())[link - 1];
  }
  static std::uint32_t& head_of(Block<State> b, std::uint64_t id) {
    const std::uint64_t slots = b.state().slots;
    auto* heads = reinterpret_cast<std::uint32_t*>(b.words() + 3 * slots);
    return heads[((b.hash(id) >> 32) * slots) >> 32];
  }
  static std::uint32_t find(Block<State> b, std::uint64_t id) {
    std::uint32_t g = head_of(b, id);
    while (g != 0 && ghost(b, g).id != id) g = ghost(b, g).chain;
    return g;
  }

  static void link(Block<State> b, std::uint32_t g) {
    State& s = b.state();
    ghost(b, g).newer = 0;
    ghost(b, g).older = s.newest;
    (s.newest != 0 ? ghost(b, s.newest).newer : s.oldest) = g;
    s.newest = g;
  }
  static void unlink(Block<State> b, std::uint32_t g) {
    State& s = b.state();
    const Ghost& own = ghost(b, g);
    (own.newer != 0 ? ghost(b, own.newer).older : s.newest) = own.older;
    (own.older != 0 ? ghost(b, own.older).newer : s.oldest) = own.newer;
  }
  static void drop(Block<State> b, std::uint32_t g) {
    State& s = b.state();
    unlink(b, g);
    std::uint32_t* at = &head_of(b, ghost(b, g).id);
    while (*at != g) at = &ghost(b, *at).chain;
    *at = ghost(b, g).chain;
    ghost(b, g) = {};
    ghost(b, g).chain = s.free;
    s.free = g;
    --s.count;
  }
  /// Requires: a free slot, which `seen` keeps.
  static void add(Block<State> b, std::uint64_t id) {
    State& s = b.state();
    const std::uint32_t g = s.free != 0 ? s.free : ++s.fresh;
    if (g == s.free) s.free = ghost(b, g).chain;
    std::uint32_t& head = head_of(b, id);
    ghost(b, g) = {};
    ghost(b, g).id = id;
    ghost(b, g).chain = head;
    head = g;
    link(b, g);
    ++s.count;
  }

  static void adapt(State& s, bool hit) {
    const std::uint64_t all = s.entries << kFraction;
    const std::uint64_t step =
        hit ? (all << kFraction) / (all - s.room) : (all << kFraction) / (s.room != 0 ? s.room : 1);
    const std::uint64_t low = least(s);
    const std::uint64_t high = most(s);
    if (hit) s.room = s.room > low + step ? s.room - step : low;
    if (!hit) s.room = s.room + step < high ? s.room + step : high;
  }
  static void seen(Block<State> b, TimePoint, const Request& request, bool hit) {
    State& s = b.state();
    adapt(s, hit);
    if (hit) return;
    const std::uint32_t g = find(b, request.id);
    if (g != 0) {
      ghost(b, g).again = 1;
      unlink(b, g);
      link(b, g);
    } else {
      add(b, request.id);
    }
    while (s.count > (s.room >> kFraction) && s.count > 1) drop(b, s.oldest);
  }
  static Decision decide(Block<State> b, TimePoint, const Request& request, const Load&) {
    const std::uint32_t g = find(b, request.id);
    if (g == 0 || ghost(b, g).again == 0) return Decision::kReject;
    drop(b, g);
    return Decision::kAdmit;
  }
};

}  // namespace

constexpr AdmissionOps larc_ops = make_ops<Larc>();

}  // namespace fleetcache::admission
