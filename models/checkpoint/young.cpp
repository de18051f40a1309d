#include "models/checkpoint/young.hpp"

#include <cmath>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

Duration young_interval(Duration write, Duration mtti) {
  FLEETCACHE_CHECK(write.count >= 0 && mtti.count > 0, "a checkpoint interval out of range");
  return from_seconds(std::sqrt(2 * to_seconds(write) * to_seconds(mtti)));
}

double checkpoint_waste(Duration work, Duration write, Duration mtti, Duration restart) {
  FLEETCACHE_CHECK(work.count > 0 && write.count >= 0 && mtti.count > 0, "a waste out of range");
  const double mean = to_seconds(mtti);
  const double cycle = (to_seconds(work) + to_seconds(write)) / mean;
  // e^x - 1 = (1 - e^-x) e^x keeps its digits when the cycle is much shorter than mtti.
  const double wall =
      mean * portable_exp(to_seconds(restart) / mean + cycle) * one_minus_exp(cycle);
  return 1 - to_seconds(work) / wall;
}

Duration checkpoint_write_time(Bytes bytes, BytesPerSecond slowest) {
  FLEETCACHE_CHECK(slowest.count > 0, "a write at no rate");
  return from_seconds(static_cast<double>(bytes.count) / slowest.count);
}

}  // namespace fleetcache::models
