/// What a host told of entries beyond id and charge (private to policies/eviction): filled when an
/// entry comes, undone when it goes, asked by searches. All policies get it from here; none has to
/// know of it.
#pragma once

#include "policies/eviction/wheel.hpp"

namespace fleetcache::eviction {

/// Neighbours in the ring of a group; a lone entry is its own neighbour.
struct Mates {
  std::uint32_t prev;
  std::uint32_t next;
};
/// Children of an entry that are resident, and those of them that are not reserved.
struct Children {
  std::uint32_t resident;
  std::uint32_t live;
};
/// Class and depth of an entry.
struct Kind {
  std::uint16_t klass;
  std::uint16_t depth;
};

inline std::uint32_t next_mate(Arena a, std::uint32_t i) {
  return a.cell<Mates>(Column::kMates, i).next;
}
/// The parent of an entry, or kNil for a root.
inline std::uint32_t parent_of(Arena a, std::uint32_t i) {
  return a.has(kPrefix) ? a.cell<std::uint32_t>(Column::kParent, i) - 1 : kNil;
}
inline Children children_of(Arena a, std::uint32_t i) {
  return a.has(kPrefix) ? a.cell<Children>(Column::kChildren, i) : Children{};
}
/// Cost of a miss; 1 where it is not known.
inline std::uint32_t cost_of(Arena a, std::uint32_t i) {
  const std::uint32_t cost = a.has(kCosts) ? a.cell<std::uint32_t>(Column::kCost, i) : 1;
  return cost == 0 ? 1 : cost;
}
inline Kind kind_of(Arena a, std::uint32_t i) {
  return a.has(kKinds) ? a.cell<Kind>(Column::kKind, i) : Kind{};
}

/// Whether a handle names an entry that is live or reserved.
inline bool is_resident(Arena a, Handle h) {
  return h.index < a.s->fresh && a.slot(h.index).generation == h.generation &&
         (a.slot(h.index).hold & kFree) == 0;
}
inline bool is_live(Arena a, Handle h) {
  return is_resident(a, h) && (a.slot(h.index).hold & kReserved) == 0;
}

/// Fills the columns of an entry that is in the index and in no list of its policy yet. A dead
/// `mate` starts a new group. Requires: a parent, if named, is live.
void attach(Arena a, std::uint32_t i, const Meta& meta);
/// Undoes it, for an entry that leaves; `was_reserved` says from which state.
void detach(Arena a, std::uint32_t i, bool was_reserved);
/// Whether an entry whose time is over, with its group, may make way for its successor: nothing of
/// that is pinned, reserved, leased or a parent.
bool may_be_replaced(Arena a, std::uint32_t i, TimePoint now);
/// For an entry that becomes RESERVED, and for one that is LIVE again: the parent of nothing but
/// reserved children may follow them in the same batch.
inline void count_out(Arena a, std::uint32_t i) {
  const std::uint32_t parent = parent_of(a, i);
  if (parent != kNil) --a.cell<Children>(Column::kChildren, parent).live;
}
inline void count_in(Arena a, std::uint32_t i) {
  const std::uint32_t parent = parent_of(a, i);
  if (parent != kNil) ++a.cell<Children>(Column::kChildren, parent).live;
}
/// Everything that the columns hold of an entry, as its Meta.
Meta meta_of(Arena a, std::uint32_t i);
/// Adds the columns of an entry to a digest, whatever its place in the arena.
void digest_columns(Arena a, std::uint32_t i, Digest& digest);
/// Recounts children and walks the rings. O(n). Empty when sound.
std::string audit_columns(Arena a);

/// One call of reserve: who may be a victim.
class Search {
 public:
  Search(Arena a, TimePoint now, const Want& want)
      : a_(a), now_(now), eligible_(want.eligible), left_(want.max_scan) {
    guarded_ = a.has(static_cast<Feature>(kLeases | kPrefix | kGroups));
    if (want.incoming == nullptr || !a.has(kPrefix)) return;
    if (is_live(a, want.incoming->parent)) parent_ = want.incoming->parent.index;
  }

  bool stopped() const { return stopped_; }
  TimePoint now() const { return now_; }
  /// Pinned, reserved and leased entries, parents of resident children and mates of such entries:
  /// skipped unasked, before a policy counts them as candidates. True for all once stopped.
  bool held(std::uint32_t i) {
    if (left_ == 0) stopped_ = true;
    if (stopped_) return true;
    --left_;
    ++a_.s->stats.scanned;
    const bool is_held = a_.slot(i).hold != 0 || (guarded_ && guarded(i));
    if (is_held) ++a_.s->stats.skipped;
    return is_held;
  }
  /// kTake, kSkip or kStop; the entries to rotate or to touch are noted.
  Verdict ask(std::uint32_t i) { return eligible_ == nullptr ? Verdict::kTake : consult(i); }

  /// Lets soft pins yield from here on; false when that would change nothing.
  bool yield_soft() {
    const bool useful = saw_soft_ && !yielding_ && !stopped_;
    yielding_ = true;
    last_due = kNil;
    return useful;
  }
  /// Where the walk along the wheel's due list is: entries stay in that list until they are
  /// committed, and a batch must not pass them again. After a child its parent comes up once more.
  std::uint32_t last_due = kNil;
  std::uint32_t freed_parent = kNil;
  /// Victims go at once: the parent of what is still reserved stays.
  bool at_once = false;

  std::uint32_t deferred() const { return deferred_count_; }
  std::uint32_t deferred(std::uint32_t k, bool& touch) const {
    touch = deferred_[k].touch;
    return deferred_[k].slot;
  }

 private:
  struct Deferred {
    std::uint32_t slot;
    bool touch;
  };
  bool guarded(std::uint32_t i);
  bool guarded_alone(std::uint32_t i);
  Verdict consult(std::uint32_t i);

  Arena a_;
  TimePoint now_;
  const Eligible* eligible_;
  std::uint32_t left_;
  std::uint32_t parent_ = kNil;  ///< of the incoming object
  bool guarded_ = false;
  bool stopped_ = false;
  bool saw_soft_ = false;
  bool yielding_ = false;
  std::uint32_t deferred_count_ = 0;
  Deferred deferred_[kMaxDeferred];
};

}  // namespace fleetcache::eviction
