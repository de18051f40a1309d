/// What every use of SimGrid here shares: its settings and a zone whose routes the caller names.
/// Private to this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/engine/simgrid_shim.hpp"

namespace fleetcache::engine {

/// Gives every transfer the route that was set just before its start.
class RouteZone : public simgrid::kernel::routing::NetZoneImpl {
 public:
  explicit RouteZone(const std::string& name) : NetZoneImpl(name) {}

  void get_local_route(const simgrid::kernel::routing::NetPoint*,
                       const simgrid::kernel::routing::NetPoint*,
                       simgrid::kernel::routing::Route* route, double*) override {
    route->link_list_.assign(next_route.begin(), next_route.end());
  }

  std::vector<simgrid::kernel::resource::StandardLinkImpl*> next_route;
};

/// SimGrid with the settings of docs/models/flows.md. Requires: called once in a process (SimGrid's
/// rule). `optim` is "Lazy" or "Full".
std::unique_ptr<simgrid::s4u::Engine> configured_simgrid(const char* optim);

}  // namespace fleetcache::engine
