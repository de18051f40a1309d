#include "policies/eviction/ghosts.hpp"

namespace fleetcache::eviction {

std::uint32_t Ghosts::take_place(std::uint32_t list) const {
  if (s_->ghost_free_head == kNil && s_->ghost_fresh == s_->ghosts) {
    // Held ids go last: one of them may belong to the request that is making room right now.
    for (const std::uint32_t from : {list, 1 - list, kHeld}) {
      if (empty(from)) continue;
      drop_oldest(from);
      break;
    }
  }
  const std::uint32_t g = s_->ghost_free_head;
  if (g == kNil) return s_->ghost_fresh++;
  s_->ghost_free_head = ghost(g).next;
  return g;
}

void Ghosts::insert(std::uint32_t list, ObjectId id, std::uint64_t charge) const {
  const std::uint32_t g = take_place(list);
  std::uint32_t& head = heads()[bucket_of(id, s_->ghosts)];
  ghost(g) = {static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32), kNil, kNil,
              list << 30};
  set_chain(g, head - 1);
  head = g + 1;
  if (s_->unit_charge == 0) a_.store_charge(s_->ghost_charges_at, g, charge);
  link_front(g);
}

void Ghosts::remove(std::uint32_t g) const {
  unlink(g);
  if (tag(g) >= kHeld) --s_->held;
  std::uint32_t& head = heads()[bucket_of(ghost(g).id(), s_->ghosts)];
  if (head == g + 1) {
    head = chain(g) + 1;
  } else {
    std::uint32_t before = head - 1;
    while (chain(before) != g) before = chain(before);
    set_chain(before, chain(g));
  }
  ghost(g).next = s_->ghost_free_head;
  s_->ghost_free_head = g;
}

std::string Ghosts::audit() const {
  std::uint64_t listed = 0;
  for (std::uint32_t list = 0; list < kGhostLists; ++list) {
    std::uint64_t used = 0;
    std::uint32_t before = kNil;
    for (std::uint32_t g = s_->ghost_list[list].head; g != kNil; g = ghost(g).next) {
      if (++listed > s_->ghosts) return "a ghost list is a ring";
      if (ghost(g).prev != before || &list_holding(g) != &s_->ghost_list[list])
        return "a ghost is linked wrongly";
      if (find(ghost(g).id()) != g) return "a ghost is not in the index, or twice";
      used += charge(g);
      before = g;
    }
    if (s_->ghost_list[list].tail != before) return "a ghost list has a wrong tail";
    if (s_->ghost_list[list].used != used) return "a ghost list has a wrong size";
  }
  std::uint64_t free = s_->ghosts - s_->ghost_fresh;
  for (std::uint32_t g = s_->ghost_free_head; g != kNil; g = ghost(g).next) {
    if (++free > s_->ghosts) return "the free ghosts are a ring";
  }
  return listed + free == s_->ghosts ? std::string() : "ghosts got lost";
}

void Ghosts::digest(Digest& digest) const {
  for (const Queue& list : s_->ghost_list) {
    digest.add(list.used);
    for (std::uint32_t g = list.head; g != kNil; g = ghost(g).next) {
      digest.add(ghost(g).id());
      digest.add(charge(g) * 4 + tag(g));
    }
  }
}

}  // namespace fleetcache::eviction
