// Shares of tenants and data sets against brute force.
#include "policies/eviction/partition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

using Shares = std::vector<std::uint64_t>;

HitCurve random_curve(SplitMix& random, std::size_t length) {
  HitCurve curve{random.below(3)};
  while (curve.size() <= length) {
    curve.push_back(curve.back() + (random.below(3) == 0 ? random.below(40) : random.below(3)));
  }
  return curve;
}
double hull_at(const std::vector<HullPoint>& hull, std::uint64_t units) {
  if (units >= hull.back().units) return static_cast<double>(hull.back().hits);
  std::size_t k = 1;
  while (hull[k].units < units) ++k;
  const HullPoint& a = hull[k - 1];
  const HullPoint& b = hull[k];
  return static_cast<double>(a.hits) + static_cast<double>(b.hits - a.hits) *
                                           static_cast<double>(units - a.units) /
                                           static_cast<double>(b.units - a.units);
}
/// Calls `use` for every way to split `capacity` into `count` shares.
void each_split(std::size_t count, std::uint64_t capacity,
                const std::function<void(const Shares&)>& use) {
  Shares shares;
  const std::function<void(std::uint64_t)> go = [&](std::uint64_t left) {
    if (shares.size() + 1 == count) {
      shares.push_back(left);
      use(shares);
      shares.pop_back();
      return;
    }
    for (std::uint64_t x = 0; x <= left; ++x) {
      shares.push_back(x);
      go(left - x);
      shares.pop_back();
    }
  };
  go(capacity);
}
std::uint64_t sum(const Shares& shares) {
  return std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
}

}  // namespace

TEST_CASE("the hull is concave, nowhere below the curve, and touches it at its corners") {
  SplitMix random(1);
  for (int round = 0; round < 300; ++round) {
    const HitCurve curve = random_curve(random, 1 + random.below(30));
    const std::vector<HullPoint> hull = concave_hull(curve);
    REQUIRE(hull.front() == HullPoint{0, curve.front()});
    REQUIRE(hull.back() == HullPoint{curve.size() - 1, curve.back()});
    for (std::size_t k = 0; k < curve.size(); ++k) {
      CHECK(hull_at(hull, k) >= static_cast<double>(curve[k]) - 1e-9);
    }
    for (const HullPoint& corner : hull) CHECK(corner.hits == curve[corner.units]);
    for (std::size_t k = 2; k < hull.size(); ++k) {
      const double before = hull_at(hull, hull[k - 2].units + 1) - hull_at(hull, hull[k - 2].units);
      const double after = hull_at(hull, hull[k - 1].units + 1) - hull_at(hull, hull[k - 1].units);
      CHECK(after < before);
    }
  }
}

TEST_CASE("shares sum up to the capacity and hit as much as the best split of all") {
  SplitMix random(2);
  for (int round = 0; round < 150; ++round) {
    const std::size_t tenants = 1 + random.below(3);
    const std::uint64_t capacity = random.below(15);
    std::vector<HitCurve> curves;
    std::vector<std::vector<HullPoint>> hulls;
    for (std::size_t t = 0; t < tenants; ++t) {
      curves.push_back(random_curve(random, 1 + random.below(12)));
      hulls.push_back(concave_hull(curves.back()));
    }
    const auto value = [&](const Shares& shares) {
      double hits = 0;
      for (std::size_t t = 0; t < tenants; ++t) hits += hull_at(hulls[t], shares[t]);
      return hits;
    };
    const Shares shares = allocate(curves, capacity).value();
    CHECK(sum(shares) == capacity);
    double best = 0;
    each_split(tenants, capacity, [&](const Shares& each) { best = std::max(best, value(each)); });
    CHECK(value(shares) == doctest::Approx(best));
  }
}

TEST_CASE("equal curves get equal space, to one unit, and a permutation permutes the shares") {
  SplitMix random(3);
  for (int round = 0; round < 100; ++round) {
    const HitCurve curve = random_curve(random, 10);
    const HitCurve other = random_curve(random, 10);
    const std::uint64_t capacity = random.below(50);
    const Shares equal = allocate({curve, curve, curve}, capacity).value();
    const auto [least, most] = std::minmax_element(equal.begin(), equal.end());
    CHECK(*most - *least <= 1);
    CHECK(std::is_sorted(equal.rbegin(), equal.rend()));  // what is left goes to the first
    const Shares two = allocate({curve, other}, capacity).value();
    const Shares swapped = allocate({other, curve}, capacity).value();
    CHECK(std::max(two[0], swapped[1]) - std::min(two[0], swapped[1]) <= 1);
  }
}

TEST_CASE("a cliff is climbed whole or left alone, and Talus takes the middle") {
  HitCurve cliff(11, 0);  // a loop over 10 units: nothing, then everything
  cliff[10] = 100;
  HitCurve smooth{0, 30, 50, 59, 65, 65, 65, 65, 65, 65, 65};
  CHECK(allocate({cliff, smooth}, 12).value() == Shares{10, 2});  // 10 a unit beats 10, 5, ...
  const std::vector<HullPoint> hull = concave_hull(cliff);
  CHECK(hull == std::vector<HullPoint>{{0, 0}, {10, 100}});
  const TalusSplit split = talus(hull, 4);  // 6/10 of the requests bypass, 4/10 fit
  CHECK(split.low_numerator == 6);
  CHECK(split.denominator == 10);
  CHECK(split.low_units == 0);
  CHECK(split.high_units == 4);
  CHECK(talus(hull, 10).high_units == 10);
  CHECK(talus(hull, 25).high_units == 25);
}

