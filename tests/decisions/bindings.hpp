/// Other bindings of the core, to be held against its own.
#pragma once

#include "tests/decisions/corpus.hpp"

namespace fleetcache::golden {

/// A TenantCache with one tenant.
std::unique_ptr<Host> make_tenant_host(const std::string& policy, const eviction::Config& config,
                                       const std::string& trace);
/// A cache that logs, into nothing.
std::unique_ptr<Host> make_logged_host(const std::string& policy, const eviction::Config& config,
                                       const std::string& trace);
/// The C binding, through its header alone.
std::unique_ptr<Host> make_c_host(const std::string& policy, const eviction::Config& config,
                                  const std::string& trace);
/// The plugin at a path, through the C binding, in the place of the policy of that name; null for
/// others. Its state is its own, so that `state_hash` is 0.
MakeHost plugin_hosts(const std::string& path, const std::string& policy);
/// The simulator's cache service with one node and one tier. It offers reads, fills and pins, of
/// objects that all look alike: null for other traces, and for Belady. It does not tell victims:
/// those of the core beside it are reported if they are the ones that went.
std::unique_ptr<Host> make_world_host(const std::string& policy, const eviction::Config& config,
                                      const std::string& trace);

/// The same decisions, without the digest of the state.
MakeHost without_state(const MakeHost& make);

}  // namespace fleetcache::golden
