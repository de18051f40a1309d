#include "policies/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace fleetcache {

void check_failed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "%s:%d: check failed: %s (%s)\n", file, line, condition, why);
  std::fflush(stderr);
  std::_Exit(5);
}

}  // namespace fleetcache