TEST_CASE("Talus makes a loop under LRU hit what the hull promises") {
  // 1,000 objects in turn: LRU of 999 hits nothing. 400 units: a sampled 2/5 of the ids in a
  // partition of 400 all hit, the others bypass.
  HitCurve curve(1001, 0);
  curve[1000] = 9000;
  const TalusSplit split = talus(concave_hull(curve), 400);
  Cache cache = make_cache("lru", unit_config(split.high_units));
  std::uint64_t hits = 0;
  for (const Meta& meta : loop_trace(1000, 10000)) {
    if ((meta.id - 1) % split.denominator < split.low_numerator) continue;  // to no space at all
    hits += cache.request({}, meta) ? 1 : 0;
  }
  CHECK(hits == 3600);
  CHECK(hull_at(concave_hull(curve), 400) == 3600);
}

TEST_CASE("bad curves and data sets are refused") {
  CHECK_FALSE(static_cast<bool>(allocate({}, 5)));
  CHECK_FALSE(static_cast<bool>(allocate({HitCurve{}}, 5)));
  CHECK_FALSE(static_cast<bool>(allocate({HitCurve{0, 3, 2}}, 5)));
  CHECK_FALSE(static_cast<bool>(allocate_datasets({{0, 5}}, 5)));
}

TEST_CASE("large numbers do not wrap") {
  const std::uint64_t big = (std::uint64_t{1} << 62) + 1;
  CHECK(allocate({HitCurve{0, big}, HitCurve{0, big + 1}}, 1).value() == Shares{0, 1});
  const Shares shares = allocate_datasets({{big, big}, {big - 2, big}}, big).value();
  CHECK(shares == Shares{2, big - 2});
  CHECK(allocate({HitCurve{0, 1}, HitCurve{0, 1}}, ~std::uint64_t{0}).value() ==
        Shares{std::uint64_t{1} << 63, (std::uint64_t{1} << 63) - 1});
}

TEST_CASE("data sets are filled by read rate per byte, as well as any split can do") {
  SplitMix random(4);
  for (int round = 0; round < 150; ++round) {
    std::vector<EpochDataset> sets;
    for (std::size_t k = 0; k < 1 + random.below(3); ++k) {
      sets.push_back({1 + random.below(10), random.below(6) * 7});
    }
    const std::uint64_t capacity = random.below(16);
    const auto saved = [&](const Shares& shares) {
      double rate = 0;
      for (std::size_t k = 0; k < sets.size(); ++k) {
        const double held = static_cast<double>(std::min(shares[k], sets[k].bytes));
        rate += static_cast<double>(sets[k].read_bytes_per_s) * held /
                static_cast<double>(sets[k].bytes);
      }
      return rate;
    };
    const Shares shares = allocate_datasets(sets, capacity).value();
    CHECK(sum(shares) <= capacity);
    for (std::size_t k = 0; k < sets.size(); ++k) CHECK(shares[k] <= sets[k].bytes);
    double best = 0;
    each_split(sets.size(), capacity,
               [&](const Shares& each) { best = std::max(best, saved(each)); });
    CHECK(saved(shares) == doctest::Approx(best));
  }
  CHECK(allocate_datasets({{100, 50}, {100, 50}}, 61).value() == Shares{31, 30});
  CHECK(epoch_read_rate(200, 100, 0, 10) == 100);
  CHECK(epoch_read_rate(200, 100, 5, 10) == 200);
  CHECK(epoch_read_rate(200, 100, 10, 10) == 200);
}

TEST_CASE("three data sets in pinned caches of their shares hit c of n an epoch, to the request") {
  // Reads an epoch: set 0 of 300 once, set 1 of 200 three times, set 2 of 500 once.
  const std::vector<EpochDataset> sets{{300, 300}, {200, 600}, {500, 500}};
  const Shares shares = allocate_datasets(sets, 400).value();
  CHECK(shares == Shares{100, 200, 100});  // 3 a byte first, then both at 1
  std::uint64_t hits = 0;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const std::size_t epochs = k == 1 ? 30 : 10;
    Cache cache = make_cache("pinned", unit_config(shares[k]));
    const Trace trace = epoch_trace(sets[k].bytes, epochs, k + 1);
    const std::uint64_t own = trace.size() - count_misses(cache, trace);
    CHECK(own == shares[k] * (epochs - 1));
    hits += own;
  }
  // One shared LRU of 400 over the same reads in turn hits far less.
  Cache shared = make_cache("lru", unit_config(400));
  std::vector<Trace> parts;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    parts.push_back(epoch_trace(sets[k].bytes, k == 1 ? 30 : 10, k + 1));
  }
  std::uint64_t together = 0;
  for (std::size_t turn = 0; turn < 10; ++turn) {
    for (std::size_t k = 0; k < parts.size(); ++k) {
      const std::size_t from = parts[k].size() / 10 * turn;
      for (std::size_t n = from; n < from + parts[k].size() / 10; ++n) {
        together += shared.request({}, one(parts[k][n].id + 1000 * k)) ? 1 : 0;
      }
    }
  }
  MESSAGE("hits of 14,000 reads: pinned shares " << hits << ", one shared LRU " << together);
  CHECK(hits > together);
}
