/// SHA-256 (FIPS 180-4), for the plugin loader's list of allowed files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fleetcache::abi {

class Sha256 {
 public:
  void add(const unsigned char* bytes, std::size_t count);
  /// The digest of everything added. Call once.
  std::array<unsigned char, 32> finish();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                      0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  std::array<unsigned char, 64> rest_{};
  std::uint64_t count_ = 0;
};

}  // namespace fleetcache::abi
