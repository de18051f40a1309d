#include "policies/admission/registry.hpp"

#include <algorithm>

namespace fleetcache::admission {
namespace {

struct Line {
  const AdmissionOps* ops;
  std::string_view name;
  std::string_view summary;
};

constexpr Line kLines[] = {
#define ADMISSION_POLICY(ident, name, summary) {&ident##_ops, name, summary},
#include "policies/admission/admission_policies.def"
#undef ADMISSION_POLICY
};

std::vector<PolicyInfo> all_infos() {
  std::vector<PolicyInfo> infos;
  for (const Line& line : kLines) {
    const AdmissionOps& ops = *line.ops;
    infos.push_back(
        {line.name, line.summary, ops.source, ops.uses, ops.version,
         std::vector<std::string_view>(ops.parameters, ops.parameters + ops.parameter_count)});
  }
  return infos;
}

}  // namespace

const AdmissionOps& ops_at(std::size_t position) { return *kLines[position].ops; }

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = all_infos();
  return infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  const std::vector<PolicyInfo>& infos = policies();
  const auto found = std::find_if(infos.begin(), infos.end(),
                                  [&](const PolicyInfo& info) { return info.name == name; });
  return found == infos.end() ? nullptr : &*found;
}

}  // namespace fleetcache::admission
