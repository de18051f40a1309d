/// Placement: who owns a key. A `Map` is immutable, one per epoch of the membership, and free for
/// concurrent readers; a lookup is a pure function of (map, key).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::placement {

struct Member {
  std::uint64_t id = 0;      ///< stable identity: placement depends on it, not on the position
  double weight = 1.0;       ///< share of keys relative to the others; > 0
  std::uint32_t domain = 0;  ///< failure domain (rack): replicas prefer different ones
};

struct Config {
  std::uint32_t virtual_nodes = 128;  ///< ring only: points per unit of weight
  std::uint64_t seed = 0;
};

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
};

/// Every registered policy in the order of placement_policies.def.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

class Map {
 public:
  virtual ~Map() = default;
  /// Positions (in the member vector) of the owners of a key, best first, distinct members,
  /// distinct failure domains while there are some left. Requires: 0 < count <= members. Cost:
  /// rendezvous O(members), ring O(log points + count).
  virtual void owners(std::uint64_t key, std::uint32_t* out, std::uint32_t count) const = 0;
  /// The first owner.
  std::uint32_t owner(std::uint64_t key) const {
    std::uint32_t out = 0;
    owners(key, &out, 1);
    return out;
  }
  virtual std::size_t memory_bytes() const = 0;
};

/// Fails for an unknown policy, no members, a duplicate id or a weight that is not positive.
Result<std::unique_ptr<Map>> build(std::string_view policy, const Config& config,
                                   const std::vector<Member>& members);

}  // namespace fleetcache::placement
