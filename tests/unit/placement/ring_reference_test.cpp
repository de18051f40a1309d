// The ring against a slow one that is written down here from its definition: all points sorted by
// their full 64-bit hash, owners by a linear walk. Each fault that such code is prone to is planted
// in the slow ring, one at a time, and the same comparison must tell.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/placement/placement.hpp"

using namespace fleetcache;
using namespace fleetcache::placement;

namespace {

enum class Fault { kNone, kSwappedPoints, kOffByOne, kIgnoredWeight, kNoWrap, kRepeatedOwner };

struct SlowRing {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> points;
  Fault fault;

  SlowRing(const std::vector<Member>& list, std::uint32_t virtual_nodes, Fault planted)
      : fault(planted) {
    for (std::uint32_t m = 0; m < list.size(); ++m) {
      const double weight = fault == Fault::kIgnoredWeight ? 1.0 : list[m].weight;
      const auto count = static_cast<std::uint64_t>(weight * virtual_nodes + 0.5);
      const std::uint64_t own = mix64(list[m].id + mix64(0x9e3779b97f4a7c15ULL));
      for (std::uint64_t v = 1; v <= count; ++v) points.push_back({mix64(own ^ mix64(v)), m});
    }
    std::sort(points.begin(), points.end());
    if (fault != Fault::kSwappedPoints) return;
    std::size_t other = 1;
    while (points[other].second == points[0].second) ++other;
    std::swap(points[0].second, points[other].second);
  }

  std::vector<std::uint32_t> owners(std::uint64_t key, std::size_t count) const {
    const std::uint64_t hash = mix64(key + 0x632be59bd9b4e019ULL);
    std::size_t at = 0;
    while (at < points.size() && points[at].first < hash) ++at;
    if (fault == Fault::kNoWrap && at == points.size()) at = points.size() - 1;
    if (fault == Fault::kOffByOne) ++at;
    std::vector<std::uint32_t> out;
    for (; out.size() < count; ++at) {
      const std::uint32_t m = points[at % points.size()].second;
      if (fault == Fault::kRepeatedOwner || std::find(out.begin(), out.end(), m) == out.end()) {
        out.push_back(m);
      }
    }
    return out;
  }
};

/// Keys of 5,000 whose two owners the map and the slow ring see otherwise.
int differences(Fault fault) {
  std::vector<Member> list(12);
  for (std::uint32_t m = 0; m < list.size(); ++m) {
    list[m].id = 77 + 3 * m;
    list[m].domain = m;
    list[m].weight = m % 3 == 0 ? 2.0 : 1.0;
  }
  Config config;
  config.virtual_nodes = 10;
  const auto map = build("ring", config, list).value();
  const SlowRing slow(list, config.virtual_nodes, fault);
  int count = 0;
  for (std::uint64_t key = 0; key < 5000; ++key) {
    std::uint32_t out[2];
    map->owners(key, out, 2);
    const std::vector<std::uint32_t> want = slow.owners(key, 2);
    count += want[0] != out[0] || want[1] != out[1] ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("the ring is the textbook's, and each planted fault of a ring is seen") {
  CHECK(differences(Fault::kNone) == 0);
  CHECK(differences(Fault::kSwappedPoints) > 0);
  CHECK(differences(Fault::kOffByOne) > 0);
  CHECK(differences(Fault::kIgnoredWeight) > 0);
  CHECK(differences(Fault::kNoWrap) > 0);
  CHECK(differences(Fault::kRepeatedOwner) > 0);
}
