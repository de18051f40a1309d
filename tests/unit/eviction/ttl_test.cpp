// Times, leases, parents, groups and wide ids on every policy, against the model.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: expiry times") {
  random_calls(kTtl, 1500, 4);
}
