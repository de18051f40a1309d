/// The list of cases (private to policies/conformance). Each file of cases has one list.
#pragma once

#include "policies/conformance/host.hpp"

namespace fleetcache::conformance {

/// Which policies a case cannot do without.
enum class Needs { kAnyPolicy, kLru, kFifo };

struct Case {
  const char* name;
  const char* expected;
  std::uint32_t capabilities;
  Needs policy;
  /// Returns when all was as expected, with what was seen (figures); throws Failure otherwise.
  std::string (*run)(Host&);
};

using Cases = std::vector<Case>;
Cases object_cases();
Cases accounting_cases();
Cases model_cases();
Cases pin_cases();
Cases phase_cases();
Cases fill_cases();
Cases touch_cases();
Cases expiry_cases();
Cases tenant_cases();
Cases structure_cases();
Cases resize_cases();
Cases parameter_cases();
Cases repeat_cases();
Cases restart_cases();
Cases damage_cases();
Cases placement_cases();
Cases plugin_cases();

/// Every case, in order.
const Cases& all_cases();

/// Runs a check for each policy of the host, and names the policy in a failure.
template <class Check>
void each_policy(Host& host, const Check& check) {
  for (const std::string& policy : host.policies()) {
    try {
      check(policy);
    } catch (Failure& failure) {
      failure.seen = policy + ": " + failure.seen;
      throw;
    }
  }
}

/// "17 requests", "1 request".
inline std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace fleetcache::conformance
