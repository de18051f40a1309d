/// Admission: whether to store an object in a tier at all.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::admission {

struct Request {
  std::uint64_t id = 0;
  std::uint64_t charge = 1;  ///< bytes it would take
};

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
};

/// Every registered policy in the order of admission_policies.def.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

class Policy {
 public:
  virtual ~Policy() = default;
  /// True to store. O(1).
  virtual bool admit(TimePoint now, const Request& request) = 0;
};

Result<std::unique_ptr<Policy>> create(std::string_view policy, std::uint64_t seed);

}  // namespace fleetcache::admission
