// Written from the behaviour of the products' public sources: nearora-msft/dist-cache-client-go
// (the client that BlobFuse2's dist_cache imports), nginx ngx_http_upstream_hash_module, Alluxio
// ConsistentHashProvider, and the groupcache fork that JuiceFS pins. Where a product leaves equal
// points to an unstable sort or to a random map order, we take the order of the server list.
#include "policies/placement/named_ring.hpp"

#include <algorithm>

#include "policies/placement/crc32.hpp"
#include "policies/placement/murmur3.hpp"
#include "policies/placement/sha256.hpp"

namespace fleetcache::placement {
namespace {

constexpr std::uint32_t kDefaultPoints[] = {750, 160, 2000, 100};
constexpr std::uint64_t kSigned = 0x80000000U;  // flips the sign: signed order as unsigned

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

bool is_unix(std::string_view name) {
  constexpr std::string_view kPrefix = "unix:";
  if (name.size() < kPrefix.size()) return false;
  for (std::size_t i = 0; i < kPrefix.size(); ++i) {
    const char lower = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] + 32) : name[i];
    if (lower != kPrefix[i]) return false;
  }
  return true;
}

Status check_servers(RingPreset preset, const std::vector<NamedServer>& servers,
                     std::uint32_t points) {
  if (servers.empty()) return Error{"ring preset", "there are no servers"};
  std::vector<std::string> names;
  std::uint64_t total = 0;
  for (const NamedServer& server : servers) {
    const std::uint32_t most = preset == RingPreset::kKetama ? 1000 : 1;
    if (server.weight < 1 || server.weight > most) {
      return Error{"ring preset", "the weight of \"" + server.name + "\" must be 1" +
                                      (most > 1 ? " to 1000" : ": this ring has no weights")};
    }
    names.push_back(server.name);
    total += std::uint64_t{server.weight} * points;
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return Error{"ring preset", "\"" + *twice + "\" is listed twice"};
  if (total > (1U << 27)) return Error{"ring preset", "more than 2^27 points"};
  return Nothing{};
}

}  // namespace

Result<NamedRing> NamedRing::make(RingPreset preset, const std::vector<NamedServer>& servers,
                                  std::uint32_t points) {
  if (points == 0) points = kDefaultPoints[static_cast<std::size_t>(preset)];
  const Status status = check_servers(preset, servers, points);
  if (!status) return status.error();
  NamedRing ring;
  ring.preset_ = preset;
  ring.servers_ = static_cast<std::uint32_t>(servers.size());
  if (preset == RingPreset::kJuiceFs) {
    ring.add_adjusted(servers, points);
  } else {
    ring.add_points(servers, points);
  }
  ring.points_.shrink_to_fit();
  return ring;
}

void NamedRing::add_points(const std::vector<NamedServer>& servers, std::uint32_t points) {
  for (std::uint32_t s = 0; s < servers.size(); ++s) {
    const std::string& name = servers[s].name;
    if (preset_ == RingPreset::kKetama) {
      add_ketama(name, s, points * servers[s].weight);
      continue;
    }
    for (std::uint32_t v = 0; v < points; ++v) {
      const std::uint64_t hash =
          preset_ == RingPreset::kTachyon
              ? sha256_fold(name + "_" + std::to_string(v))
              : murmur3_32(name + little_endian(0) + little_endian(v)) ^ kSigned;
      points_.push_back({hash, s});
    }
  }
  sort_points(preset_ == RingPreset::kAlluxio);
}

void NamedRing::add_ketama(std::string_view name, std::uint32_t server, std::uint32_t points) {
  std::string_view host = name;
  std::string_view port;
  if (is_unix(name)) {
    host = name.substr(5);
  } else {
    const std::size_t digits = name.find_last_not_of("0123456789");
    if (digits != std::string_view::npos && name[digits] == ':') {
      host = name.substr(0, digits);
      port = name.substr(digits + 1);
    }
  }
  const std::uint32_t base = crc32(port, crc32(std::string_view("\0", 1), crc32(host)));
  std::uint32_t hash = 0;
  for (std::uint32_t v = 0; v < points; ++v) {
    hash = crc32(little_endian(hash), base);
    points_.push_back({hash, server});
  }
}

