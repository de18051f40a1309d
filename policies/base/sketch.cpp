#include "policies/base/sketch.hpp"

namespace fleetcache {
namespace {

void zero(std::uint64_t* words, std::uint64_t count) {
  for (std::uint64_t w = 0; w < count; ++w) words[w] = 0;
}

void add_all(Digest& digest, const std::uint64_t* words, std::uint64_t count) {
  for (std::uint64_t w = 0; w < count; ++w) digest.add(words[w]);
}

}  // namespace

BloomShape bloom_shape(std::uint64_t items, std::uint32_t bits_per_item) {
  constexpr std::uint64_t kMostWords = (std::uint64_t{1} << 26) - 1;
  std::uint64_t words = kMostWords;
  if (items < kMostWords * 64 / bits_per_item) words = (items * bits_per_item + 63) / 64;
  BloomShape shape;
  shape.words = words == 0 ? 1 : static_cast<std::uint32_t>(words);
  shape.hashes = (bits_per_item * 6931U + 5000U) / 10000U;  // ln 2 to four digits
  if (shape.hashes == 0) shape.hashes = 1;
  return shape;
}

void BloomFilter::clear() const { zero(words_, shape_.words); }

void BloomFilter::digest(Digest& digest) const { add_all(digest, words_, shape_.words); }

std::uint64_t CountMinSketch::halve() const {
  std::uint64_t odd = 0;
  for (std::uint64_t w = 0; w < std::uint64_t{blocks_} * kWordsPerBlock; ++w) {
    const std::uint64_t ones = words_[w] & 0x1111111111111111ULL;
    odd += (ones * 0x1111111111111111ULL) >> 60;    // sums 0 to 15 in one nibble
    odd += ones == 0x1111111111111111ULL ? 16 : 0;  // all 16: the sum wrapped to 0
    words_[w] = (words_[w] >> 1) & 0x7777777777777777ULL;
  }
  return odd;
}

void CountMinSketch::clear() const { zero(words_, std::uint64_t{blocks_} * kWordsPerBlock); }

void CountMinSketch::digest(Digest& digest) const {
  add_all(digest, words_, std::uint64_t{blocks_} * kWordsPerBlock);
}

void Frequency::halve() const {
  // An odd counter loses half a request in each of the four rows.
  const std::uint64_t odd = sketch().halve() / 4;
  s_->counted = (s_->counted > odd ? s_->counted - odd : 0) / 2;
  if (s_->doorkeeper.words != 0) doorkeeper().clear();
  ++s_->halvings;
}

void Frequency::digest(Digest& digest) const {
  digest.add(s_->counted);
  digest.add(s_->halvings);
  add_all(digest, words_, words(*s_));
}

}  // namespace fleetcache
