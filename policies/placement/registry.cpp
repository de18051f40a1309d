#include "policies/placement/registry.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace fleetcache::placement {
namespace {

using Build = Result<std::unique_ptr<Map>> (*)(const Config&, const std::vector<Member>&);

constexpr Build kBuilders[] = {
#define PLACEMENT_POLICY(ident, name, summary, source, minimal) build_##ident,
#include "policies/placement/placement_policies.def"
#undef PLACEMENT_POLICY
};

constexpr double kMostWeight = 4294967296.0;    // 2^32: 48 bits in steps of 2^-16
constexpr double kMostWeights = 1099511627776;  // 2^40: the sum has 56 bits

Status check_members(const std::vector<Member>& members) {
  if (members.empty()) return Error{"placement", "there are no members"};
  if (members.size() > 0xfffffff0U) return Error{"placement", "there are too many members"};
  std::vector<std::uint64_t> ids;
  ids.reserve(members.size());
  bool up = false;
  double weights = 0;
  for (const Member& member : members) {
    if (!(member.weight > 0) || !std::isfinite(member.weight) || member.weight > kMostWeight) {
      return Error{"placement", "the weight of member " + std::to_string(member.id) +
                                    " must be positive and finite (at most 2^32)"};
    }
    up = up || member.state == State::kUp;
    weights += member.weight;
    ids.push_back(member.id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    return Error{"placement", "member " + std::to_string(*twice) + " is listed twice"};
  }
  if (weights > kMostWeights) return Error{"placement", "the weights add up to more than 2^40"};
  if (!up) return Error{"placement", "no member is up"};
  return Nothing{};
}

bool same_domain(const Member& a, const Member& b, Level level) {
  if (a.region != b.region) return false;
  if (level == Level::kRegion) return true;
  if (a.zone != b.zone) return false;
  if (level == Level::kZone) return true;
  if (a.domain != b.domain) return false;
  return level == Level::kRack || a.host == b.host;
}

bool topology_less(const Member& a, const Member& b) {
  if (a.region != b.region) return a.region < b.region;
  if (a.zone != b.zone) return a.zone < b.zone;
  if (a.domain != b.domain) return a.domain < b.domain;
  return a.host < b.host;
}

}  // namespace

std::uint64_t weight_q16(double weight) {
  const double scaled = weight * 65536.0 + 0.5;
  return scaled < 1 ? 1 : static_cast<std::uint64_t>(scaled);
}

std::vector<std::uint32_t> by_id(const std::vector<Member>& members) {
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t m = 0; m < members.size(); ++m) order[m] = m;
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return members[a].id < members[b].id; });
  return order;
}

Map::Map(const Config& config, const std::vector<Member>& members)
    : members_(members),
      weight_q16_(members.size()),
      domain_(members.size()),
      up_(members.size()),
      epoch_(config.epoch) {
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t m = 0; m < members.size(); ++m) order[m] = m;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return topology_less(members[a], members[b]);
  });
  std::uint32_t domain = 0;
  bool counted = false;  // an up member of this domain
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::uint32_t m = order[k];
    if (k > 0 && !same_domain(members[order[k - 1]], members[m], config.spread)) {
      ++domain;
      counted = false;
    }
    domain_[m] = domain;
    weight_q16_[m] = weight_q16(members[m].weight);
    up_[m] = members[m].state == State::kUp ? 1 : 0;
    if (up_[m] == 0) continue;
    ++up_count_;
    up_weight_q16_ += weight_q16_[m];
    if (!counted) ++up_domains_;
    counted = true;
  }
}

void Map::owners(std::uint64_t key, std::uint32_t* out, std::uint32_t count) const {
  FLEETCACHE_CHECK(count > 0 && count <= up_count_, "more owners asked than members that are up");
  Query query;
  query.count = count;
  lookup(key, query, out);
}

bool Map::under_bound(const Query& query, std::uint32_t member) const {
  // load < ceil(bound (total + 1) weight / weights), without rounding: load x weights < ...
  const Wide have = static_cast<Wide>(query.loads[member]) * up_weight_q16_ * 256;
  const Wide most = static_cast<Wide>(query.bound_q8) * (query.total + 1) * weight_q16_[member];
  return have < most;
}

std::size_t Map::roster_bytes() const {
  return members_.capacity() * sizeof(Member) + weight_q16_.capacity() * sizeof(std::uint64_t) +
         domain_.capacity() * sizeof(std::uint32_t) + up_.capacity();
}

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = {
#define PLACEMENT_POLICY(ident, name, summary, source, minimal) {name, summary, source, minimal},
#include "policies/placement/placement_policies.def"
#undef PLACEMENT_POLICY
  };
  return infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  for (const PolicyInfo& info : policies()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<std::unique_ptr<Map>> build(std::string_view policy, const Config& config,
                                   const std::vector<Member>& members) {
  const PolicyInfo* info = find_policy(policy);
  if (info == nullptr) {
    std::string known;
    for (const PolicyInfo& each : policies()) {
      known += known.empty() ? "" : ", ";
      known += each.name;
    }
    return Error{"placement policy",
                 "\"" + std::string(policy) + "\" is unknown; there are " + known};
  }
  const Status status = check_members(members);
  if (!status) return status.error();
  return kBuilders[info - policies().data()](config, members);
}

}  // namespace fleetcache::placement
