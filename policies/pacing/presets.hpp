/// Prototypes of pacing_presets.def (private to policies/pacing).
#pragma once

#include "policies/pacing/pacing.hpp"

namespace fleetcache::pacing {

#define PACING_PRESET(ident, name, summary, source) Config ident##_pacing();
#include "policies/pacing/pacing_presets.def"
#undef PACING_PRESET

}  // namespace fleetcache::pacing
