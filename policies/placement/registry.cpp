#include "policies/placement/registry.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace fleetcache::placement {
namespace {

using Build = Result<std::unique_ptr<Map>> (*)(const Config&, const std::vector<Member>&);

constexpr Build kBuilders[] = {
#define PLACEMENT_POLICY(ident, name, summary, source) build_##ident,
#include "policies/placement/placement_policies.def"
#undef PLACEMENT_POLICY
};

Status check_members(const std::vector<Member>& members) {
  if (members.empty()) return Error{"placement", "there are no members"};
  if (members.size() > 0xfffffff0U) return Error{"placement", "there are too many members"};
  std::vector<std::uint64_t> ids;
  ids.reserve(members.size());
  for (const Member& member : members) {
    if (!(member.weight > 0) || !std::isfinite(member.weight)) {
      return Error{"placement", "the weight of member " + std::to_string(member.id) +
                                    " must be positive and finite"};
    }
    ids.push_back(member.id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    return Error{"placement", "member " + std::to_string(*twice) + " is listed twice"};
  }
  return Nothing{};
}

}  // namespace

std::uint32_t count_domains(const std::vector<Member>& members) {
  std::vector<std::uint32_t> domains;
  domains.reserve(members.size());
  for (const Member& member : members) domains.push_back(member.domain);
  std::sort(domains.begin(), domains.end());
  return static_cast<std::uint32_t>(std::unique(domains.begin(), domains.end()) - domains.begin());
}

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = {
#define PLACEMENT_POLICY(ident, name, summary, source) {name, summary, source},
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
