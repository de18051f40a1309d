// Each member puts round(virtual_nodes x weight) points on a ring of hashes; a key belongs to the
// first point at or after its own hash. Shares scatter by about 1 / sqrt(points of a member).
//
// Points are 8 bytes: the top bits of the hash are the bucket, the next 32 are kept, so that with
// 75 million points 57 bits still order them. A lookup touches the start of its bucket and the
// points there, about two cache misses. Points with equal bits: the lower id comes first.
#include <string>

#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

struct Point {
  std::uint32_t hash;  // the 32 bits below those of the bucket
  std::uint32_t member;
};

/// Bits of the bucket: two to four points in each.
std::uint32_t bucket_bits(std::uint64_t points) {
  std::uint32_t bits = 1;
  while ((points >> (bits + 2)) != 0 && bits < 25) ++bits;
  return bits;
}

class Ring : public Map {
 public:
  Ring(const Config& config, const std::vector<Member>& members,
       const std::vector<std::uint32_t>& counts, std::uint64_t total)
      : Map(config, members), bits_(bucket_bits(total)) {
    scatter(config.seed, counts, total);
    for (std::size_t b = 0; b + 1 < starts_.size(); ++b) sort_bucket(starts_[b], starts_[b + 1]);
  }

  std::uint32_t lookup(std::uint64_t key, const Query& query, std::uint32_t* out) const override {
    const std::size_t first = first_point(key_hash(key));
    return collect(query, out, [&](const auto& take) {
      for (std::size_t k = first; k < points_.size(); ++k) {
        if (take(points_[k].member)) return;
      }
      for (std::size_t k = 0; k < first; ++k) {
        if (take(points_[k].member)) return;
      }
    });
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + roster_bytes() + points_.capacity() * sizeof(Point) +
           starts_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::size_t bucket(std::uint64_t hash) const { return hash >> (64 - bits_); }
  std::uint32_t rest(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> (32 - bits_));
  }

  /// The first point at or after a hash; the end of a bucket is the start of the next.
  std::size_t first_point(std::uint64_t hash) const {
    const std::size_t b = bucket(hash);
    const std::uint32_t wanted = rest(hash);
    const std::uint32_t end = starts_[b + 1];
    std::uint32_t at = starts_[b];
    while (at < end && points_[at].hash < wanted) ++at;
    return at < points_.size() ? at : 0;
  }

  /// Puts the points into their buckets in two passes, in the order of the ids. The hashes are
  /// made twice, so that no second copy of the points is ever held.
  void scatter(std::uint64_t seed, const std::vector<std::uint32_t>& counts, std::uint64_t total) {
    starts_.assign((std::size_t{1} << bits_) + 1, 0);
    points_.resize(total);
    const std::vector<std::uint32_t> order = by_id(members_);
    const auto each_point = [&](const auto& put) {
      for (const std::uint32_t m : order) {
        const std::uint64_t own = member_salt(members_[m].id, seed);
        for (std::uint64_t v = 0; v < counts[m]; ++v) put(mix64(own ^ mix64(v + 1)), m);
      }
    };
    each_point([&](std::uint64_t hash, std::uint32_t) { ++starts_[bucket(hash) + 1]; });
    for (std::size_t b = 1; b < starts_.size(); ++b) starts_[b] += starts_[b - 1];
    each_point([&](std::uint64_t hash, std::uint32_t m) {
      points_[starts_[bucket(hash)]++] = {rest(hash), m};
    });
    // Each start has moved to the next bucket's: move them back.
    for (std::size_t b = starts_.size() - 1; b > 0; --b) starts_[b] = starts_[b - 1];
    starts_[0] = 0;
  }

  /// Insertion sort, which keeps equal hashes in the order of the ids.
  void sort_bucket(std::size_t begin, std::size_t end) {
    for (std::size_t k = begin + 1; k < end; ++k) {
      const Point point = points_[k];
      std::size_t at = k;
      for (; at > begin && points_[at - 1].hash > point.hash; --at) points_[at] = points_[at - 1];
      points_[at] = point;
    }
  }

  std::vector<Point> points_;
  std::vector<std::uint32_t> starts_;
  std::uint32_t bits_;
};

constexpr double kMostPoints = 1e6;  // of one member: 8 MB
constexpr std::uint64_t kMostTotal = 0xfffffff0U;

}  // namespace

Result<std::unique_ptr<Map>> build_ring(const Config& config, const std::vector<Member>& members) {
  ParamReader reader("ring", config.params);
  const std::uint32_t virtual_nodes =
      reader.integer("virtual_nodes", config.virtual_nodes, 1, 1000000);
  const Status status = reader.finish();
  if (!status) return status.error();
  std::vector<std::uint32_t> counts(members.size());
  std::uint64_t total = 0;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const double wanted = members[m].weight * virtual_nodes + 0.5;
    if (wanted >= kMostPoints) {
      return Error{"ring",
                   "member " + std::to_string(members[m].id) +
                       " would get a million points or more; lower virtual_nodes or weight"};
    }
    counts[m] = wanted < 1 ? 1 : static_cast<std::uint32_t>(wanted);
    total += counts[m];
  }
  if (total > kMostTotal) return Error{"ring", "more than 2^32 points; lower virtual_nodes"};
  return std::unique_ptr<Map>(std::make_unique<Ring>(config, members, counts, total));
}

}  // namespace fleetcache::placement
