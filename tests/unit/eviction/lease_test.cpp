// Leases and soft pins.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: leases and soft pins") {
  random_calls(kLeases, 1500, 4);
}
TEST_CASE("any order of calls keeps every policy sound: leases with expiry times") {
  random_calls(kLeases | kTtl, 1500, 4);
}
