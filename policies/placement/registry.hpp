/// Prototypes of placement_policies.def and what its policies share (private to
/// policies/placement).
#pragma once

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "policies/placement/placement.hpp"

namespace fleetcache::placement {

#define PLACEMENT_POLICY(ident, name, summary, source, minimal) \
  Result<std::unique_ptr<Map>> build_##ident(const Config&, const std::vector<Member>&);
#include "policies/placement/placement_policies.def"
#undef PLACEMENT_POLICY

__extension__ using Wide = unsigned __int128;

/// A key's place in every policy. Keys may be small integers.
inline std::uint64_t key_hash(std::uint64_t key) { return mix64(key + 0x632be59bd9b4e019ULL); }

/// A member's own hash under a seed.
inline std::uint64_t member_salt(std::uint64_t id, std::uint64_t seed) {
  return mix64(id + mix64(seed + 0x9e3779b97f4a7c15ULL));
}

/// The a-th hash of a key: the first is the hash itself.
inline std::uint64_t attempt_hash(std::uint64_t hash, std::uint32_t a) {
  return a == 0 ? hash : mix64(hash + a * 0x9e3779b97f4a7c15ULL);
}

/// Uniform in [0, n) from 64 uniform bits.
inline std::uint64_t scale_to(std::uint64_t hash, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<Wide>(hash) * n) >> 64);
}

/// Positions of the members in the order of their ids.
std::vector<std::uint32_t> by_id(const std::vector<Member>& members);
/// max(1, round(weight x 65536)).
std::uint64_t weight_q16(double weight);

inline bool Map::may_own(std::uint32_t member, const std::uint32_t* out, std::uint32_t chosen,
                         bool fresh_domain) const {
  if (up_[member] == 0) return false;
  for (std::uint32_t k = 0; k < chosen; ++k) {
    if (out[k] == member) return false;
    if (fresh_domain && domain_[out[k]] == domain_[member]) return false;
  }
  return true;
}

template <class Each>
std::uint32_t Map::collect(const Query& query, std::uint32_t* out, const Each& each) const {
  const std::uint32_t wanted = query.count < up_count_ ? query.count : up_count_;
  const std::uint32_t apart = wanted < up_domains_ ? wanted : up_domains_;
  std::uint32_t chosen = 0;
  const auto pass = [&](std::uint32_t until, bool fresh, bool bounded) {
    if (chosen >= until) return;
    each([&](std::uint32_t member) {
      if (may_own(member, out, chosen, fresh) && (!bounded || under_bound(query, member))) {
        out[chosen++] = member;
      }
      return chosen >= until;
    });
  };
  const bool bounded = query.loads != nullptr;
  pass(apart, true, bounded);
  pass(wanted, false, bounded);
  if (bounded) pass(wanted, false, false);
  return chosen;
}

/// For policies whose candidates are independent draws from the key's successive hashes: a member
/// that cannot own is passed over by drawing again, so its keys spread over all others.
template <class Policy>
class Redrawn : public Map {
 public:
  std::uint32_t lookup(std::uint64_t key, const Query& query, std::uint32_t* out) const override {
    const std::uint64_t hash = key_hash(key);
    return collect(query, out, [&](const auto& take) {
      const auto& policy = static_cast<const Policy&>(*this);
      for (std::uint32_t a = 0; a < kDraws; ++a) {
        const std::uint32_t member = policy.draw(hash, a);
        if (member != kNobody && take(member)) return;
      }
      // Rare: few members can own. Everybody once, from a place that depends on the key.
      const std::uint64_t start = scale_to(attempt_hash(hash, kDraws), order_.size());
      for (std::uint64_t k = 0; k < order_.size(); ++k) {
        if (take(order_[start + k < order_.size() ? start + k : start + k - order_.size()])) return;
      }
    });
  }

 protected:
  static constexpr std::uint32_t kNobody = 0xffffffffU;
  static constexpr std::uint32_t kDraws = 256;

  Redrawn(const Config& config, const std::vector<Member>& members)
      : Map(config, members), order_(by_id(members)) {}

  std::vector<std::uint32_t> order_;  // positions by id
};

}  // namespace fleetcache::placement