void NamedRing::add_adjusted(const std::vector<NamedServer>& servers, std::uint32_t points) {
  constexpr int kRounds = 5;
  constexpr double kScale = 0.75;
  constexpr double kCircle = 4294967296.0;
  std::vector<std::int64_t> counts(servers.size(), points);
  const double expect =
      static_cast<double>(points) / static_cast<double>(points * std::uint64_t{servers.size()});
  for (int round = 0;; ++round) {
    points_.clear();
    for (std::uint32_t s = 0; s < servers.size(); ++s) {
      for (std::int64_t v = 0; v < counts[s]; ++v) {
        points_.push_back({murmur3_32(std::to_string(v) + servers[s].name), s});
      }
    }
    sort_points(true);
    if (round == kRounds || servers.size() <= 1 || points < 10) return;
    std::vector<std::uint64_t> arc(servers.size());
    std::uint64_t before = points_.back().hash - (std::uint64_t{1} << 32);
    for (const Point& point : points_) {
      arc[point.server] += point.hash - before;
      before = point.hash;
    }
    bool changed = false;
    for (std::size_t s = 0; s < servers.size(); ++s) {
      if (arc[s] == 0) continue;
      const double actual = static_cast<double>(arc[s]) / kCircle;
      // The order of these operations decides the last bit, hence the truncation.
      const double step = static_cast<double>(counts[s]) * (expect - actual) / expect * kScale;
      const auto adjust = static_cast<std::int64_t>(step);
      if (adjust == 1) continue;  // the original's own exception
      counts[s] += adjust;
      changed = true;
    }
    if (!changed) return;
  }
}

void NamedRing::sort_points(bool last_stays) {
  if (last_stays) std::reverse(points_.begin(), points_.end());
  std::stable_sort(points_.begin(), points_.end(),
                   [](const Point& a, const Point& b) { return a.hash < b.hash; });
  const auto end = std::unique(points_.begin(), points_.end(),
                               [](const Point& a, const Point& b) { return a.hash == b.hash; });
  points_.erase(end, points_.end());
}

std::uint64_t NamedRing::hash_key(std::string_view key, std::uint32_t attempt) const {
  switch (preset_) {
    case RingPreset::kTachyon:
      return sha256_fold(key);
    case RingPreset::kKetama:
      return crc32(key);
    case RingPreset::kAlluxio:
      return murmur3_32(std::string(key) + little_endian(attempt)) ^ kSigned;
    case RingPreset::kJuiceFs:
      break;
  }
  return murmur3_32(key);
}

std::size_t NamedRing::first_point(std::uint64_t hash) const {
  const auto found = std::lower_bound(
      points_.begin(), points_.end(), hash,
      [](const Point& point, std::uint64_t wanted) { return point.hash < wanted; });
  return found == points_.end() ? 0 : static_cast<std::size_t>(found - points_.begin());
}

std::uint32_t NamedRing::owner(std::string_view key) const {
  return points_[first_point(hash_key(key, 1))].server;
}

std::uint32_t NamedRing::owners(std::string_view key, std::uint32_t* out,
                                std::uint32_t count) const {
  std::uint32_t chosen = 0;
  const std::uint32_t wanted = std::min(count, servers_);
  const auto take = [&](std::uint32_t server) {
    if (std::find(out, out + chosen, server) == out + chosen) out[chosen++] = server;
    return chosen >= wanted;
  };
  if (wanted == 0) return 0;
  if (preset_ == RingPreset::kAlluxio) {
    for (std::uint32_t a = 1; a <= count + 100; ++a) {
      if (take(points_[first_point(hash_key(key, a))].server)) break;
    }
    return chosen;
  }
  const std::size_t first = first_point(hash_key(key, 1));
  for (std::size_t k = 0; k < points_.size(); ++k) {
    if (take(points_[(first + k) % points_.size()].server)) break;
  }
  return chosen;
}

}  // namespace fleetcache::placement
