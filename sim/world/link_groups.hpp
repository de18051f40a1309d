/// Links of the fleet by class and region, as the probes look at them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/world/platform.hpp"

namespace fleetcache::world {

struct LinkGroup {
  topologies::LinkClass cls{};
  std::vector<engine::LinkId> links;  ///< ascending; links that are one to the engine are one
  double capacity = 0;                ///< of all, bytes/s, with nothing taken away
  std::string parameter;              ///< scenario path that sets the first one's
};

/// By name, "blob_egress.eastus2"; one group for each direction of a link between
/// regions, "wan.eastus2-westus3". O(links log links).
std::map<std::string, LinkGroup> link_groups(const Platform& platform);

/// Whether links of a class are a limit of an origin rather than of nodes or of the fabric.
bool limits_origin(topologies::LinkClass cls);

}  // namespace fleetcache::world
