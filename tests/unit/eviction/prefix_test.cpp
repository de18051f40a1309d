// Parents: never before their children.
#include "tests/unit/eviction/feature_model.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

TEST_CASE("any order of calls keeps every policy sound: parents") {
  random_calls(kPrefix, 1500, 4);
}
TEST_CASE("any order of calls keeps every policy sound: all features that go with parents") {
  random_calls(kAllFeatures & ~kGroups, 1500, 4);
}
