// Each member puts round(virtual_nodes x weight) points on a ring of 64-bit hashes; a key belongs
// to the first point at or after its own hash. Shares scatter by about 1 / sqrt(points of a
// member).
#include <algorithm>
#include <string>

#include "policies/base/check.hpp"
#include "policies/placement/registry.hpp"

namespace fleetcache::placement {
namespace {

struct Point {
  std::uint64_t hash;
  std::uint32_t member;
};

class Ring : public Map {
 public:
  Ring(const std::vector<Member>& members, std::vector<Point> points)
      : members_(members), points_(std::move(points)), domains_(count_domains(members)) {}

  void owners(std::uint64_t key, std::uint32_t* out, std::uint32_t count) const override {
    FLEETCACHE_CHECK(count > 0 && count <= members_.size(), "more owners asked than members");
    const std::uint64_t hash = mix64(key + 0x632be59bd9b4e019ULL);
    const auto start = std::lower_bound(points_.begin(), points_.end(), hash,
                                        [](const Point& p, std::uint64_t h) { return p.hash < h; });
    const auto first = static_cast<std::size_t>(start - points_.begin()) % points_.size();
    const std::uint32_t apart = count < domains_ ? count : domains_;
    walk(first, out, 0, apart, true);
    walk(first, out, apart, count, false);
  }

  std::size_t memory_bytes() const override {
    return sizeof(*this) + members_.capacity() * sizeof(Member) +
           points_.capacity() * sizeof(Point);
  }

 private:
  /// Takes members clockwise until there are `count`.
  void walk(std::size_t first, std::uint32_t* out, std::uint32_t chosen, std::uint32_t count,
            bool fresh) const {
    for (std::size_t k = 0; k < points_.size() && chosen < count; ++k) {
      const std::size_t at = first + k < points_.size() ? first + k : first + k - points_.size();
      const std::uint32_t member = points_[at].member;
      if (may_own(members_, member, out, chosen, fresh)) out[chosen++] = member;
    }
  }

  std::vector<Member> members_;
  std::vector<Point> points_;
  std::uint32_t domains_;
};

constexpr double kMostPoints = 1e6;  // of one member: 16 MB

}  // namespace

Result<std::unique_ptr<Map>> build_ring(const Config& config, const std::vector<Member>& members) {
  std::vector<Point> points;
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    const double wanted = members[m].weight * config.virtual_nodes + 0.5;
    if (wanted >= kMostPoints) {
      return Error{"ring",
                   "member " + std::to_string(members[m].id) +
                       " would get a million points or more; lower virtual_nodes or weight"};
    }
    const std::uint64_t own = mix64(members[m].id + mix64(config.seed + 0x9e3779b97f4a7c15ULL));
    const std::uint64_t most = wanted < 1 ? 1 : static_cast<std::uint64_t>(wanted);
    for (std::uint64_t v = 0; v < most; ++v) points.push_back({mix64(own ^ mix64(v + 1)), m});
  }
  std::sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
    return a.hash != b.hash ? a.hash < b.hash : members[a.member].id < members[b.member].id;
  });
  points.shrink_to_fit();
  return std::unique_ptr<Map>(std::make_unique<Ring>(members, std::move(points)));
}

}  // namespace fleetcache::placement
