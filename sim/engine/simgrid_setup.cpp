#include "sim/engine/simgrid_setup.hpp"

#include <csignal>

#include "policies/base/check.hpp"
#include "sim/engine/flow_engine.hpp"

namespace fleetcache::engine {

std::unique_ptr<simgrid::s4u::Engine> configured_simgrid(const char* optim) {
  static bool used = false;
  FLEETCACHE_CHECK(!used, "SimGrid allows one engine per process");
  used = true;
  static char name[] = "fleetcache";
  static char quiet[] = "--log=root.thres:warning";
  static char* argv[] = {name, quiet, nullptr};
  int argc = 2;
  // SimGrid takes SIGINT and exits on it, even within malloc; an interrupt is the caller's, who
  // flushes results. One that comes meanwhile is delivered when the caller's handler is back.
  sigset_t only_interrupt, before;
  sigemptyset(&only_interrupt);
  sigaddset(&only_interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &only_interrupt, &before);
  struct sigaction interrupt {};
  sigaction(SIGINT, nullptr, &interrupt);
  auto engine = std::make_unique<simgrid::s4u::Engine>(&argc, argv);
  sigaction(SIGINT, &interrupt, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const std::string optim_setting = std::string("network/optim:") + optim;
  for (const char* setting :
       {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:1e30",
        "network/latency-factor:0", "network/bandwidth-factor:1", "network/weight-S:0",
        optim_setting.c_str(), shim::precision_setting()}) {
    simgrid::s4u::Engine::set_config(setting);
  }
  return engine;
}

std::string simgrid_version() {
  return "simgrid " + std::to_string(SIMGRID_VERSION_MAJOR) + "." +
         std::to_string(SIMGRID_VERSION_MINOR);
}

}  // namespace fleetcache::engine
