/// The list of plugins behind fcp_registry (private to policies/abi).
#pragma once

#include "policies/abi/plugin_policy.hpp"

struct fcp_registry {
  std::deque<fleetcache::abi::Plugin> plugins;
};

namespace fleetcache::abi {

/// The plugin of that name; null when there is none, or no registry.
const eviction::ExternalPolicy* find_external(const fcp_registry* registry, const char* name);

}  // namespace fleetcache::abi
