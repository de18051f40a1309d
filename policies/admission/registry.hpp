/// Prototypes of admission_policies.def (private to policies/admission).
#pragma once

#include "policies/admission/admission.hpp"

namespace fleetcache::admission {

#define ADMISSION_POLICY(ident, name, summary, source) \
  std::unique_ptr<Policy> make_##ident(std::uint64_t seed);
#include "policies/admission/admission_policies.def"
#undef ADMISSION_POLICY

}  // namespace fleetcache::admission
