#include "models/queueing/erlang.hpp"

#include "policies/base/check.hpp"

namespace fleetcache::models {

double erlang_b(std::uint32_t servers, double offered) {
  FLEETCACHE_CHECK(servers >= 1 && offered >= 0, "erlang_b needs servers and a load");
  double blocked = 1;
  for (std::uint32_t c = 1; c <= servers; ++c) {
    blocked = offered * blocked / (c + offered * blocked);
  }
  return blocked;
}

double erlang_c(std::uint32_t servers, double offered) {
  FLEETCACHE_CHECK(offered < servers, "a queue without equilibrium");
  const double blocked = erlang_b(servers, offered);
  return servers * blocked / (servers - offered * (1 - blocked));
}

double erlang_c_wait(std::uint32_t servers, double offered) {
  return erlang_c(servers, offered) / (servers - offered);
}

}  // namespace fleetcache::models
