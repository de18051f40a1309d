/// What was asked for lately, approximately and in bounded memory: a Bloom filter, a count-min
/// sketch, and the ageing pair of both that TinyLFU needs.
///
/// Each is a view over words of the caller (zeroed at first, 8-byte aligned): copied freely, holds
/// nothing itself, allocates nothing. So they lie in one block with other plain data, which may be
/// saved, restored and mapped anywhere. Keys are hashes: give `mix64(id)`, or `mix64(id ^ seed)`
/// where several filters must err independently. Integers only: the same bits everywhere.
#pragma once

#include <cstdint>

#include "policies/base/hash.hpp"

namespace fleetcache {

/// Size of a Bloom filter. Plain data.
struct BloomShape {
  std::uint32_t words = 1;  ///< of 64 bits; < 2^26
  std::uint32_t hashes = 1;
};

/// Room for `items` keys at `bits_per_item` each, with the number of hashes that errs least
/// (bits_per_item x ln 2). Full of `items` keys it takes a stranger for a member with probability
/// (1 - e^(-hashes items / bits))^hashes: 0.0082 at 10 bits. Requires: bits_per_item >= 1.
BloomShape bloom_shape(std::uint64_t items, std::uint32_t bits_per_item);

/// A set that never denies a member and now and then takes a stranger for one.
/// Source: Bloom, CACM 13(7), 1970; positions by double hashing (Kirsch, Mitzenmacher, ESA 2006).
class BloomFilter {
 public:
  BloomFilter(std::uint64_t* words, BloomShape shape) : words_(words), shape_(shape) {}

  /// O(hashes).
  bool contains(std::uint64_t hash) const {
    Steps at(hash, shape_);
    for (std::uint32_t k = 0; k < shape_.hashes; ++k) {
      const std::uint64_t bit = at.next();
      if ((words_[bit >> 6] >> (bit & 63) & 1) == 0) return false;
    }
    return true;
  }
  /// Adds a key; false when it was there already, or seemed to be. O(hashes).
  bool add(std::uint64_t hash) const {
    Steps at(hash, shape_);
    bool added = false;
    for (std::uint32_t k = 0; k < shape_.hashes; ++k) {
      const std::uint64_t bit = at.next();
      const std::uint64_t mask = std::uint64_t{1} << (bit & 63);
      added = added || (words_[bit >> 6] & mask) == 0;
      words_[bit >> 6] |= mask;
    }
    return added;
  }
  void clear() const;                 ///< O(words)
  void digest(Digest& digest) const;  ///< O(words)

 private:
  class Steps {
   public:
    Steps(std::uint64_t hash, BloomShape shape)
        : at_(hash), step_(mix64(hash + 0x9e3779b97f4a7c15ULL) | 1), bits_(shape.words * 64ULL) {}
    std::uint64_t next() {
      const std::uint64_t bit = ((at_ >> 32) * bits_) >> 32;
      at_ += step_;
      return bit;
    }

   private:
    std::uint64_t at_;
    std::uint64_t step_;
    std::uint64_t bits_;
  };

  std::uint64_t* words_;
  BloomShape shape_;
};

/// Counts up to 15. Four counters a key, one of each row, all in one block of 64 bytes; the least
/// is the estimate: never below the true count since the last halving, but for the cap.
/// Source: Cormode, Muthukrishnan, J. Algorithms 55(1), 2005; 4 bits and halving as in Einziger,
/// Friedman, Manes, TinyLFU, ACM TOS 13(4), 2017; rows in one block as in Caffeine.
class CountMinSketch {
 public:
  static constexpr std::uint32_t kWordsPerBlock = 8;
  static constexpr std::uint32_t kMost = 15;

  /// Blocks for `keys` keys at 16 counters (8 bytes) each; one at least.
  static constexpr std::uint32_t blocks_for(std::uint64_t keys) {
    return keys < 8 ? 1 : static_cast<std::uint32_t>(keys / 8);
  }

  /// `words`: blocks x kWordsPerBlock.
  CountMinSketch(std::uint64_t* words, std::uint32_t blocks) : words_(words), blocks_(blocks) {}

