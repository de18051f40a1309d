/// A plugin as a policy of the core (private to policies/abi).
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "policies/abi/fcp_plugin.h"
#include "policies/eviction/eviction.hpp"

namespace fleetcache::abi {

/// One accepted plugin. Stays where it is: `external` points into it.
struct Plugin {
  std::string name;
  std::string summary;
  std::string source;
  fcp_eviction_table table;
  eviction::ExternalPolicy external;

  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
};

/// The functions of all plugins; they reach their table by CacheState::external.
const eviction::EvictionOps& plugin_ops();

/// Runs the fixed exercise on a policy from outside. Empty and its digest, or what broke.
std::string self_test(const eviction::ExternalPolicy& policy, std::uint64_t& digest);

}  // namespace fleetcache::abi
