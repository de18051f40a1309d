// Groups: whole or not at all.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: groups") { random_calls(kGroups, 1500, 4); }
TEST_CASE("any order of calls keeps every policy sound: all features that go with groups") {
  random_calls(kAllFeatures & ~kPrefix, 1500, 4);
}