  /// 0 to 15. O(1).
  std::uint32_t estimate(std::uint64_t hash) const {
    const Place place(hash, blocks_);
    std::uint32_t least = kMost;
    for (std::uint32_t row = 0; row < 4; ++row) {
      const std::uint32_t count = counter(place, row);
      least = count < least ? count : least;
    }
    return least;
  }
  /// Counts one request; false when all four counters are full already. O(1).
  bool increment(std::uint64_t hash) const {
    const Place place(hash, blocks_);
    bool added = false;
    for (std::uint32_t row = 0; row < 4; ++row) {
      if (counter(place, row) == kMost) continue;
      words_[place.word(row)] += std::uint64_t{1} << place.shift(row);
      added = true;
    }
    return added;
  }
  /// Halves every counter, rounding down; returns how many were odd. O(blocks).
  std::uint64_t halve() const;
  void clear() const;                 ///< O(blocks)
  void digest(Digest& digest) const;  ///< O(blocks)

 private:
  /// Where the counters of a key are: the block from the high half of its hash, in it for each row
  /// one of 32 counters (two words) from a byte of the low half.
  class Place {
   public:
    Place(std::uint64_t hash, std::uint32_t blocks) : low_(static_cast<std::uint32_t>(hash)) {
      first_ = (((hash >> 32) * blocks) >> 32) * kWordsPerBlock;
    }
    std::uint64_t word(std::uint32_t row) const {
      return first_ + 2 * row + ((low_ >> (8 * row)) & 1);
    }
    std::uint32_t shift(std::uint32_t row) const { return ((low_ >> (8 * row + 1)) & 15) * 4; }

   private:
    std::uint32_t low_;
    std::uint64_t first_;
  };

  std::uint32_t counter(const Place& place, std::uint32_t row) const {
    return static_cast<std::uint32_t>((words_[place.word(row)] >> place.shift(row)) & kMost);
  }

  std::uint64_t* words_;
  std::uint32_t blocks_;
};

/// Plain state of an ageing frequency count; lies beside its words in the block of its owner.
struct FrequencyState {
  std::uint64_t sample = 0;   ///< requests after which all counts halve; 0: never
  std::uint64_t counted = 0;  ///< requests in the counts, halved with them
  std::uint64_t halvings = 0;
  std::uint32_t blocks = 1;     ///< of the sketch
  BloomShape doorkeeper{0, 0};  ///< words 0: none
  std::uint32_t unused = 0;     ///< no padding: the bytes are the value
};

/// TinyLFU's frequency: a count-min sketch that halves after every `sample` counted requests,
/// behind an optional doorkeeper: a Bloom filter that takes a key's first request in a sample, so
/// that keys asked for once leave the counters alone. It is emptied at each halving.
class Frequency {
 public:
  static constexpr std::uint64_t words(const FrequencyState& s) {
    return std::uint64_t{s.blocks} * CountMinSketch::kWordsPerBlock + s.doorkeeper.words;
  }
  /// `words` as told by words(s). The sketch comes first.
  Frequency(FrequencyState& s, std::uint64_t* words) : s_(&s), words_(words) {}

  /// Counts one request. O(1) amortised: O(words) once a sample.
  void count(std::uint64_t hash) const {
    if (s_->doorkeeper.words != 0 && doorkeeper().add(hash)) {
      age(1);
    } else if (sketch().increment(hash)) {
      age(1);
    }
  }
  /// 0 to 16: the doorkeeper counts one.
  std::uint32_t estimate(std::uint64_t hash) const {
    const bool at_door = s_->doorkeeper.words != 0 && doorkeeper().contains(hash);
    return sketch().estimate(hash) + (at_door ? 1 : 0);
  }
  /// Halves every counter and empties the doorkeeper. O(words).
  void halve() const;
  void digest(Digest& digest) const;  ///< O(words)

  CountMinSketch sketch() const { return {words_, s_->blocks}; }
  BloomFilter doorkeeper() const {
    return {words_ + std::uint64_t{s_->blocks} * CountMinSketch::kWordsPerBlock, s_->doorkeeper};
  }

 private:
  void age(std::uint64_t requests) const {
    s_->counted += requests;
    if (s_->sample != 0 && s_->counted >= s_->sample) halve();
  }

  FrequencyState* s_;
  std::uint64_t* words_;
};

}  // namespace fleetcache
