/// SHA-256 (FIPS 180-4) for checking generated files against published digests. Tests only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace fleetcache::test {

class Sha256 {
 public:
  void add(const unsigned char* bytes, std::size_t count) {
    total_ += count;
    for (std::size_t i = 0; i < count; ++i) {
      block_[filled_++] = bytes[i];
      if (filled_ == block_.size()) compress();
    }
  }

  std::string hex() {
    const std::uint64_t bits = total_ * 8;
    const unsigned char one = 0x80, zero = 0;
    add(&one, 1);
    while (filled_ != 56) add(&zero, 1);
    for (int shift = 56; shift >= 0; shift -= 8) {
      const auto byte = static_cast<unsigned char>(bits >> shift);
      add(&byte, 1);
    }
    std::string out;
    char text[9];
    for (const std::uint32_t word : state_) {
      std::snprintf(text, sizeof text, "%08x", word);
      out += text;
    }
    return out;
  }

 private:
  static std::uint32_t turn(std::uint32_t x, int n) { return x >> n | x << (32 - n); }

  /// The first 32 bits of the fractional parts of the roots of the first 64 primes, by exact
  /// integer search instead of a table: `power` 2 for square roots, 3 for cube roots.
  static std::uint32_t root_bits(std::uint32_t prime, int power) {
    // The largest r with r^power <= prime * 2^(32 power); its low 32 bits are the fraction.
    __extension__ using Wide = unsigned __int128;
    const Wide target = Wide{prime} << (power == 2 ? 64 : 96);
    std::uint64_t r = 0;
    for (int bit = 36; bit >= 0; --bit) {
      const std::uint64_t t = r | std::uint64_t{1} << bit;
      if (power == 3 && t >> 35 != 0) continue;  // 8^3 > 311: keeps the cube below 2^108
      Wide p = Wide{t} * t;
      if (power == 3) p *= t;
      if (p <= target) r = t;
    }
    return static_cast<std::uint32_t>(r);
  }
  static std::vector<std::uint32_t> constants(std::size_t count, int power) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t n = 2; out.size() < count; ++n) {
      bool prime = true;
      for (std::uint32_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
      if (prime) out.push_back(root_bits(n, power));
    }
    return out;
  }

  void compress() {
    static const std::vector<std::uint32_t> k = constants(64, 3);
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t b = 0; b < 4; ++b) w[i] = w[i] << 8 | block_[4 * i + b];
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
      const std::uint32_t s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const std::uint32_t s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> add = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state_[i] += add[i];
    filled_ = 0;
  }

  std::array<std::uint32_t, 8> state_ = [] {
    std::array<std::uint32_t, 8> s{};
    const auto roots = constants(8, 2);
    for (std::size_t i = 0; i < 8; ++i) s[i] = roots[i];
    return s;
  }();
  std::array<unsigned char, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t total_ = 0;
};

inline std::string sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Sha256 sha;
  std::vector<char> buffer(1 << 16);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    sha.add(reinterpret_cast<const unsigned char*>(buffer.data()),
            static_cast<std::size_t>(file.gcount()));
  }
  return sha.hex();
}

}  // namespace fleetcache::test
