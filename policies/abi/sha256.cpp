#include "policies/abi/sha256.hpp"

#include <cstring>

namespace fleetcache::abi {
namespace {

// Cube roots of the first 64 primes, FIPS 180-4 section 4.2.2.
constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t turn(std::uint32_t x, unsigned by) { return (x >> by) | (x << (32U - by)); }

}  // namespace

void Sha256::block(const unsigned char* bytes) {
  std::uint32_t w[64];
  for (unsigned t = 0; t < 16; ++t) {
    w[t] = (std::uint32_t{bytes[4 * t]} << 24U) | (std::uint32_t{bytes[4 * t + 1]} << 16U) |
           (std::uint32_t{bytes[4 * t + 2]} << 8U) | bytes[4 * t + 3];
  }
  for (unsigned t = 16; t < 64; ++t) {
    const std::uint32_t s0 = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ (w[t - 15] >> 3U);
    const std::uint32_t s1 = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ (w[t - 2] >> 10U);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  std::array<std::uint32_t, 8> v = state_;  // a, b, c, d, e, f, g, h
  for (unsigned t = 0; t < 64; ++t) {
    const std::uint32_t sum1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
    const std::uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const std::uint32_t t1 = v[7] + sum1 + choice + kRound[t] + w[t];
    const std::uint32_t sum0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
    const std::uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    v = {t1 + sum0 + majority, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
  }
  for (unsigned k = 0; k < 8; ++k) state_[k] += v[k];
}

void Sha256::add(const unsigned char* bytes, std::size_t count) {
  std::size_t filled = count_ % 64;
  count_ += count;
  while (count > 0) {
    const std::size_t part = count < 64 - filled ? count : 64 - filled;
    std::memcpy(rest_.data() + filled, bytes, part);
    filled += part;
    bytes += part;
    count -= part;
    if (filled < 64) break;
    block(rest_.data());
    filled = 0;
  }
}

std::array<unsigned char, 32> Sha256::finish() {
  const std::uint64_t bits = count_ * 8;
  const unsigned char one = 0x80;
  const unsigned char zero = 0;
  add(&one, 1);
  while (count_ % 64 != 56) add(&zero, 1);
  unsigned char length[8];
  for (unsigned k = 0; k < 8; ++k) length[k] = static_cast<unsigned char>(bits >> (56U - 8U * k));
  add(length, sizeof length);
  std::array<unsigned char, 32> out{};
  for (unsigned k = 0; k < 32; ++k) {
    out[k] = static_cast<unsigned char>(state_[k / 4] >> (24U - 8U * (k % 4)));
  }
  return out;
}

}  // namespace fleetcache::abi
