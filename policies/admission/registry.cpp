#include "policies/admission/registry.hpp"

#include <string>

namespace fleetcache::admission {
namespace {

using Make = std::unique_ptr<Policy> (*)(std::uint64_t);

constexpr Make kMakers[] = {
#define ADMISSION_POLICY(ident, name, summary, source) make_##ident,
#include "policies/admission/admission_policies.def"
#undef ADMISSION_POLICY
};

}  // namespace

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> infos = {
#define ADMISSION_POLICY(ident, name, summary, source) {name, summary, source},
#include "policies/admission/admission_policies.def"
#undef ADMISSION_POLICY
  };
  return infos;
}

const PolicyInfo* find_policy(std::string_view name) {
  for (const PolicyInfo& info : policies()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<std::unique_ptr<Policy>> create(std::string_view policy, std::uint64_t seed) {
  const PolicyInfo* info = find_policy(policy);
  if (info == nullptr) {
    std::string known;
    for (const PolicyInfo& each : policies()) {
      known += known.empty() ? "" : ", ";
      known += each.name;
    }
    return Error{"admission policy",
                 "\"" + std::string(policy) + "\" is unknown; there are " + known};
  }
  return kMakers[info - policies().data()](seed);
}

}  // namespace fleetcache::admission
