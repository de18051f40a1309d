// Approximate ghosts: nearly the decisions of exact ones, in less than half of the memory.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

Config with_ghosts(Config config, bool approximate) {
  if (approximate) config.params = {{"approx_ghosts", "1"}};
  return config;
}

}  // namespace

TEST_CASE("approximate ghosts take 10 bytes each, by charge or not") {
  for (const std::string_view policy : {"s3fifo", "twoq"}) {
    for (const Config& config : {unit_config(1000000), byte_config(1ULL << 40, 1000000)}) {
      Config none = config;
      none.params = {{policy == "twoq" ? "out_ratio" : "ghost_ratio", "0"}};
      const double ghosts = policy == "twoq" && config.unit_charge ? 500000
                            : policy == "twoq"                     ? 1e6
                                                                   : 9e5;
      const auto bare = static_cast<double>(Cache::memory_bytes(policy, none).value());
      const auto bytes = [&](bool approximate) {
        const auto all = Cache::memory_bytes(policy, with_ghosts(config, approximate)).value();
        return (static_cast<double>(all) - bare) / ghosts;
      };
      CAPTURE(policy);
      CHECK(bytes(true) <= 12);
      CHECK(bytes(false) >= 20);
    }
  }
}

TEST_CASE("approximate ghosts change miss ratios by less than a point") {
  const Trace zipf = zipf_trace(20000, 300000, 5);
  Trace sized;
  for (const Meta& meta : mixed_trace(6000, 200000, 1000, 8)) sized.push_back(meta);
  for (const std::string_view policy : {"s3fifo", "s3fifo-2024-10", "twoq"}) {
    const auto ratio = [&](const Trace& trace, const Config& config) {
      Cache cache = make_cache(policy, config);
      const auto misses = static_cast<double>(count_misses(cache, trace));
      CHECK(cache.audit() == "");
      CHECK(cache.stats().ghost_hits > 0);
      return misses / static_cast<double>(trace.size());
    };
    CAPTURE(policy);
    for (const std::uint64_t capacity : {200U, 2000U}) {
      const Config units = unit_config(capacity);
      CHECK(std::abs(ratio(zipf, with_ghosts(units, true)) - ratio(zipf, units)) < 0.01);
    }
    const Config bytes = byte_config(400000, 4000);
    CHECK(std::abs(ratio(sized, with_ghosts(bytes, true)) - ratio(sized, bytes)) < 0.01);
  }
}

TEST_CASE("approximate ghosts remember about as much as they should, and forget the rest") {
  // A loop of twice the ghosts never comes back while remembered; one of half of them always does.
  for (const bool approximate : {false, true}) {
    CAPTURE(approximate);
    Cache forgets = make_cache("s3fifo", with_ghosts(unit_config(1000), approximate));
    count_misses(forgets, loop_trace(4000, 40000));
    CHECK(forgets.stats().ghost_hits == 0);
    Cache remembers = make_cache("s3fifo-2024-10", with_ghosts(unit_config(1000), approximate));
    count_misses(remembers, loop_trace(1500, 3000));
    CHECK(remembers.stats().ghost_hits > 400);
  }
}

TEST_CASE("the kind of ghosts is fixed at creation") {
  Cache cache = make_cache("s3fifo", unit_config(100));
  CHECK_FALSE(cache.set_params({{"approx_ghosts", "1"}}).ok());
  Cache other = make_cache("s3fifo", with_ghosts(unit_config(100), true));
  CHECK_FALSE(other.set_params({{"approx_ghosts", "0"}}).ok());
  CHECK(other.set_params({{"small_ratio", "0.2"}}).ok());
}
