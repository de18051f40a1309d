#include "models/placement/share.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "policies/base/rng.hpp"
#include "policies/placement/placement.hpp"

namespace fleetcache::models {

TEST_CASE("shares of strata match a real ring's owners") {
  // 2,000 owners with 128 points, shares by counting 4 million keys.
  constexpr std::uint32_t kOwners = 2000, kKeys = 4'000'000, kStrata = 8;
  std::vector<placement::Member> members(kOwners);
  for (std::uint32_t i = 0; i < kOwners; ++i) members[i].id = i;
  placement::Config config;
  const auto ring = placement::build("ring", config, members);
  REQUIRE(ring.ok());
  std::vector<std::uint32_t> count(kOwners, 0);
  for (std::uint64_t key = 0; key < kKeys; ++key) ++count[(*ring)->owner(mix64(key))];
  std::sort(count.begin(), count.end());
  const auto expected = cumulative_shares(share_deviation(128, double{kKeys} / kOwners), kStrata);
  double sum = 0;
  for (std::uint32_t s = 0; s < kStrata; ++s) {
    for (std::uint32_t i = s * kOwners / kStrata; i < (s + 1) * kOwners / kStrata; ++i) {
      sum += count[i];
    }
    CHECK(std::abs(sum / kKeys - expected[s]) < 0.002);
  }
  // Planted fault: strata of equal shares, as if placement were even, would be off by far more.
  CHECK(std::abs(expected[0] - 1.0 / kStrata) > 0.01);
}

TEST_CASE("even placement gives equal strata") {
  const auto even = cumulative_shares(0, 4);
  CHECK(even == std::vector<double>{0.25, 0.5, 0.75, 1});
  CHECK(cumulative_shares(0.3, 1) == std::vector<double>{1});
}

}  // namespace fleetcache::models
