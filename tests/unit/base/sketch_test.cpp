// The sketches against exact sets and counts.
#include "policies/base/sketch.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

using namespace fleetcache;

namespace {

using Words = std::vector<std::uint64_t>;

/// (1 - e^(-k n / m))^k
double false_positive_rate(const BloomShape& shape, double items) {
  const double k = shape.hashes;
  return std::pow(1 - std::exp(-k * items / (64.0 * shape.words)), k);
}

struct Counts {
  FrequencyState state;
  Words words;
  Frequency view() { return {state, words.data()}; }
};

Counts counts(std::uint32_t blocks, std::uint64_t sample, std::uint64_t at_door) {
  Counts c;
  c.state.blocks = blocks;
  c.state.sample = sample;
  if (at_door != 0) c.state.doorkeeper = bloom_shape(at_door, 16);
  c.words.assign(Frequency::words(c.state), 0);
  return c;
}

}  // namespace

TEST_CASE("a Bloom filter has the number of hashes that errs least") {
  CHECK(bloom_shape(1000, 10).hashes == 7);  // 10 ln 2 = 6.93
  CHECK(bloom_shape(1000, 8).hashes == 6);   // 5.55
  CHECK(bloom_shape(1000, 1).hashes == 1);   // 0.69
  CHECK(bloom_shape(1000, 10).words == 157);
  CHECK(bloom_shape(0, 10).words == 1);
  CHECK(bloom_shape(~std::uint64_t{0}, 32).words == (1U << 26) - 1);  // as large as it gets
}

TEST_CASE("a Bloom filter denies no member and errs on strangers as often as the formula says") {
  constexpr std::uint64_t kItems = 50000;
  constexpr std::uint64_t kStrangers = 400000;
  for (const std::uint32_t bits : {4U, 8U, 10U, 12U}) {
    CAPTURE(bits);
    const BloomShape shape = bloom_shape(kItems, bits);
    Words words(shape.words, 0);
    const BloomFilter filter(words.data(), shape);
    for (std::uint64_t id = 0; id < kItems; ++id) filter.add(mix64(id));
    std::uint64_t denied = 0;
    for (std::uint64_t id = 0; id < kItems; ++id) denied += filter.contains(mix64(id)) ? 0 : 1;
    CHECK(denied == 0);
    std::uint64_t errors = 0;
    for (std::uint64_t id = kItems; id < kItems + kStrangers; ++id) {
      errors += filter.contains(mix64(id)) ? 1 : 0;
    }
    const double expected = false_positive_rate(shape, kItems) * kStrangers;
    // Draws of a binomial: five standard deviations, and 2 % for the formula itself.
    CHECK(std::abs(static_cast<double>(errors) - expected) <
          5 * std::sqrt(expected) + 0.02 * expected);
  }
}

TEST_CASE("adding to a Bloom filter says whether the key was new") {
  const BloomShape shape = bloom_shape(100, 10);
  Words words(shape.words, 0);
  const BloomFilter filter(words.data(), shape);
  CHECK_FALSE(filter.contains(mix64(7)));
  CHECK(filter.add(mix64(7)));
  CHECK_FALSE(filter.add(mix64(7)));
  filter.clear();
  CHECK_FALSE(filter.contains(mix64(7)));
}

TEST_CASE("a count-min sketch never under-estimates, and halves as exact counts do") {
  Words words(4 * CountMinSketch::kWordsPerBlock, 0);  // small: keys collide all the time
  const CountMinSketch sketch(words.data(), 4);
  std::map<std::uint64_t, std::uint32_t> exact;
  std::uint64_t over = 0;
  for (std::uint64_t k = 0; k < 20000; ++k) {
    const std::uint64_t id = mix64(k) % 40 * (mix64(k + 99) % 40);
    sketch.increment(mix64(id));
    ++exact[id];
    if (k % 64 == 63) {
      sketch.halve();
      for (auto& [each, count] : exact) count /= 2;
    }
    for (const auto& [each, count] : exact) {
      const std::uint32_t estimate = sketch.estimate(mix64(each));
      if (estimate < (count < 15 ? count : 15)) FAIL("under-estimates " << each);
      over += estimate > count ? 1 : 0;
    }
  }
  CHECK(over > 0);  // the collisions were there
}

TEST_CASE("a count-min sketch with room is exact, stops at 15 and counts what is odd") {
  Words words(64 * CountMinSketch::kWordsPerBlock, 0);
  const CountMinSketch sketch(words.data(), 64);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    for (std::uint32_t k = 0; k < n; ++k) CHECK(sketch.increment(mix64(n)));
  }
  for (std::uint32_t n = 1; n <= 3; ++n) CHECK(sketch.estimate(mix64(n)) == n);
  CHECK(sketch.halve() == 8);  // the counts 1 and 3 in four rows each
  CHECK(sketch.estimate(mix64(1)) == 0);
  CHECK(sketch.estimate(mix64(3)) == 1);
  for (int k = 0; k < 14; ++k) CHECK(sketch.increment(mix64(3)));
  CHECK_FALSE(sketch.increment(mix64(3)));
  CHECK(sketch.estimate(mix64(3)) == 15);
  for (std::uint64_t& word : words) word = 0x1111111111111111ULL;
  CHECK(sketch.halve() == 64U * 8 * 16);  // every counter of every word
}

TEST_CASE("frequencies halve when a sample is over, and the doorkeeper starts anew") {
  Counts c = counts(64, 8, 100);
  for (int k = 0; k < 5; ++k) c.view().count(mix64(1));  // 1 at the door, 4 in the sketch
  CHECK(c.view().estimate(mix64(1)) == 5);
  c.view().count(mix64(2));
  CHECK(c.view().estimate(mix64(2)) == 1);
  CHECK(c.view().sketch().estimate(mix64(2)) == 0);  // the door keeps it
  c.view().count(mix64(3));
  CHECK(c.state.halvings == 0);
  c.view().count(mix64(4));  // the eighth
  CHECK(c.state.halvings == 1);
  CHECK(c.state.counted == 4);
  CHECK(c.view().estimate(mix64(1)) == 2);
  CHECK(c.view().estimate(mix64(2)) == 0);
}

TEST_CASE("without a doorkeeper every request is in the sketch; a sample of 0 never halves") {
  Counts c = counts(64, 0, 0);
  for (int k = 0; k < 12; ++k) c.view().count(mix64(1));
  CHECK(c.view().estimate(mix64(1)) == 12);
  CHECK(c.state.halvings == 0);
  CHECK(c.words.size() == 64 * 8);
}
