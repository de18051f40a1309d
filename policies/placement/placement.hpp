/// Placement: who owns a key. A `Map` is immutable, one per epoch of the membership, and free for
/// concurrent readers; a lookup is a pure function of (map, key, query).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"

namespace fleetcache::placement {

/// What a member may be asked for. A member that is not up keeps its place in the map, so that
/// only its own keys move, and all of them come back to it when it is up again.
enum class State : std::uint8_t {
  kUp,     ///< owns keys
  kDrain,  ///< owns no key; still serves what it holds (`EpochPair`)
  kDown,   ///< owns no key and serves nothing
};

/// Failure domains, from small to large. Each contains the ones before it.
enum class Level : std::uint8_t { kHost, kRack, kZone, kRegion };

struct Member {
  std::uint64_t id = 0;      ///< stable identity: placement depends on it, not on the position
  double weight = 1.0;       ///< share of keys relative to the others; > 0, used in steps of 2^-16
  std::uint32_t domain = 0;  ///< rack, numbered within its zone: replicas prefer different ones
  State state = State::kUp;
  std::uint32_t region = 0;
  std::uint32_t zone = 0;  ///< numbered within its region
  std::uint32_t host = 0;  ///< numbered within its rack; several members may share a host
};

struct Config {
  std::uint32_t virtual_nodes = 128;  ///< ring only: points per unit of weight
  std::uint64_t seed = 0;
  Level spread =
      Level::kRack;         ///< replicas go to different domains of this level while any is left
  std::uint64_t epoch = 0;  ///< version of the membership, for `EpochPair`
  Params params;            ///< of the policy: docs/policies/placement.md
};

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  bool minimal_movement = false;  ///< a member that leaves the list moves no key but its own
};

/// Every registered policy in the order of placement_policies.def.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

/// What a lookup wants.
struct Query {
  std::uint32_t count = 1;  ///< owners wanted, > 0
  /// Present load of each member by position, in any unit (reads in flight, bytes); null: no bound.
  const std::uint64_t* loads = nullptr;
  std::uint64_t total = 0;  ///< sum of `loads` over the members that are up; < 2^48
  std::uint32_t bound_q8 =
      320;  ///< most load as a multiple of the fair one, in 1/256: 1.25; < 2^16
};

class Map {
 public:
  virtual ~Map() = default;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  /// Writes the positions (in the member vector) of the owners of a key, best first: distinct
  /// members that are up, in distinct failure domains while there are some left. With loads, a
  /// member already at its bound, ceil(bound (total + 1) share), is passed over (Mirrokni, Thorup
  /// and Zadimoghaddam, SODA 2018); the domains give way before the bound does, and the bound only
  /// when everybody is at it. Without loads, the answer for a count begins with that for a smaller
  /// one. Returns how many it wrote: `count`, or all members that are up. `out` holds `count`.
  /// Cost: the policy's page; no allocation.
  virtual std::uint32_t lookup(std::uint64_t key, const Query& query, std::uint32_t* out) const = 0;

  /// The same without loads. Requires: 0 < count <= members that are up.
  void owners(std::uint64_t key, std::uint32_t* out, std::uint32_t count) const;
  /// The first owner.
  std::uint32_t owner(std::uint64_t key) const {
    std::uint32_t out = 0;
    lookup(key, Query{}, &out);
    return out;
  }
  /// All memory that the map holds.
  virtual std::size_t memory_bytes() const = 0;

  const std::vector<Member>& members() const { return members_; }
  std::uint32_t up_count() const { return up_count_; }
  std::uint64_t epoch() const { return epoch_; }
  /// Dense number of the failure domain of a member at the spread level.
  std::uint32_t domain_of(std::uint32_t member) const { return domain_[member]; }
  /// Whether a member with this load may take one unit more under the query's bound.
  bool under_bound(const Query& query, std::uint32_t member) const;

 protected:
  Map(const Config& config, const std::vector<Member>& members);
  bool may_own(std::uint32_t member, const std::uint32_t* out, std::uint32_t chosen,
               bool fresh_domain) const;
  std::size_t roster_bytes() const;

  /// Fills `out` from the candidates of a key: `each(take)` calls take(member) in the policy's
  /// order of preference until it returns true or there are no more. Repeats are allowed.
  template <class Each>
  std::uint32_t collect(const Query& query, std::uint32_t* out, const Each& each) const;

  std::vector<Member> members_;
  std::vector<std::uint64_t> weight_q16_;
  std::vector<std::uint32_t> domain_;
  std::vector<std::uint8_t> up_;
  std::uint64_t up_weight_q16_ = 0;
  std::uint32_t up_count_ = 0;
  std::uint32_t up_domains_ = 0;
  std::uint64_t epoch_ = 0;
};

/// Fails for an unknown policy or parameter, no members, none of them up, a duplicate id, a weight
/// that is not positive or above 2^32.
Result<std::unique_ptr<Map>> build(std::string_view policy, const Config& config,
                                   const std::vector<Member>& members);

}  // namespace fleetcache::placement
