#include "policies/base/crc32c.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

using namespace fleetcache;

TEST_CASE("crc32c: the vectors of RFC 3720") {
  CHECK(crc32c("123456789", 9) == 0xe3069283U);
  std::array<unsigned char, 32> bytes{};
  CHECK(crc32c(bytes.data(), bytes.size()) == 0x8a9136aaU);
  bytes.fill(0xff);
  CHECK(crc32c(bytes.data(), bytes.size()) == 0x62a8ab43U);
  for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<unsigned char>(k);
  CHECK(crc32c(bytes.data(), bytes.size()) == 0x46dd794eU);
}

TEST_CASE("crc32c: in pieces as in one") {
  const char* text = "checkpoints, weights and blocks of a prefix";
  const std::size_t size = std::strlen(text);
  for (std::size_t cut = 0; cut <= size; ++cut) {
    CHECK(crc32c(text + cut, size - cut, crc32c(text, cut)) == crc32c(text, size));
  }
}
