// The O(n) checks and the digest, kept apart from the calls that decide.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {

std::string audit_queue(Arena a, const Queue& queue, std::uint8_t tag, std::uint64_t& count) {
  std::uint64_t used = 0;
  std::uint32_t before = kNil;
  for (std::uint32_t i = queue.head; i != kNil; i = a.slot(i).next) {
    if (++count > a.s->entries) return "a list is a ring or holds free slots";
    const Slot& slot = a.slot(i);
    if ((slot.hold & kFree) != 0) return "a free slot is in a list";
    if (slot.prev != before) return "a list is linked wrongly";
    if (slot.queue != tag) return "an entry is in another list than it says";
    if ((slot.hold & kReserved) == 0) used += a.charge(i);
    before = i;
  }
  if (queue.tail != before) return "a list has a wrong tail";
  return queue.used == used ? std::string() : "a list has a wrong size";
}

void digest_queue(Arena a, const Queue& queue, Digest& digest) {
  digest.add(queue.used);
  for (std::uint32_t i = queue.head; i != kNil; i = a.slot(i).next) {
    const Slot& slot = a.slot(i);
    digest.add(slot.id());
    digest.add(a.charge(i));
    digest.add((std::uint64_t{slot.freq} << 16) | slot.hold);
    if (a.s->features != 0) digest_columns(a, i, digest);
  }
}

namespace {

std::string audit_slots(Arena a) {
  const CacheState& s = *a.s;
  std::uint64_t used = 0;
  std::uint64_t reserved_charge = 0;
  std::uint32_t entries = 0;
  std::uint32_t reserved = 0;
  for (std::uint32_t i = 0; i < s.fresh; ++i) {
    if ((a.slot(i).hold & kFree) != 0) continue;
    ++entries;
    used += a.charge(i);
    if (a.find(a.slot(i).id(), a.id_high(i)) != i) return "an entry is not in the index, or twice";
    if ((a.slot(i).hold & kReserved) == 0) continue;
    ++reserved;
    reserved_charge += a.charge(i);
  }
  if (used != s.used) return "used() is not the sum of charges";
  if (used > s.allowance) return "used() exceeds the capacity";
  if (entries != s.entries) return "entries() is not the number of entries";
  if (reserved != s.reserved || reserved_charge != s.reserved_charge) {
    return "the reserved entries are miscounted";
  }
  std::uint32_t free = s.slots - s.fresh;
  for (std::uint32_t i = s.free_head; i != kNil; i = a.slot(i).next) {
    if ((a.slot(i).hold & kFree) == 0) return "a live slot is in the free list";
    if (++free > s.slots) return "the free list is a ring";
  }
  return free + entries == s.slots ? std::string() : "slots got lost";
}

}  // namespace

std::string Cache::audit() const {
  const Arena a = arena();
  std::string fault = audit_slots(a);
  if (fault.empty()) fault = Ghosts(a).audit();
  if (fault.empty()) fault = audit_columns(a);
  if (fault.empty()) fault = ops_->audit(a);
  return fault;
}

std::uint64_t Cache::state_hash() const {
  const Arena a = arena();
  Digest digest;
  digest.add(hash_name(policy().name));
  digest.add(state_->capacity);
  digest.add(state_->limit);
  digest.add(state_->used);
  digest.add(state_->entries);
  ops_->digest(a, digest);
  Ghosts(a).digest(digest);
  return digest.value();
}

}  // namespace fleetcache::eviction
