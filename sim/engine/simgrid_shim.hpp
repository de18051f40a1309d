/// The only file that knows how SimGrid's calls differ between 3.32 (Debian 12, the floor) and 4.x.
#pragma once

#include <simgrid/config.h>
#include <simgrid/version.h>

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <string>

namespace fleetcache::engine::shim {

inline double usage(const simgrid::s4u::Link& link) {
#if SIMGRID_VERSION >= 33400
  return link.get_load();
#else
  return const_cast<simgrid::s4u::Link&>(link).get_usage();
#endif
}

inline simgrid::s4u::Host* create_host(simgrid::s4u::NetZone& zone, const std::string& name) {
#if SIMGRID_VERSION >= 40000
  return zone.add_host(name, 1.0);
#else
  return zone.create_host(name, 1.0);
#endif
}

inline simgrid::s4u::Link* create_link(simgrid::s4u::NetZone& zone, const std::string& name,
                                       double bytes_per_second) {
#if SIMGRID_VERSION >= 40000
  return zone.add_link(name, bytes_per_second);
#else
  return zone.create_link(name, bytes_per_second);
#endif
}

/// Precision of the shares: relative 1e-9, so that a 40 TB/s link is exact to 40 kB/s.
inline const char* precision_setting() {
#if SIMGRID_VERSION >= 33400
  return "precision/work-amount:1e-9";
#else
  return "maxmin/precision:1e-9";
#endif
}

}  // namespace fleetcache::engine::shim
