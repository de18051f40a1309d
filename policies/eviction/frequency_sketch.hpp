/// How often ids were asked for lately, approximately: a count-min sketch of 4-bit counters that
/// halve now and then (private to policies/eviction; state in the arena's extra memory).
///
/// Four counters an id, one of each row, all in one block of 64 bytes; the least of them is the
/// estimate: never below the true count since the last halving, but for the cap of 15. Source:
/// Einziger, Friedman, Manes, TinyLFU, ACM TOS 13(4), 2017; rows in one block as in Caffeine.
#pragma once

#include "policies/eviction/arena.hpp"

namespace fleetcache::eviction {

class FrequencySketch {
 public:
  static constexpr std::uint32_t kWordsPerBlock = 8;
  static constexpr std::uint32_t kMost = 15;

  /// Extra bytes a slot: 16 counters an entry, and one block at least.
  static constexpr std::uint32_t bytes_per_slot(std::uint32_t slots) { return slots < 8 ? 64 : 8; }
  static constexpr std::uint32_t blocks(std::uint32_t slots) { return slots < 8 ? 1 : slots / 8; }

  explicit FrequencySketch(Arena a)
      : FrequencySketch(a.at<std::uint64_t>(a.s->extra_at), a.s->slots) {}
  /// Over `bytes_per_slot(slots) * slots` bytes, zero at first.
  FrequencySketch(std::uint64_t* words, std::uint32_t slots)
      : words_(words), blocks_(blocks(slots)) {}

  /// 0 to 15.
  std::uint32_t estimate(ObjectId id) const {
    const Place place(id, blocks_);
    std::uint32_t least = kMost;
    for (std::uint32_t row = 0; row < 4; ++row) {
      const auto count =
          static_cast<std::uint32_t>((words_[place.word(row)] >> place.shift(row)) & kMost);
      least = count < least ? count : least;
    }
    return least;
  }
  /// Counts one request; false when all four counters are full already.
  bool increment(ObjectId id) const {
    const Place place(id, blocks_);
    bool added = false;
    for (std::uint32_t row = 0; row < 4; ++row) {
      std::uint64_t& word = words_[place.word(row)];
      if (((word >> place.shift(row)) & kMost) == kMost) continue;
      word += std::uint64_t{1} << place.shift(row);
      added = true;
    }
    return added;
  }
  /// Halves every counter, rounding down; returns how many were odd. O(slots).
  std::uint64_t halve() const {
    std::uint64_t odd = 0;
    for (std::uint64_t w = 0; w < size(); ++w) {
      const std::uint64_t ones = words_[w] & 0x1111111111111111ULL;
      odd += (ones * 0x1111111111111111ULL) >> 60;    // sums 0 to 15 in one nibble
      odd += ones == 0x1111111111111111ULL ? 16 : 0;  // all 16: the sum wrapped to 0
      words_[w] = (words_[w] >> 1) & 0x7777777777777777ULL;
    }
    return odd;
  }
  void digest(Digest& digest) const {
    for (std::uint64_t w = 0; w < size(); ++w) digest.add(words_[w]);
  }

 private:
  /// Where the counters of an id are: a block from the high half of its hash, in it for each row
  /// one of 32 counters (two words) from a byte of the low half.
  class Place {
   public:
    Place(ObjectId id, std::uint32_t blocks) : hash_(static_cast<std::uint32_t>(mix64(id))) {
      first_ = std::uint64_t{bucket_of(id, blocks)} * kWordsPerBlock;
    }
    std::uint64_t word(std::uint32_t row) const {
      return first_ + 2 * row + ((hash_ >> (8 * row)) & 1);
    }
    std::uint32_t shift(std::uint32_t row) const { return ((hash_ >> (8 * row + 1)) & 15) * 4; }

   private:
    std::uint32_t hash_;
    std::uint64_t first_;
  };

  std::uint64_t size() const { return std::uint64_t{blocks_} * kWordsPerBlock; }

  std::uint64_t* words_;
  std::uint32_t blocks_;
};

}  // namespace fleetcache::eviction
