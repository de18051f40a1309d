/// One FIFO of remembered evictions, exact or approximate (private to policies/eviction): for
/// policies to whom a ghost is only "left not long ago" (S3-FIFO, 2Q).
///
/// Exact: `Ghosts`, 24 bytes each (30 with charges). Approximate: a table of 32-bit fingerprints,
/// 10 bytes each whatever the charges; an id is remembered while no more than the FIFO's size was
/// evicted since. A bucket of four may forget its oldest early, about one lookup in 2^30 remembers
/// what never left, and a hit is not held aside between a miss and its insertion.
#pragma once

#include "policies/eviction/ghosts.hpp"

namespace fleetcache::eviction {

class GhostFifo {
 public:
  /// What a policy with up to `listed` ghosts needs.
  static Shape shape(std::uint64_t listed, bool approximate) {
    if (!approximate || listed == 0) return Ghosts::shape(listed);
    Shape shape;
    shape.block = sizeof(Head) + sizeof(Bucket) * bucket_count(listed);
    return shape;
  }
  /// The table has as many buckets as its block holds. `size` is what the FIFO remembers, as
  /// charge.
  GhostFifo(Arena a, std::uint64_t size) : a_(a), size_(size) {}

  /// A miss of this id: whether it is remembered. Counts it.
  void hit(std::uint64_t key) const {
    if (!approximate()) {
      Ghosts(a_).hit(key);
    } else if (find(key) != nullptr) {
      ++a_.s->stats.ghost_hits;
    }
  }
  /// Whether the id missed last was remembered.
  bool held(std::uint64_t key) const {
    return approximate() ? find(key) != nullptr : Ghosts(a_).held(key) != kNil;
  }
  /// The same for an insertion, which forgets it.
  bool claim(std::uint64_t key) const {
    if (!approximate()) return Ghosts(a_).claim(key) != kNil;
    Cell* cell = find(key);
    if (cell == nullptr) return false;
    cell->fingerprint = 0;
    return true;
  }
  /// Remembers an eviction as the newest. One remembered already keeps its place.
  void push(std::uint64_t key, std::uint64_t charge) const {
    if (!approximate()) return Ghosts(a_).push_within(0, key, charge, size_);
    if (charge > size_) return;
    head().clock += charge;
    if (find(key) != nullptr) return;
    Cell* oldest = nullptr;
    for (Cell& cell : bucket(key).cells) {
      if (oldest == nullptr || age(cell) > age(*oldest)) oldest = &cell;
    }
    *oldest = {fingerprint_of(key), ticks()};
  }
  /// After `size` became smaller.
  void shrink() const {
    if (!approximate()) Ghosts(a_).shrink(0, size_);
  }
  /// Empty when the FIFO is within its size.
  std::string audit() const {
    return approximate() || Ghosts(a_).used(0) <= size_ ? std::string() : "too many ghosts";
  }
  void digest(Digest& digest) const {
    if (!approximate()) return;  // the framework adds the exact ones
    digest.add(head().clock);
    for (std::uint64_t b = 0; b < buckets(); ++b) {
      for (const Cell& cell : at(b).cells) {
        digest.add((std::uint64_t{cell.fingerprint} << 32) | cell.time);
      }
    }
  }

 private:
  struct Head {
    std::uint64_t clock;  ///< charge of all evictions so far
  };
  struct Cell {
    std::uint32_t fingerprint;  ///< 0: empty
    std::uint32_t time;         ///< of its eviction, in ticks of the clock
  };
  struct Bucket {
    Cell cells[4];
  };
  static constexpr std::uint64_t kTicks = 1 << 20;  ///< in the largest size

  static std::uint64_t bucket_count(std::uint64_t listed) { return (listed * 5 + 15) / 16; }
  static std::uint32_t fingerprint_of(std::uint64_t key) {
    return static_cast<std::uint32_t>(mix64(key)) | 1U;
  }

  bool approximate() const { return a_.s->block_bytes != 0; }
  Head& head() const { return *a_.at<Head>(a_.s->block_at); }
  std::uint64_t buckets() const { return (a_.s->block_bytes - sizeof(Head)) / sizeof(Bucket); }
  Bucket& at(std::uint64_t b) const { return a_.at<Bucket>(a_.s->block_at + sizeof(Head))[b]; }
  Bucket& bucket(std::uint64_t key) const {
    return at(bucket_of(key, static_cast<std::uint32_t>(buckets())));
  }
  std::uint64_t charge_of_a_tick() const { return a_.s->max_capacity / kTicks + 1; }
  std::uint32_t ticks() const {
    return static_cast<std::uint32_t>(head().clock / charge_of_a_tick());
  }
  /// Modulo 2^32 ticks, some 4,000 lives of the FIFO: what is older than that was replaced.
  std::uint32_t age(const Cell& cell) const {
    return cell.fingerprint == 0 ? ~0U : ticks() - cell.time;
  }
  Cell* find(std::uint64_t key) const {
    for (Cell& cell : bucket(key).cells) {
      if (cell.fingerprint != fingerprint_of(key)) continue;
      return age(cell) <= size_ / charge_of_a_tick() ? &cell : nullptr;
    }
    return nullptr;
  }

  Arena a_;
  std::uint64_t size_;
};

}  // namespace fleetcache::eviction
