/// Rings of known products over names, point for point: to stand in for one of them, and to check
/// ours against theirs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::placement {

enum class RingPreset : std::uint8_t {
  /// BlobFuse2's distributed-cache client: point v of a server is SHA-256("server_v") folded to 64
  /// bits, 750 of them; keys alike. One owner in the original; ours walks on clockwise for more.
  kTachyon,
  /// nginx `hash ... consistent`, as Cache::Memcached::Fast: 160 points a weight, each the CRC-32
  /// of host, NUL, port and the point before; of equal points the first server's stays.
  kKetama,
  /// Alluxio DORA: 2,000 points of murmur3(id bytes, int32 identity version, int32 v), of equal
  /// points the last stays; ordered as signed; owner a of a key is that of murmur3(key, int32 a),
  /// a = 1, 2, ... Identities are raw bytes; version 0 is assumed.
  kAlluxio,
  /// JuiceFS's cache directories: 100 points of murmur3("v" + id), whose number is then adjusted to
  /// the share in five rounds (groupcache fork of August 2023).
  kJuiceFs,
};

struct NamedServer {
  std::string name;          ///< ketama: "host:port", "host" or "unix:path"
  std::uint32_t weight = 1;  ///< ketama only; 1 to 1000
};

class NamedRing {
 public:
  /// `points`: of a server (of a unit of weight for ketama), 0: the product's default. Alluxio's is
  /// a setting of the user. Fails for no servers, a name twice, a weight other than 1 where there
  /// are none, or more than 2^27 points.
  static Result<NamedRing> make(RingPreset preset, const std::vector<NamedServer>& servers,
                                std::uint32_t points = 0);

  /// Position of a key's owner in the server vector. Cost: the hash and O(log points).
  std::uint32_t owner(std::string_view key) const;
  /// Up to `count` distinct owners in the product's order of retries; returns how many. Alluxio
  /// gives up after `count` + 100 attempts.
  std::uint32_t owners(std::string_view key, std::uint32_t* out, std::uint32_t count) const;

  std::size_t point_count() const { return points_.size(); }
  std::size_t memory_bytes() const { return sizeof(*this) + points_.capacity() * sizeof(Point); }

 private:
  struct Point {
    std::uint64_t hash;
    std::uint32_t server;
  };

  void add_points(const std::vector<NamedServer>& servers, std::uint32_t points);
  void add_ketama(std::string_view name, std::uint32_t server, std::uint32_t points);
  void add_adjusted(const std::vector<NamedServer>& servers, std::uint32_t points);
  void sort_points(bool last_stays);
  std::uint64_t hash_key(std::string_view key, std::uint32_t attempt) const;
  std::size_t first_point(std::uint64_t hash) const;

  RingPreset preset_ = RingPreset::kTachyon;
  std::vector<Point> points_;
  std::uint32_t servers_ = 0;
};

}  // namespace fleetcache::placement
