/// Which nodes stand for the others, and whether they were drawn apart from the objects.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fleetcache::models {

/// `wanted` of `nodes` alike, one in each of `wanted` equal strips in the order of their numbers
/// (racks and pods are consecutive, so every region of the class is seen). Ascending, each below
/// `nodes`; all of them when wanted >= nodes. Keyed by (seed, class, node) under a name of its own,
/// so independent of what `Sampling` takes. Nested: those for n are among those for 2 n.
/// Requires: wanted >= 1. O(nodes).
std::vector<std::uint32_t> representatives(std::uint32_t nodes, std::uint32_t wanted,
                                           std::uint64_t seed, std::uint64_t node_class);

/// Answer of `independent_samples`.
struct IndependenceCheck {
  static constexpr const char* kName = "node sample independent of object sample";
  bool ok = false;
  double statistic = 0;  ///< chi-square, 1 degree of freedom
  double limit = 0;
  /// Share of representatives among the owners of sampled objects and of the others: equal when
  /// the samples are independent.
  double share_sampled = 0, share_others = 0;
  std::string text;
};

/// counts[object sampled][owner is a representative], of objects. A chi-square test of independence
/// at a false-alarm rate of 1e-4. Representatives drawn with the objects' hash see too many or too
/// few of the sampled objects, and every figure drawn from them is biased; this is how it shows.
/// Fails, too, where it could not tell: below 5 expected objects in a cell. Both samples empty or
/// full is independent.
IndependenceCheck independent_samples(const std::array<std::array<std::uint64_t, 2>, 2>& counts);

/// The same over objects 0 .. count-1.
IndependenceCheck independent_samples(
    std::uint64_t count, const std::function<bool(std::uint64_t)>& object_sampled,
    const std::function<bool(std::uint64_t)>& owner_is_representative);

}  // namespace fleetcache::models
