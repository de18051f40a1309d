#include "policies/placement/sha256.hpp"

namespace fleetcache::placement {
namespace {

using Words = std::array<std::uint32_t, 8>;

constexpr std::uint64_t kPrimes[64] = {
    2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,
    59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131,
    137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
    227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};

__extension__ using Wide = unsigned __int128;

/// The first 32 bits of the fraction of the square or cube root of a prime, as the standard
/// defines its constants: the low bits of floor(2^32 root), found by bisection.
constexpr std::uint32_t root_bits(std::uint64_t prime, bool cube) {
  std::uint64_t low = 0;
  std::uint64_t high = std::uint64_t{1} << 38;
  while (high - low > 1) {
    const std::uint64_t mid = (low + high) / 2;
    const Wide square = static_cast<Wide>(mid) * mid;
    const bool below = cube ? square * mid <= static_cast<Wide>(prime) << 96
                            : square <= static_cast<Wide>(prime) << 64;
    (below ? low : high) = mid;
  }
  return static_cast<std::uint32_t>(low);
}

constexpr std::array<std::uint32_t, 64> make_round_constants() {
  std::array<std::uint32_t, 64> k{};
  for (std::size_t i = 0; i < 64; ++i) k[i] = root_bits(kPrimes[i], true);
  return k;
}

constexpr std::array<std::uint32_t, 64> kRound = make_round_constants();

constexpr Words make_start() {
  Words h{};
  for (std::size_t i = 0; i < 8; ++i) h[i] = root_bits(kPrimes[i], false);
  return h;
}

constexpr Words kStart = make_start();

std::uint32_t turn(std::uint32_t x, std::uint32_t by) { return (x >> by) | (x << (32 - by)); }

void add_block(Words& state, const std::uint8_t* block) {
  std::uint32_t w[64];
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
           std::uint32_t{block[4 * i + 2]} << 8 | block[4 * i + 3];
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const std::uint32_t t1 = h + big1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const std::uint32_t big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const std::uint32_t t2 = big0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const Words step = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += step[i];
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  Words state = kStart;
  std::uint8_t block[64] = {};
  std::size_t used = 0;
  const auto put = [&](std::uint8_t byte) {
    block[used++] = byte;
    if (used == 64) add_block(state, block);
    used %= 64;
  };
  for (const char c : text) put(static_cast<std::uint8_t>(c));
  put(0x80);
  while (used != 56) put(0);
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) put(static_cast<std::uint8_t>(bits >> shift));
  std::array<std::uint8_t, 32> digest{};
  for (std::size_t i = 0; i < 32; ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

std::uint64_t sha256_fold(std::string_view text) {
  const std::array<std::uint8_t, 32> digest = sha256(text);
  std::uint64_t fold = 0;
  for (std::size_t i = 0; i < 32; ++i) fold ^= std::uint64_t{digest[i]} << (56 - 8 * (i % 8));
  return fold;
}

}  // namespace fleetcache::placement
