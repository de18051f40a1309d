#include "policies/eviction/columns.hpp"

namespace fleetcache::eviction {
namespace {

TimePoint time_of(Arena a, Column column, std::uint32_t i) {
  return {a.cell<std::int64_t>(column, i)};
}

void join(Arena a, std::uint32_t i, Handle mate) {
  Mates& own = a.cell<Mates>(Column::kMates, i);
  own = {i, i};
  if (!is_live(a, mate) || mate.index == i) return;
  Mates& old = a.cell<Mates>(Column::kMates, mate.index);
  own = {mate.index, old.next};
  a.cell<Mates>(Column::kMates, old.next).prev = i;
  old.next = i;
}

void part(Arena a, std::uint32_t i) {
  Mates& own = a.cell<Mates>(Column::kMates, i);
  a.cell<Mates>(Column::kMates, own.prev).next = own.next;
  a.cell<Mates>(Column::kMates, own.next).prev = own.prev;
  own = {i, i};
}

}  // namespace

void attach(Arena a, std::uint32_t i, const Meta& meta) {
  if (a.has(kTtl)) Wheel(a).add(i, meta.expires);
  if (a.has(kLeases)) {
    a.cell<std::int64_t>(Column::kLease, i) = meta.leased_until.ns;
    a.cell<std::int64_t>(Column::kSoft, i) = meta.soft_until.ns;
  }
  if (a.has(kCosts)) a.cell<std::uint32_t>(Column::kCost, i) = meta.cost;
  if (a.has(kKinds)) a.cell<Kind>(Column::kKind, i) = {meta.klass, meta.depth};
  if (a.has(kGroups)) join(a, i, meta.mate);
  if (!a.has(kPrefix)) return;
  a.cell<Children>(Column::kChildren, i) = {};
  a.cell<std::uint32_t>(Column::kParent, i) = meta.parent.index + 1;  // kNone becomes 0
  if (!meta.parent) return;
  ++a.cell<Children>(Column::kChildren, meta.parent.index).resident;
  ++a.cell<Children>(Column::kChildren, meta.parent.index).live;
}

void detach(Arena a, std::uint32_t i, bool was_reserved) {
  if (a.has(kTtl)) Wheel(a).remove(i);
  if (a.has(kGroups)) part(a, i);
  const std::uint32_t parent = parent_of(a, i);
  if (parent == kNil) return;
  Children& siblings = a.cell<Children>(Column::kChildren, parent);
  --siblings.resident;
  if (!was_reserved) --siblings.live;
}

Meta meta_of(Arena a, std::uint32_t i) {
  Meta meta;
  meta.id = a.slot(i).id();
  meta.id_high = a.id_high(i);
  meta.charge = a.charge(i);
  if (a.has(kCosts)) meta.cost = a.cell<std::uint32_t>(Column::kCost, i);
  meta.klass = kind_of(a, i).klass;
  meta.depth = kind_of(a, i).depth;
  if (a.has(kTtl)) meta.expires = Wheel(a).expiry(i);
  if (a.has(kLeases)) meta.leased_until = time_of(a, Column::kLease, i);
  if (a.has(kLeases)) meta.soft_until = time_of(a, Column::kSoft, i);
  const std::uint32_t parent = parent_of(a, i);
  if (parent != kNil) meta.parent = a.handle(parent);
  if (a.has(kGroups) && next_mate(a, i) != i) meta.mate = a.handle(next_mate(a, i));
  return meta;
}

void digest_columns(Arena a, std::uint32_t i, Digest& digest) {
  const Meta meta = meta_of(a, i);
  digest.add(meta.id_high);
  digest.add((std::uint64_t{meta.cost} << 32) | (std::uint64_t{meta.klass} << 16) | meta.depth);
  for (const TimePoint t : {meta.expires, meta.leased_until, meta.soft_until}) {
    digest.add(static_cast<std::uint64_t>(t.ns));
  }
  digest.add(meta.parent ? a.key(meta.parent.index) : 0);
  digest.add(meta.mate ? a.key(meta.mate.index) : 0);
  digest.add((std::uint64_t{children_of(a, i).resident} << 32) | children_of(a, i).live);
}

std::string audit_columns(Arena a) {
  if (a.has(kTtl)) {
    const std::string fault = Wheel(a).audit();
    if (!fault.empty()) return fault;
  }
  Children counted{};
  Children expected{};
  for (std::uint32_t i = 0; i < a.s->fresh; ++i) {
    if ((a.slot(i).hold & kFree) != 0) continue;
    const std::uint32_t parent = parent_of(a, i);
    const bool is_reserved = (a.slot(i).hold & kReserved) != 0;
    counted.resident += children_of(a, i).resident;
    counted.live += children_of(a, i).live;
    if (parent != kNil) {
      ++expected.resident;
      if (!is_reserved) ++expected.live;
      const std::uint16_t hold = a.slot(parent).hold;
      if ((hold & kFree) != 0) return "a parent went before its child";
      if (children_of(a, parent).resident == 0) return "a parent does not count its child";
    }
    if (!a.has(kGroups)) continue;
    const Mates& own = a.cell<Mates>(Column::kMates, i);
    if ((a.slot(own.next).hold & kFree) != 0) return "a group holds an entry that is gone";
    if (a.cell<Mates>(Column::kMates, own.next).prev != i) return "the ring of a group is broken";
  }
  const bool right = counted.resident == expected.resident && counted.live == expected.live;
  return right ? std::string() : "children are miscounted";
}

bool may_be_replaced(Arena a, std::uint32_t i, TimePoint now) {
  const auto free_to_go = [&](std::uint32_t each) {
    return a.slot(each).hold == 0 && children_of(a, each).resident == 0 &&
           !(a.has(kLeases) && time_of(a, Column::kLease, each) > now);
  };
  if (!free_to_go(i)) return false;
  if (!a.has(kGroups)) return true;
  std::uint32_t mate = next_mate(a, i);
  while (mate != i && free_to_go(mate)) mate = next_mate(a, mate);
  return mate == i;
}

bool Search::guarded_alone(std::uint32_t i) {
  if (a_.slot(i).hold != 0) return true;
  const Children children = children_of(a_, i);
  if ((at_once ? children.resident : children.live) != 0) return true;
  if (a_.has(kPrefix) && i == parent_) return true;
  if (!a_.has(kLeases)) return false;
  if (time_of(a_, Column::kLease, i) > now_) return true;
  if (yielding_ || time_of(a_, Column::kSoft, i) <= now_) return false;
  saw_soft_ = true;
  return true;
}

bool Search::guarded(std::uint32_t i) {
  if (guarded_alone(i)) return true;
  if (!a_.has(kGroups)) return false;
  for (std::uint32_t mate = next_mate(a_, i); mate != i; mate = next_mate(a_, mate)) {
    if (guarded_alone(mate)) return true;
  }
  return false;
}

Verdict Search::consult(std::uint32_t i) {
  Verdict verdict = (*eligible_)(a_.victim(i));
  if (a_.has(kGroups)) {  // one refusal holds the whole group
    std::uint32_t mate = next_mate(a_, i);
    for (; verdict == Verdict::kTake && mate != i; mate = next_mate(a_, mate)) {
      verdict = (*eligible_)(a_.victim(mate));
    }
  }
  if (verdict == Verdict::kTake) return verdict;
  if (verdict == Verdict::kStop) {
    stopped_ = true;
    return verdict;
  }
  ++a_.s->stats.skipped;
  if (verdict != Verdict::kSkip) {
    deferred_[deferred_count_++] = {i, verdict == Verdict::kSkipTouch};
    if (deferred_count_ == kMaxDeferred) stopped_ = true;
  }
  return stopped_ ? Verdict::kStop : Verdict::kSkip;
}

}  // namespace fleetcache::eviction
