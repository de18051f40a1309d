// Hashes against published vectors, and rings against digests of 20,000 owners. The digests were
// made outside this code: Tachyon and JuiceFS by running the products' own ring sources in Go
// (nearora-msft/dist-cache-client-go hashing.go; davies/groupcache e4e8362, as JuiceFS pins it);
// ketama and Alluxio by a Python program written from the products' sources, with zlib's crc32.
#include "policies/placement/named_ring.hpp"

#include <doctest/doctest.h>

#include <string>

#include "policies/placement/crc32.hpp"
#include "policies/placement/jump.hpp"
#include "policies/placement/murmur3.hpp"
#include "policies/placement/sha256.hpp"

using namespace fleetcache::placement;

namespace {

std::string hex(const std::string& text) {
  std::string out;
  for (const std::uint8_t byte : sha256(text)) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

struct Fnv {
  std::uint64_t state = 0xcbf29ce484222325ULL;
  void add(std::uint64_t v) { state = (state ^ v) * 0x100000001b3ULL; }
};

std::vector<NamedServer> servers(int count, const std::string& before, const std::string& after,
                                 bool weighted = false) {
  std::vector<NamedServer> list;
  for (int i = 0; i < count; ++i) {
    list.push_back(
        {before + std::to_string(i) + after, weighted ? 1 + static_cast<std::uint32_t>(i) % 3 : 1});
  }
  return list;
}

constexpr int kKeys = 20000;

}  // namespace

TEST_CASE("SHA-256: FIPS 180-4 and NIST examples, and lengths around the padding") {
  CHECK(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(std::string(1000, 'a')) ==
        "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
  CHECK(hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("CRC-32: the check value of the catalogue") {
  CHECK(crc32("123456789") == 0xcbf43926U);
  CHECK(crc32("56789", crc32("1234")) == 0xcbf43926U);
  CHECK(crc32("") == 0);
}

TEST_CASE("MurmurHash3 x86_32: SMHasher's verification value and known vectors") {
  CHECK(murmur3_32("") == 0);
  CHECK(murmur3_32("", 1) == 0x514e28b7U);
  CHECK(murmur3_32("", 0xffffffffU) == 0x81f16f39U);
  CHECK(murmur3_32("test") == 0xba6bd213U);
  CHECK(murmur3_32("Hello, world!") == 0xc0363e43U);
  CHECK(murmur3_32("Hello, world!", 0x9747b28cU) == 0x24884cbaU);
  CHECK(murmur3_32("The quick brown fox jumps over the lazy dog") == 0x2e4ff723U);
  std::string keys;
  std::string results;
  for (std::uint32_t i = 0; i < 256; ++i) {
    const std::uint32_t h = murmur3_32(keys, 256 - i);
    for (int shift = 0; shift < 32; shift += 8) results += static_cast<char>(h >> shift);
    keys += static_cast<char>(i);
  }
  CHECK(murmur3_32(results) == 0xb0f57ee3U);
}

TEST_CASE("jump: known buckets of the published function") {
  CHECK(jump_bucket(1, 1) == 0);
  CHECK(jump_bucket(42, 57) == 43);
  CHECK(jump_bucket(0xdead10cc, 1) == 0);
  CHECK(jump_bucket(0xdead10cc, 666) == 361);
  CHECK(jump_bucket(256, 1024) == 520);
  CHECK(jump_bucket(10863919174838991ULL, 11) == 6);
  CHECK(jump_bucket(2016238256797177309ULL, 11) == 3);
  CHECK(jump_bucket(1673758223894951030ULL, 11) == 5);
  CHECK(jump_bucket(2, 100001) == 80343);
  CHECK(jump_bucket(2201, 100001) == 22152);
  CHECK(jump_bucket(2202, 100001) == 15018);
}

TEST_CASE("Tachyon's ring: owners as its own client gives them") {
  const auto ring = NamedRing::make(RingPreset::kTachyon, servers(50, "server-", ":9000")).value();
  CHECK(ring.point_count() == 37500);
  Fnv digest;
  for (int k = 0; k < kKeys; ++k) {
    const std::string chunk =
        "acct/ctr/file.bin:etag:" + std::to_string(k * std::int64_t{16777216}) + ":16777216";
    digest.add(ring.owner(hex(chunk)));
  }
  CHECK(digest.state == 0x0a857103ead35048ULL);
  CHECK(ring.owner(hex("acct/ctr/file.bin:etag:0:16777216")) == 44);
}

TEST_CASE("nginx's ketama ring, weights 1 to 3") {
  const auto list = servers(20, "10.0.0.", ":8080", true);
  const auto ring = NamedRing::make(RingPreset::kKetama, list).value();
  CHECK(ring.point_count() == 6240);  // 39 x 160
  Fnv digest;
  for (int k = 0; k < kKeys; ++k) digest.add(ring.owner("/models/shard-" + std::to_string(k)));
  CHECK(digest.state == 0x22b89e861750d80bULL);
  std::uint32_t out[20];
  CHECK(ring.owners("/models/shard-0", out, 20) == 20);
  CHECK(out[0] == ring.owner("/models/shard-0"));
}

TEST_CASE("Alluxio's ring: signed order, points that replace one another, rehashed attempts") {
  const auto ring = NamedRing::make(RingPreset::kAlluxio, servers(30, "worker-", "")).value();
  CHECK(ring.point_count() == 59998);  // two of 60,000 collide in 32 bits
  Fnv digest;
  Fnv three;
  for (int k = 0; k < kKeys; ++k) {
    const std::string key = "/data/file-" + std::to_string(k);
    digest.add(ring.owner(key));
    std::uint32_t out[3];
    if (k >= 2000) continue;
    REQUIRE(ring.owners(key, out, 3) == 3);
    for (const std::uint32_t server : out) three.add(server);
  }
  CHECK(digest.state == 0xbbed0ebeed35bf38ULL);
  CHECK(three.state == 0xda4effd572307082ULL);
}

TEST_CASE("JuiceFS's ring: the number of points follows the share, as in the fork that it pins") {
  const std::pair<int, std::uint64_t> cases[] = {{7, 0xae4819b7ed7278cbULL},
                                                 {50, 0xcdcb8ed91a8fe916ULL}};
  for (const auto& [count, want] : cases) {
    const auto ring =
        NamedRing::make(RingPreset::kJuiceFs, servers(count, "/mnt/cache", "/")).value();
    CHECK(ring.point_count() == (count == 7 ? 694 : 4958));
    Fnv digest;
    for (int k = 0; k < kKeys; ++k) {
      digest.add(ring.owner("chunks/0/" + std::to_string(k / 1000) + "/" + std::to_string(k) +
                            "_0_4194304"));
    }
    CHECK(digest.state == want);
  }
}

TEST_CASE("a wrong server list is refused") {
  CHECK_FALSE(NamedRing::make(RingPreset::kTachyon, {}).ok());
  CHECK_FALSE(NamedRing::make(RingPreset::kTachyon, {{"a", 2}}).ok());
  CHECK_FALSE(NamedRing::make(RingPreset::kKetama, {{"a", 0}}).ok());
  CHECK_FALSE(NamedRing::make(RingPreset::kKetama, {{"a", 1}, {"a", 1}}).ok());
}
