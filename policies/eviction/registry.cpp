#include "policies/eviction/registry.hpp"

#include <algorithm>

namespace fleetcache::eviction {
namespace {

struct Line {
  const EvictionOps* ops;
  std::string_view name;
  std::string_view summary;
};

struct Alias {
  std::string_view alias;
  std::string_view name;
};

constexpr Line kLines[] = {
#define EVICTION_POLICY(ident, name, summary) {&ident##_ops, name, summary},
#define EVICTION_ALIAS(alias, name)
#include "policies/eviction/eviction_policies.def"
#undef EVICTION_POLICY
#undef EVICTION_ALIAS
};

constexpr Alias kAliases[] = {
#define EVICTION_POLICY(ident, name, summary)
#define EVICTION_ALIAS(alias, name) {alias, name},
#include "policies/eviction/eviction_policies.def"
#undef EVICTION_POLICY
#undef EVICTION_ALIAS
};

std::vector<PolicyInfo> all_infos() {
  std::vector<PolicyInfo> infos;
  for (const Line& line : kLines) {
    const EvictionOps& ops = *line.ops;
    infos.push_back(
        {line.name, line.summary, ops.source, ops.needs_next_access, ops.evicts, ops.version,
         ops.uses,
         std::vector<std::string_view>(ops.parameters, ops.parameters + ops.parameter_count)});
  }
  return infos;
}

}  // namespace

const EvictionOps& ops_at(std::size_t position) { return *kLines[position].ops; }

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = all_infos();
  return infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  for (const Alias& alias : kAliases) {
    if (alias.alias == name) name = alias.name;
  }
  const std::vector<PolicyInfo>& infos = policies();
  const auto found = std::find_if(infos.begin(), infos.end(),
                                  [&](const PolicyInfo& info) { return info.name == name; });
  return found == infos.end() ? nullptr : &*found;
}

}  // namespace fleetcache::eviction
