/// Turns a policy into its table of functions (private to policies/eviction): what all policies
/// share around their own steps, compiled together with them.
#pragma once

#include <new>

#include "policies/eviction/ops.hpp"

namespace fleetcache::eviction {

namespace detail {

template <class P>
Shape configure(Arena a, ParamReader& reader) {
  static_assert(sizeof(typename P::State) <= kPolicyStateBytes);
  auto* state = new (a.s->policy_state) typename P::State();
  return P::configure(*state, *a.s, reader);
}

template <class P>
Status set_params(Arena a, ParamReader& reader) {
  if constexpr (P::kParameterCount == 0) {
    return reader.finish();
  } else {
    auto& live = a.state<typename P::State>().tuning;
    auto wanted = live;
    P::tune(wanted, reader);
    const Status status = reader.finish();
    if (!status) return status;
    typename P::State scratch;
    scratch.tuning = wanted;
    const Params none;
    ParamReader nothing({}, none);
    const Shape shape = P::configure(scratch, *a.s, nothing);
    if (shape.ghosts > a.s->ghosts || shape.block > a.s->block_bytes ||
        (shape.block == 0) != (a.s->block_bytes == 0)) {
      return Error{"parameters", "need more memory than this cache was made with"};
    }
    live = wanted;
    P::resize(a);
    return Nothing{};
  }
}

/// Flags an entry whose charge its list no longer counts.
inline void set_reserved(Arena a, std::uint32_t i) {
  a.slot(i).hold = kReserved;
  a.s->reserved_charge += a.charge(i);
  ++a.s->reserved;
  if (a.has(kPrefix)) count_out(a, i);
}
template <class P>
void claim(Arena a, std::uint32_t i) {
  P::claim(a, i);
  set_reserved(a, i);
}

template <class P>
void abort(Arena a, std::uint32_t i) {
  a.slot(i).hold = 0;
  a.s->reserved_charge -= a.charge(i);
  --a.s->reserved;
  ++a.s->stats.aborts;
  if (a.has(kPrefix)) count_in(a, i);
  P::abort(a, i);
}

template <class P>
void commit(Arena a, TimePoint now, std::uint32_t i) {
  if (a.s->features != 0) {
    // A child was put back, or is not committed yet: hosts may finish in any order.
    if (children_of(a, i).resident != 0) return abort<P>(a, i);
    if (a.has(kTtl) && Wheel(a).expired(i, now)) ++a.s->stats.expired;
  }
  P::commit(a, i);
  a.s->reserved_charge -= a.charge(i);
  --a.s->reserved;
  ++a.s->stats.evictions;
  a.s->stats.evicted_charge += a.charge(i);
  if (a.s->features != 0) detach(a, i, true);
  a.release(i);
}

template <class P>
std::uint32_t insert(Arena a, const Meta& meta) {
  const std::uint32_t i = a.take(meta);
  ++a.s->stats.inserts;
  if (a.s->features != 0) attach(a, i, meta);
  P::insert(a, i, meta);
  return i;
}

template <class P>
void erase(Arena a, std::uint32_t i) {
  P::erase(a, i);
  if (a.s->features != 0) detach(a, i, false);
  a.release(i);
}

/// Flags an entry of the due list if its time is over and it may go.
template <class P>
bool claim_if_over(Arena a, Wheel& wheel, Search& search, std::uint32_t i) {
  if (!wheel.expired(i, search.now()) || search.held(i)) return false;
  if (search.ask(i) != Verdict::kTake) return false;
  claim<P>(a, i);
  search.freed_parent = parent_of(a, i);
  return true;
}

/// The next entry whose time is over and that may go, flagged; kNil when there is none.
template <class P>
std::uint32_t claim_due(Arena a, Search& search) {
  Wheel wheel(a);
  wheel.advance(search.now());
  const std::uint32_t parent = search.freed_parent;
  search.freed_parent = kNil;
  if (parent != kNil && claim_if_over<P>(a, wheel, search, parent)) return parent;
  while (!search.stopped()) {
    const std::uint32_t last = search.last_due;
    const std::uint32_t i = last == kNil ? wheel.first_due() : wheel.next_due(last);
    if (i == kNil) break;
    search.last_due = i;
    if (claim_if_over<P>(a, wheel, search, i)) return i;
  }
  return kNil;
}

/// The next victim, expired ones first, flagged.
template <class P>
std::uint32_t reserve_one(Arena a, const Meta* incoming, Search& search,
                          typename P::Cursor& cursor) {
  if (a.has(kTtl)) {
    const std::uint32_t due = claim_due<P>(a, search);
    if (due != kNil || search.stopped()) return due;
  }
  const std::uint32_t i = P::pick(a, incoming, search, cursor);
  if (i == kNil) return kNil;
  set_reserved(a, i);
  search.freed_parent = parent_of(a, i);
  return i;
}

/// Reserves the rest of a victim's group and reports all of it. 0, and all put back, where `out`
/// has no room for the whole.
template <class P>
std::size_t reserve_mates(Arena a, std::uint32_t first, Victim* out, std::size_t capacity) {
  std::size_t found = 0;
  out[found++] = a.victim(first);
  if (!a.has(kGroups)) return found;
  for (std::uint32_t i = next_mate(a, first); i != first; i = next_mate(a, i)) {
    if (found == capacity) {
      while (found-- > 0) abort<P>(a, out[found].handle.index);
      return 0;
    }
    claim<P>(a, i);
    out[found++] = a.victim(i);
  }
  return found;
}

/// Rotates and touches what the host wanted to have so, now that the search is over.
template <class P>
void settle_deferred(Arena a, const Search& search) {
  for (std::uint32_t k = 0; k < search.deferred(); ++k) {
    bool touch = false;
    const std::uint32_t i = search.deferred(k, touch);
    if ((a.slot(i).hold & (kReserved | kFree)) != 0) continue;
    if (!touch) {
      const Meta meta = meta_of(a, i);
      P::erase(a, i);
      a.slot(i).freq = 0;
      a.slot(i).queue = 0;
      P::insert(a, i, meta);
    } else if (!P::kNeedsNextAccess) {
      P::access(a, i, -1);
    }
  }
}

template <class P>
std::size_t reserve(Arena a, TimePoint now, const Want& want, Victim* out, std::size_t capacity) {
  Search search(a, now, want);
  std::size_t found = 0;
  std::uint64_t charge = 0;
  do {
    typename P::Cursor cursor{};
    while (found < capacity && !search.stopped() && (want.enough == 0 || charge < want.enough)) {
      const std::uint32_t i = reserve_one<P>(a, want.incoming, search, cursor);
      if (i == kNil) break;
      const std::size_t more = reserve_mates<P>(a, i, out + found, capacity - found);
      if (more == 0) break;
      for (std::size_t k = found; k < found + more; ++k) charge += out[k].charge;
      found += more;
    }
  } while (found == 0 && search.yield_soft());
  settle_deferred<P>(a, search);
  return found;
}

template <class P>
std::size_t expire(Arena a, TimePoint now, Victim* out, std::size_t capacity) {
  if (!a.has(kTtl)) return 0;
  Search search(a, now, {});
  std::size_t found = 0;
  while (found < capacity) {
    const std::uint32_t i = claim_due<P>(a, search);
    if (i == kNil) break;
    const std::size_t more = reserve_mates<P>(a, i, out + found, capacity - found);
    if (more == 0) break;
    found += more;
  }
  return found;
}

/// Drops one victim with its group; false when nothing may go.
template <class P>
bool evict_one(Arena a, TimePoint now, const Meta* incoming, const OnVictim* tell) {
  Want want;
  want.incoming = incoming;
  Search search(a, now, want);
  search.at_once = true;
  std::uint32_t first = kNil;
  do {
    typename P::Cursor cursor{};
    first = reserve_one<P>(a, incoming, search, cursor);
  } while (first == kNil && search.yield_soft());
  if (first == kNil) return false;
  const auto drop = [&](std::uint32_t i) {
    const Victim victim = a.victim(i);
    commit<P>(a, now, i);
    if (tell != nullptr) (*tell)(victim);
  };
  while (a.has(kGroups) && next_mate(a, first) != first) {
    const std::uint32_t i = next_mate(a, first);
    claim<P>(a, i);
    drop(i);
  }
  drop(first);
  return true;
}

/// Evicts one at a time while the policy says so; false when nothing may go.
template <class P>
bool make_room(Arena a, TimePoint now, const Meta* incoming, const OnVictim* tell) {
  while (P::must_evict(a, incoming)) {
    if (!evict_one<P>(a, now, incoming, tell)) return false;
  }
  return true;
}

/// Drops an entry whose time is over, and its group. Requires: may_be_replaced.
template <class P>
void drop_expired(Arena a, std::uint32_t first, const OnVictim* tell) {
  const auto drop = [&](std::uint32_t i) {
    const Victim victim = a.victim(i);
    erase<P>(a, i);
    if (tell != nullptr) (*tell)(victim);
  };
  while (a.has(kGroups) && next_mate(a, first) != first) drop(next_mate(a, first));
  ++a.s->stats.expired;
  drop(first);
}

template <class P>
bool request(Arena a, TimePoint now, const Meta& meta) {
  std::uint32_t i = a.find(meta.id, meta.id_high);
  if (i != kNil && (a.slot(i).hold & kReserved) == 0 &&
      !(a.has(kTtl) && Wheel(a).expired(i, now))) {
    ++a.s->stats.hits;
    P::access(a, i, meta.next_access);
    if constexpr (P::kEvictsAfterAccess) make_room<P>(a, now, nullptr, nullptr);
    return true;
  }
  ++a.s->stats.misses;
  // Reserved, or over but held: neither a hit nor to be inserted again.
  if (i != kNil && !may_be_replaced(a, i, now)) return false;
  if (i != kNil) drop_expired<P>(a, i, nullptr);
  P::miss(a, meta);
  const std::uint64_t charge = a.charge(meta);
  const bool orphan = a.has(kPrefix) && meta.parent && !is_live(a, meta.parent);
  if (orphan || charge == 0 || charge > a.s->capacity || charge > kMostCharge) return false;
  if (P::admissible(a, charge) && make_room<P>(a, now, &meta, nullptr)) insert<P>(a, meta);
  return false;
}

/// Requests in order. Asking for the memory of later ones ahead was tried: it gave 7 % with 2
/// million entries and nothing with 100,000.
template <class P>
std::uint64_t request_batch(Arena a, const Lookup* lookups, std::size_t count, bool* hits) {
  std::uint64_t found = 0;
  Meta meta;
  for (std::size_t k = 0; k < count; ++k) {
    meta.id = lookups[k].id;
    meta.charge = lookups[k].charge;
    meta.next_access = lookups[k].next_access;
    const bool hit = request<P>(a, lookups[k].now, meta);
    found += hit ? 1 : 0;
    if (hits != nullptr) hits[k] = hit;
  }
  return found;
}

}  // namespace detail

template <class P>
constexpr EvictionOps make_ops() {
  return {P::kSource,
          P::kParameters,
          P::kParameterCount,
          P::kNeedsNextAccess,
          P::kEvicts,
          P::kEvictsAfterAccess,
          P::kVersion,
          P::kUses,
          detail::configure<P>,
          detail::set_params<P>,
          P::resize,
          P::access,
          P::miss,
          P::admissible,
          P::must_evict,
          detail::reserve<P>,
          detail::expire<P>,
          detail::commit<P>,
          detail::abort<P>,
          detail::insert<P>,
          detail::erase<P>,
          detail::evict_one<P>,
          detail::drop_expired<P>,
          detail::make_room<P>,
          detail::request<P>,
          detail::request_batch<P>,
          P::audit,
          P::digest};
}

}  // namespace fleetcache::eviction
